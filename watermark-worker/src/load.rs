//! From files to what pictures are marked with: template, fonts, pictures, keys; all of it, or a reason.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use sealmark_protocol::TenantId;
use sealmark_watermark_dsl::{Diagnostic, SecretKey, Template, render_diagnostics};
use sealmark_watermark_render::{Available, Fonts, Limits, RenderError, Resources};

use crate::{
    Keys, Source,
    folder::{files, folders},
};

/// Endings of fonts' files.
const FONTS: [&str; 3] = ["ttf", "otf", "ttc"];

/// Endings of pictures' files.
const ASSETS: [&str; 3] = ["png", "webp", "svg"];

/// Largest file of a font or a picture, in bytes: the largest fonts have 200 MB.
const MAX_FILE_BYTES: u64 = 256 << 20;

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
    /// A file is larger than anything of its kind.
    #[error("{} has {bytes} bytes; at most {max} are read", path.display())]
    TooLarge {
        /// File.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
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

/// Mistakes or warnings of a template's file, for people.
pub fn report(path: &Path, text: &str, diagnostics: &[Diagnostic]) -> String {
    render_diagnostics(text, &path.display().to_string(), diagnostics)
}

/// Fonts and pictures, and the digest that stands for them.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Fonts and pictures.
    pub resources: Resources,
    /// [`Resources::digest`].
    pub digest: String,
}

/// The shared fonts and pictures, and those of tenants that have some of their own.
#[derive(Debug, Clone)]
pub struct Shelves {
    /// Of all.
    pub shared: Shelf,
    tenants: BTreeMap<String, Shelf>,
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
        self.shelves.tenants.get(tenant).unwrap_or(&self.shelves.shared)
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
        let shelves = |loaded: &Self| -> Vec<(String, String)> {
            let own = loaded.shelves.tenants.iter().map(|(name, shelf)| (name.clone(), shelf.digest.clone()));
            own.chain([(String::new(), loaded.shelves.shared.digest.clone())]).collect()
        };
        self.digest == other.digest && self.keys_digest == other.keys_digest && shelves(self) == shelves(other)
    }
}

impl Shelves {
    /// Reads every font and picture of the folders.
    ///
    /// # Errors
    /// [`LoadError`] for the first file that cannot be used.
    pub fn read(places: &Places) -> Result<Self, LoadError> {
        let mut shared = Resources::embedded();
        for path in listed(places.fonts.as_deref(), &FONTS)? {
            add_font(&mut shared.fonts, &path)?;
        }
        if let Some(folder) = &places.assets {
            add_assets(&mut shared, folder)?;
        }
        let mut tenants = BTreeMap::new();
        for (name, folder) in tenant_folders(places)? {
            let mut own = Resources { fonts: Fonts::default(), assets: shared.assets.clone() };
            let (fonts, assets) = (folder.join("fonts"), folder.join("assets"));
            for path in listed(Some(&fonts).filter(|folder| folder.is_dir()).map(PathBuf::as_path), &FONTS)? {
                add_font(&mut own.fonts, &path)?;
            }
            own.fonts = own.fonts.over(&shared.fonts);
            if assets.is_dir() {
                add_assets(&mut own, &assets)?;
            }
            tenants.insert(name, Shelf::new(own));
        }
        Ok(Self { shared: Shelf::new(shared), tenants })
    }
}

impl Shelf {
    fn new(resources: Resources) -> Self {
        Self { digest: resources.digest(), resources }
    }
}

/// The files that [`Shelves::read`] reads.
pub(crate) fn resource_files(places: &Places) -> Vec<PathBuf> {
    let of = |folder: Option<&Path>, endings| listed(folder, endings).unwrap_or_default();
    let mut found = of(places.fonts.as_deref(), &FONTS);
    found.extend(of(places.assets.as_deref(), &ASSETS));
    for (_, folder) in tenant_folders(places).unwrap_or_default() {
        found.extend(of(Some(&folder.join("fonts")), &FONTS));
        found.extend(of(Some(&folder.join("assets")), &ASSETS));
        found.push(folder);
    }
    found
}

/// Folders that are named as a tenant can be; no job would ever ask for others.
fn tenant_folders(places: &Places) -> Result<Vec<(String, PathBuf)>, LoadError> {
    let Some(folder) = &places.tenants else { return Ok(Vec::new()) };
    let found = folders(folder).map_err(|source| LoadError::Unreadable { path: folder.clone(), source })?;
    Ok(found.into_iter().filter(|(name, _)| TenantId::new(name.as_str()).is_ok()).collect())
}

fn listed(folder: Option<&Path>, endings: &[&str]) -> Result<Vec<PathBuf>, LoadError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    files(folder, endings).map_err(|source| LoadError::Unreadable { path: folder.to_owned(), source })
}

fn bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: size, max: MAX_FILE_BYTES });
    }
    fs::read(path).map_err(unreadable)
}

fn add_font(fonts: &mut Fonts, path: &Path) -> Result<(), LoadError> {
    let name = path.display().to_string();
    let added = fonts.add(&name, bytes(path)?);
    added.map(drop).map_err(|source| LoadError::Resource { path: path.to_owned(), source })
}

/// Adds the pictures of a folder by their names within it.
fn add_assets(resources: &mut Resources, folder: &Path) -> Result<(), LoadError> {
    for path in listed(Some(folder), &ASSETS)? {
        // A template is text, so it cannot ask for a name that is none.
        let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
        let added = resources.assets.add(name, &bytes(&path)?, &Limits::ASSETS);
        added.map_err(|source| LoadError::Resource { path: path.clone(), source })?;
    }
    Ok(())
}
