//! Saving the marked versions.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use futures::TryStreamExt;
use sealmark_protocol::MediaRecord;
use sealmark_web_client::native::Api;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

/// The versions that one run saves into a folder.
pub(crate) struct Downloads {
    api: Api,
    folder: PathBuf,
    taken: HashSet<String>,
}

impl Downloads {
    pub(crate) fn new(api: Api, folder: PathBuf) -> Self {
        Self { api, folder, taken: HashSet::new() }
    }

    /// Saves a picture's current version beside the name that its original had, and checks its digest.
    pub(crate) async fn save(&mut self, original: &Path, media: &MediaRecord) -> anyhow::Result<PathBuf> {
        let Some(version) = &media.current else { bail!("the picture has no version") };
        let stem = original.file_stem().unwrap_or_default().to_string_lossy();
        let name = self.free_name(&stem, version.version, extension(&version.key));
        let path = self.folder.join(name);
        let url = self.api.url(&format!("/m/{}", media.media_id));
        let response = self.api.http().get(url).send().await.context("asking for the version")?;
        let response = response.error_for_status().map_err(reqwest::Error::without_url);
        let mut bytes = response.context("asking for the version")?.bytes_stream();

        // Written beside its place and moved there whole: no half picture is ever found under its name.
        let unfinished = path.with_added_extension("part");
        let mut file = tokio::fs::File::create(&unfinished).await.with_context(|| unfinished.display().to_string())?;
        let mut hasher = Sha256::new();
        while let Some(piece) = bytes.try_next().await.map_err(reqwest::Error::without_url)? {
            hasher.update(&piece);
            file.write_all(&piece).await.with_context(|| unfinished.display().to_string())?;
        }
        file.flush().await.with_context(|| unfinished.display().to_string())?;
        let digest: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if digest != version.digest {
            let _ = tokio::fs::remove_file(&unfinished).await;
        }
        ensure!(digest == version.digest, "the downloaded version has digest {digest}, not {}", version.digest);
        tokio::fs::rename(&unfinished, &path).await.with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Photos of the same name from different folders do not overwrite one another.
    fn free_name(&mut self, stem: &str, version: u32, extension: &str) -> String {
        let mut name = format!("{stem}.v{version}.{extension}");
        let mut count = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{stem}-{count}.v{version}.{extension}");
            count += 1;
        }
        name
    }
}

/// The extension of an object key, or `bin` where it has none that is safe in a file's name.
fn extension(key: &str) -> &str {
    let extension = key.rsplit_once('.').map_or("", |(_, extension)| extension);
    let safe = (1..=8).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if safe { extension } else { "bin" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_never_taken_twice() {
        assert_eq!(extension("media/1/v1-ab.jpg"), "jpg");
        assert_eq!(extension("media/1/v1-ab./../x"), "bin");
        let mut downloads = Downloads::new(Api::new("http://127.0.0.1:1").unwrap(), PathBuf::new());
        assert_eq!(downloads.free_name("a", 1, "jpg"), "a.v1.jpg");
        assert_eq!(downloads.free_name("a", 1, "jpg"), "a-2.v1.jpg");
        assert_eq!(downloads.free_name("a", 1, "jpg"), "a-3.v1.jpg");
    }
}
