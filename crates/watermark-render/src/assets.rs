//! The pictures that marks may show, passed in like everything else.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{Limits, Picture, RenderError, fonts::hex};

/// The pictures that templates can name. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    by_name: Arc<BTreeMap<String, Asset>>,
}

#[derive(Debug, Clone)]
struct Asset {
    picture: Arc<Picture>,
    digest: [u8; 32],
}

impl Assets {
    /// Adds a picture under the name that templates use, in the place of one of that name.
    ///
    /// # Errors
    /// Those of [`Picture::decode`].
    pub fn add(&mut self, name: &str, bytes: &[u8], limits: &Limits) -> Result<(), RenderError> {
        let picture = Arc::new(Picture::decode(name, bytes, limits)?);
        let digest = Sha256::digest(bytes).into();
        Arc::make_mut(&mut self.by_name).insert(name.to_owned(), Asset { picture, digest });
        Ok(())
    }

    /// The picture of this name.
    ///
    /// # Errors
    /// [`RenderError::UnknownPicture`] where there is none.
    pub fn get(&self, name: &str) -> Result<Arc<Picture>, RenderError> {
        self.by_name.get(name).map(|asset| Arc::clone(&asset.picture)).ok_or_else(|| RenderError::UnknownPicture {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// SHA-256 over every name and every file's own SHA-256, in hex; see [`crate::Fonts::digest`].
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, asset) in self.by_name.iter() {
            hasher.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(name);
            hasher.update(asset.digest);
        }
        hex(&hasher.finalize())
    }
}
