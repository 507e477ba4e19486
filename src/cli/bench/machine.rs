//! What the machine itself takes, without which figures of two machines cannot be compared.

use super::Failure;
use crate::crypto::PrivateKey;
use serde_json::{Value, json};
use std::{io::Write, path::Path, sync::mpsc, time::Instant};

/// What figures of two machines are compared by: its cores, and what it takes, in milliseconds, for one small synced write,
/// for one RSA signature, and for a word to another thread and back.
pub fn measured(folder: &Path, key: &PrivateKey) -> Result<Value, Failure> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let synced = median_ms(30, || {
        file.write_all(&[0; 4096])?;
        Ok(file.sync_data()?)
    })?;
    let signed = median_ms(100, || Ok(key.sign(b"what the machine takes for this").map(drop)?))?;
    let (to, inbox) = mpsc::channel::<()>();
    let (back, answers) = mpsc::channel::<()>();
    let other = std::thread::spawn(move || inbox.iter().take_while(|()| back.send(()).is_ok()).count());
    let told = median_ms(1_000, || {
        to.send(()).map_err(|e| Failure::new(e.to_string()))?;
        answers.recv().map_err(|e| Failure::new(e.to_string()))
    })?;
    drop(to);
    other.join().map_err(|_| Failure::new("the other thread ended"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(json!({ "cores": cores, "fsync_ms": synced, "rsa_sign_ms": signed, "thread_ms": told }))
}

/// What something takes, the median of so many times.
fn median_ms(times: usize, mut act: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let asked = Instant::now();
        act()?;
        taken.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    taken.sort_unstable_by(f64::total_cmp);
    Ok(taken.get(times / 2).copied().unwrap_or_default())
}
