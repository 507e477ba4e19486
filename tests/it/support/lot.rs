//! Draws.

/// Draws that are the same in every run.
pub struct Lot(u64);

impl Lot {
    /// Each seed is another row of draws.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// A number from 0 to `most` - 1.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }
}
