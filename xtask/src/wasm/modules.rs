//! The modules that the page has: what each is made from, and where it goes.

use std::{fs, path::PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::files;
use crate::places;

/// A wasm module of the page, with its glue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Module {
    /// The upload client, which every visitor loads.
    Client,
    /// The language and the renderer, which the studio page loads.
    Studio,
}

impl Module {
    pub(crate) const ALL: [Self; 2] = [Self::Client, Self::Studio];

    /// The package that it is compiled from.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Client => "sealmark-web-client",
            Self::Studio => "sealmark-studio",
        }
    }

    /// Name of its folder in www.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Client => "pkg",
            Self::Studio => "pkg-studio",
        }
    }

    /// Its folder.
    pub(crate) fn folder(self) -> PathBuf {
        places::root().join("www").join(self.name())
    }

    /// What wasm-opt is to do: small at any price, or what costs no speed.
    pub(super) const fn passes(self) -> &'static [&'static str] {
        match self {
            // Large functions are left apart: joined they are a little shorter, but compress worse.
            Self::Client => &["--one-caller-inline-max-function-size=30", "-Oz", "--converge"],
            Self::Studio => &["-Os"],
        }
    }

    /// Scripts that are shipped with it.
    pub(super) fn scripts(self) -> Option<PathBuf> {
        match self {
            Self::Client => Some(places::root().join("web-client/js")),
            Self::Studio => None,
        }
    }

    /// A digest of everything that it is made from.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn inputs(self) -> Result<String> {
        let root = places::root();
        let mut paths = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
        let folders: &[&str] = match self {
            Self::Client => &["web-client", "crates/hash", "crates/protocol", "xtask"],
            Self::Studio => &["web-client/studio", "crates/watermark-dsl", "crates/watermark-render", "xtask"],
        };
        for folder in folders {
            paths.extend(files(&root.join(folder))?);
        }
        if self == Self::Client {
            paths.retain(|path| !path.starts_with(root.join("web-client/studio")));
        }
        paths.retain(|path| !path.starts_with(root.join("crates/watermark-render/tests")));
        paths.sort();
        let mut hasher = Sha256::new();
        for path in paths {
            let bytes = fs::read(&path)?;
            hasher.update(path.strip_prefix(&root).unwrap_or(&path).as_os_str().as_encoded_bytes());
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
