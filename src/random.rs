//! The randomness seam: the operating system's generator, or a seeded one in simulations.

use rand::{Rng, SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};

/// Where random bytes come from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Random(Option<Arc<Mutex<StdRng>>>);

impl Random {
    /// The operating system's generator.
    pub fn real() -> Self {
        Self(None)
    }
    /// A repeatable sequence, for simulations; never for keys that protect anything.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }
    /// Fills `buffer`.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer),
            None => rand::rng().fill_bytes(buffer),
        }
    }
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
    /// A number.
    pub fn u64(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
    /// A number below `bound` (0 for a bound of 0).
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.u64() % bound }
    }
    /// A secret of 255 bits in URL-safe characters without padding: tokens, codes, file names. It begins with a letter,
    /// so that no command line takes it for a flag.
    pub fn token(&self) -> String {
        use base64::Engine;
        let mut bytes = self.bytes::<32>();
        if let Some(first) = bytes.first_mut() {
            *first &= 0x7f;
        }
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }
}
