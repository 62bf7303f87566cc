//! Secrets of a development data folder: made once, kept in a file that only its owner can read.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What the parts prove themselves with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// S3 access key.
    pub(crate) access_key: String,
    /// S3 secret key.
    pub(crate) secret_key: String,
    /// Key that signs bearer tokens.
    pub(crate) token_secret: String,
}

impl Credentials {
    /// Reads the folder's secrets, or makes them.
    ///
    /// # Errors
    /// When the file can be neither read nor written.
    pub(crate) fn of(data: &Path) -> Result<Self> {
        let file = data.join("secrets.json");
        if file.exists() {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            return serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()));
        }
        let made = Self { access_key: random_hex(10), secret_key: random_hex(20), token_secret: random_hex(32) };
        write_private(&file, &serde_json::to_string_pretty(&made)?)?;
        Ok(made)
    }
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    // Beside it and renamed over it: whoever breaks us off leaves the old file or the new one, never an empty one.
    let beside = file.with_extension("new");
    let mut out = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(beside, file)?;
    Ok(())
}

fn random_hex(bytes: usize) -> String {
    (0..bytes).map(|_| format!("{:02x}", rand::random::<u8>())).collect()
}
