//! The template in force: read from a file, compiled, and swapped when the file changes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sealmark_event_bus::CancellationToken;
use sealmark_protocol::Sha256Digest;
use sealmark_watermark_dsl::{Template, render_diagnostics};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("the template {path} cannot be read")]
    Unreadable {
        /// File.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not UTF-8.
    #[error("the template {path} is not UTF-8 text")]
    NotText {
        /// File.
        path: PathBuf,
    },
    /// The template has mistakes.
    #[error("the template {path} has mistakes:\n{report}")]
    Wrong {
        /// File.
        path: PathBuf,
        /// Every mistake with its place, for people.
        report: String,
    },
}

/// A compiled template and the digest that stands for it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The template.
    pub template: Template,
    /// SHA-256 of its canonical text, hex: white space and comments do not change it.
    pub digest: String,
}

/// A template file and what is in force of it.
#[derive(Debug)]
pub struct TemplateFile {
    path: PathBuf,
    source: RwLock<Vec<u8>>,
    loaded: RwLock<Arc<Loaded>>,
}

impl TemplateFile {
    /// Reads and compiles a file.
    ///
    /// # Errors
    /// [`TemplateError`]; at the start there is no older template to stay with.
    pub fn open(path: &Path) -> Result<Self, TemplateError> {
        let source = read(path)?;
        let loaded = compile(path, &source)?;
        Ok(Self { path: path.to_owned(), source: RwLock::new(source), loaded: RwLock::new(Arc::new(loaded)) })
    }

    /// The template in force.
    pub fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the file until stopped; a broken edit is reported once and changes nothing.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            match self.reload() {
                Ok(false) => {}
                Ok(true) => {
                    let name = self.current().template.name().to_owned();
                    tracing::info!(template = name, path = %self.path.display(), "the changed template is in force");
                }
                Err(error) => tracing::error!(%error, "the template before the change stays in force"),
            }
        }
    }

    /// Takes the file's text over if it has changed and is right; whether it did.
    fn reload(&self) -> Result<bool, TemplateError> {
        let source = match read(&self.path) {
            Ok(source) => source,
            // Editors replace a file by removing it first: the next look will find it.
            Err(TemplateError::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        if *self.source.read().unwrap_or_else(PoisonError::into_inner) == source {
            return Ok(false);
        }
        // Remembered even when it is broken, so that one broken edit is one report.
        self.source.write().unwrap_or_else(PoisonError::into_inner).clone_from(&source);
        let loaded = compile(&self.path, &source)?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(true)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TemplateError> {
    std::fs::read(path).map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })
}

fn compile(path: &Path, source: &[u8]) -> Result<Loaded, TemplateError> {
    let text = std::str::from_utf8(source).map_err(|_| TemplateError::NotText { path: path.to_owned() })?;
    let template = Template::from_source(text).map_err(|mistakes| TemplateError::Wrong {
        path: path.to_owned(),
        report: render_diagnostics(text, &path.display().to_string(), &mistakes),
    })?;
    let digest = Sha256Digest::of(template.to_canonical().as_bytes()).to_hex();
    Ok(Loaded { template, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_edit_changes_nothing_and_is_reported_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.seal");
        std::fs::write(&path, "template \"a\" { text \"x\" {} }").unwrap();
        let file = TemplateFile::open(&path).unwrap();
        let first = file.current();
        assert!(!file.reload().unwrap());

        std::fs::write(&path, "template \"a\" { text \"x\" { anchor = nowhere } }").unwrap();
        let report = file.reload().unwrap_err().to_string();
        assert!(report.contains("nowhere"), "{report}");
        assert!(!file.reload().unwrap());
        assert_eq!(file.current().digest, first.digest);

        std::fs::write(&path, "template \"a\" { text \"y\" {} }").unwrap();
        assert!(file.reload().unwrap());
        assert_ne!(file.current().digest, first.digest);
    }
}
