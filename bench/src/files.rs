//! Files on disk to upload, made once and kept for the next run.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Result;

/// A file of so many bytes that no compression or deduplication helps with; in the page cache afterwards.
///
/// # Errors
/// When the disk is full.
pub(crate) fn random(work: &Path, name: &str, size_bytes: u64) -> Result<PathBuf> {
    let file = work.join("files").join(name);
    fs::create_dir_all(work.join("files"))?;
    if fs::metadata(&file).map_or(0, |metadata| metadata.len()) != size_bytes {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&file)?);
        // Xorshift64 (Marsaglia, 2003): random enough, and the same in every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64
            ^ size_bytes
            ^ name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut left = size_bytes;
        while left > 0 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let bytes = state.to_le_bytes();
            let length = left.min(8);
            out.write_all(&bytes[..length as usize])?;
            left -= length;
        }
        out.flush()?;
    }
    std::io::copy(&mut File::open(&file)?, &mut std::io::sink())?;
    Ok(file)
}

/// Many small files.
///
/// # Errors
/// As [`random`].
pub(crate) fn many(work: &Path, count: usize, size_bytes: u64) -> Result<Vec<PathBuf>> {
    (0..count).map(|index| random(work, &format!("many-{size_bytes}-{index:05}.jpg"), size_bytes)).collect()
}

/// A file of so many bytes that takes no room on the disk.
///
/// # Errors
/// When the file system has no sparse files.
pub(crate) fn sparse(work: &Path, name: &str, size_bytes: u64) -> Result<PathBuf> {
    let file = work.join("files").join(name);
    fs::create_dir_all(work.join("files"))?;
    File::create(&file)?.set_len(size_bytes)?;
    Ok(file)
}
