//! From files to what pictures are marked with: template, fonts, pictures, keys; all of it, or a reason.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use sealmark_storage::StorageError;
use sealmark_watermark_dsl::{Diagnostic, SecretKey, Template, render_diagnostics};
use sealmark_watermark_render::{Available, RenderError};

use crate::{Keys, Shelf, Shelves, Source};

/// Where everything is that a mark is made of.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The template.
    pub template: PathBuf,
    /// Where `include "name"` finds `name.seal`; by default beside the template.
    pub includes: Option<PathBuf>,
    /// Fonts beside the embedded one.
    pub fonts: Option<PathBuf>,
    /// Pictures.
    pub assets: Option<PathBuf>,
    /// Folders `<tenant>/fonts` and `<tenant>/assets`, whose files take the place of the shared ones.
    pub tenants: Option<PathBuf>,
}

/// Why a template and its resources cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A template is not UTF-8.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// File.
        path: PathBuf,
    },
    /// A file is larger than anything of its kind, or all objects together are more than fits into memory.
    #[error("{} has {bytes} bytes; at most {max} are read", path.display())]
    TooLarge {
        /// File, object (`s3://bucket/key`), or the prefix of all.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// More objects lie below the bucket's prefix than are read.
    #[error("below {} are more than {max} objects", path.display())]
    TooMany {
        /// The prefix, as `s3://bucket/prefix/`.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// The store does not give the bucket's fonts and pictures.
    #[error("the fonts and pictures below {} cannot be had", path.display())]
    Store {
        /// The prefix, as `s3://bucket/prefix/`.
        path: PathBuf,
        /// What the store says.
        #[source]
        source: StorageError,
    },
    /// A font or a picture cannot be used.
    #[error("{} cannot be used", path.display())]
    Resource {
        /// File.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: RenderError,
    },
    /// The template has mistakes, or names what is not there.
    #[error("the template {} has mistakes:\n{}", path.display(), report(path, text, mistakes).trim_end())]
    Wrong {
        /// File.
        path: PathBuf,
        /// Its text.
        text: String,
        /// Every mistake with its place.
        mistakes: Vec<Diagnostic>,
    },
}

impl LoadError {
    /// What is wrong in one word, which stays the same from version to version; for alerts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NotText { .. } => "not_text",
            Self::TooLarge { .. } => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::Store { .. } => "store",
            Self::Resource { .. } => "broken_resource",
            Self::Wrong { .. } => "wrong_template",
        }
    }
}

/// Mistakes or warnings of a template's file, for people.
pub fn report(path: &Path, text: &str, diagnostics: &[Diagnostic]) -> String {
    render_diagnostics(text, &path.display().to_string(), diagnostics)
}

/// What pictures are marked with.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The template.
    pub template: Template,
    /// Its warnings for people; empty where there are none.
    pub warnings: String,
    /// SHA-256 of its canonical text with all includes, hex: white space and comments do not change it.
    pub digest: String,
    /// Fonts and pictures.
    pub shelves: Arc<Shelves>,
    /// The keys that the template names.
    pub keys: BTreeMap<String, SecretKey>,
    /// What stands for the keys; none where the template names none.
    pub keys_digest: Option<String>,
}

impl Loaded {
    /// The fonts and pictures for a tenant.
    pub fn shelf(&self, tenant: &str) -> &Shelf {
        self.shelves.of(tenant)
    }

    /// Puts a template and its resources together.
    ///
    /// # Errors
    /// [`LoadError::Wrong`] where the template names what is not there.
    pub fn new(source: &Source, shelves: Arc<Shelves>, keys: &Keys) -> Result<Self, LoadError> {
        let shared = Some(&shelves.shared.resources);
        let known: Vec<&str> = keys.names().collect();
        source.check(Available { fonts: shared, assets: shared, keys: Some(&known) })?;
        let names = source.template.keys();
        Ok(Self {
            warnings: report(&source.path, &source.text, source.template.warnings()),
            digest: sealmark_protocol::Sha256Digest::of(source.template.to_canonical().as_bytes()).to_hex(),
            keys: keys.some(&names),
            keys_digest: (!names.is_empty()).then(|| keys.digest(&names).to_hex()),
            template: source.template.clone(),
            shelves,
        })
    }

    /// Whether every picture comes out the same with the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.keys_digest == other.keys_digest && self.shelves.is_same(&other.shelves)
    }
}
