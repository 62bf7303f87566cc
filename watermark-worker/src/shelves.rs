//! Fonts and pictures: shared ones and those of tenants, from folders and from the bucket.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use sealmark_protocol::TenantId;
use sealmark_watermark_render::{Assets, Fonts, Limits, Resources};

use crate::{
    LoadError, Objects, Places,
    folder::{files, folders},
};

/// Endings of fonts' files.
pub(crate) const FONTS: [&str; 3] = ["ttf", "otf", "ttc"];

/// Endings of pictures' files.
pub(crate) const ASSETS: [&str; 3] = ["png", "webp", "svg"];

/// Largest file of a font or a picture, in bytes: the largest fonts have 200 MB.
const MAX_FILE_BYTES: u64 = 256 << 20;

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

/// A file, or an object that has been fetched.
pub(crate) struct Piece<'a> {
    /// Its name among the fonts or pictures; none where it is no text.
    pub(crate) name: Option<String>,
    /// What errors call it; the file where there are no bytes.
    pub(crate) path: PathBuf,
    pub(crate) bytes: Option<&'a [u8]>,
}

impl Piece<'_> {
    fn read(&self) -> Result<Cow<'_, [u8]>, LoadError> {
        match self.bytes {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => bytes(&self.path).map(Cow::Owned),
        }
    }
}

impl Shelves {
    /// Reads every font and picture of the folders and of the bucket. What is of a tenant goes before what is shared, and
    /// among equals a folder's goes before the bucket's: a picture takes the place of the one of its name, a font family
    /// that of the family.
    ///
    /// # Errors
    /// [`LoadError`] for the first file or object that cannot be used.
    pub fn read(places: &Places, objects: &Objects) -> Result<Self, LoadError> {
        let own = fonts(&listed(places.fonts.as_deref(), &FONTS)?)?.over(&fonts(&objects.fonts(None))?);
        let mut shared = Resources { fonts: Fonts::embedded().with(&own), assets: Assets::default() };
        add_assets(&mut shared.assets, &objects.assets(None))?;
        add_assets(&mut shared.assets, &listed(places.assets.as_deref(), &ASSETS)?)?;

        let folders: BTreeMap<String, PathBuf> = tenant_folders(places)?.into_iter().collect();
        let names: BTreeSet<&str> = folders.keys().map(String::as_str).chain(objects.tenants()).collect();
        let mut tenants = BTreeMap::new();
        for name in names {
            let below = |kind| folders.get(name).map(|folder| folder.join(kind)).filter(|folder| folder.is_dir());
            let own = fonts(&listed(below("fonts").as_deref(), &FONTS)?)?.over(&fonts(&objects.fonts(Some(name)))?);
            let mut resources = Resources { fonts: own.over(&shared.fonts), assets: shared.assets.clone() };
            add_assets(&mut resources.assets, &objects.assets(Some(name)))?;
            add_assets(&mut resources.assets, &listed(below("assets").as_deref(), &ASSETS)?)?;
            tenants.insert(name.to_owned(), Shelf::new(resources));
        }
        Ok(Self { shared: Shelf::new(shared), tenants })
    }

    /// The fonts and pictures for a tenant.
    pub fn of(&self, tenant: &str) -> &Shelf {
        self.tenants.get(tenant).unwrap_or(&self.shared)
    }

    /// Whether each name means the same to everybody.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same = |(name, shelf): (&String, &Shelf)| other.of(name).digest == shelf.digest;
        self.shared.digest == other.shared.digest
            && self.tenants.keys().eq(other.tenants.keys())
            && self.tenants.iter().all(is_same)
    }
}

impl Shelf {
    fn new(resources: Resources) -> Self {
        Self { digest: resources.digest(), resources }
    }
}

/// The files that [`Shelves::read`] reads.
pub(crate) fn resource_files(places: &Places) -> Vec<PathBuf> {
    let of = |folder: &Path, endings| files(folder, endings).unwrap_or_default();
    let mut found = places.fonts.as_deref().map_or_else(Vec::new, |folder| of(folder, &FONTS));
    found.extend(places.assets.as_deref().map_or_else(Vec::new, |folder| of(folder, &ASSETS)));
    for (_, folder) in tenant_folders(places).unwrap_or_default() {
        found.extend(of(&folder.join("fonts"), &FONTS));
        found.extend(of(&folder.join("assets"), &ASSETS));
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

/// The files of a folder by their names within it.
fn listed(folder: Option<&Path>, endings: &[&str]) -> Result<Vec<Piece<'static>>, LoadError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let found = files(folder, endings).map_err(|source| LoadError::Unreadable { path: folder.to_owned(), source })?;
    let piece = |path: PathBuf| {
        let name = path.strip_prefix(folder).ok().and_then(Path::to_str).map(str::to_owned);
        Piece { name, path, bytes: None }
    };
    Ok(found.into_iter().map(piece).collect())
}

fn bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: size, max: MAX_FILE_BYTES });
    }
    fs::read(path).map_err(unreadable)
}

fn fonts(pieces: &[Piece<'_>]) -> Result<Fonts, LoadError> {
    let mut fonts = Fonts::default();
    for piece in pieces {
        let added = fonts.add(&piece.path.display().to_string(), piece.read()?.into_owned());
        added.map_err(|source| LoadError::Resource { path: piece.path.clone(), source })?;
    }
    Ok(fonts)
}

fn add_assets(assets: &mut Assets, pieces: &[Piece<'_>]) -> Result<(), LoadError> {
    for piece in pieces {
        // A template is text, so it cannot ask for a name that is none.
        let Some(name) = &piece.name else { continue };
        let added = assets.add(name, &piece.read()?, &Limits::ASSETS);
        added.map_err(|source| LoadError::Resource { path: piece.path.clone(), source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sealmark_storage::Listed;

    use super::*;
    use crate::objects::Object;

    const REGULAR: &[u8] = include_bytes!("../../crates/watermark-render/tests/fonts/NotoSans-Regular.ttf");
    const BOLD: &[u8] = include_bytes!("../../crates/watermark-render/tests/fonts/NotoSans-Bold.ttf");
    const HEBREW: &[u8] = include_bytes!("../../crates/watermark-render/tests/fonts/NotoSansHebrew.ttf");

    fn svg(side: u32) -> Vec<u8> {
        let svg = format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"/>"#);
        svg.into_bytes()
    }

    fn bucket(objects: &[(&str, Vec<u8>)]) -> Objects {
        let object = |(name, bytes): &(&str, Vec<u8>)| Object {
            listed: Listed { name: (*name).to_owned(), size_bytes: bytes.len() as u64, etag: String::new() },
            bytes: Bytes::from(bytes.clone()),
        };
        Objects::new("s3://bucket/resources/", objects.iter().map(object))
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["fonts", "assets", "tenants"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let below = |name| Some(folder.path().join(name));
        let (fonts, assets, tenants) = (below("fonts"), below("assets"), below("tenants"));
        let places = Places { fonts, assets, tenants, ..Places::default() };
        (folder, places)
    }

    fn digest(fonts: &[&[u8]]) -> String {
        let mut all = Fonts::embedded();
        for font in fonts {
            all.add("font", font.to_vec()).unwrap();
        }
        all.digest()
    }

    #[test]
    fn the_bucket_has_what_a_folder_would_have() {
        let all = [
            ("fonts/bold.ttf", BOLD.to_vec()),
            ("assets/in/a.svg", svg(1)),
            ("tenants/acme/fonts/a.ttf", HEBREW.to_vec()),
            ("tenants/acme/assets/b.svg", svg(2)),
            ("tenants/eco/assets/in/a.svg", svg(3)),
        ];
        let (_keep, places) = folder(&all);
        let from_folders = Shelves::read(&places, &Objects::default()).unwrap();
        let from_bucket = Shelves::read(&Places::default(), &bucket(&all)).unwrap();
        assert!(from_bucket.is_same(&from_folders));
        let from_both = Shelves::read(&places, &bucket(&all)).unwrap();
        assert!(from_both.is_same(&from_folders));
        assert!(!from_both.is_same(&Shelves::read(&places, &bucket(&[("assets/c.svg", svg(4))])).unwrap()));
    }

    #[test]
    fn tenants_go_before_all_and_folders_before_the_bucket() {
        let (_keep, places) = folder(&[
            ("assets/a.svg", svg(10)),
            ("tenants/acme/assets/b.svg", svg(11)),
            ("fonts/bold.ttf", BOLD.to_vec()),
        ]);
        let shelves = Shelves::read(
            &places,
            &bucket(&[
                ("assets/a.svg", svg(20)),
                ("assets/c.svg", svg(21)),
                ("tenants/acme/assets/a.svg", svg(22)),
                ("tenants/acme/assets/b.svg", svg(23)),
                ("fonts/regular.ttf", REGULAR.to_vec()),
                ("fonts/hebrew.ttf", HEBREW.to_vec()),
                ("tenants/acme/fonts/regular.ttf", REGULAR.to_vec()),
            ]),
        );
        let shelves = shelves.unwrap();
        let widths = |tenant: &str| {
            let assets = &shelves.of(tenant).resources.assets;
            ["a.svg", "b.svg", "c.svg"].map(|name| assets.get(name).map_or(0, |picture| picture.width()))
        };
        assert_eq!((widths("eco"), widths("acme")), ([10, 0, 21], [22, 11, 21]));
        // The folder's family has no face of the bucket's; another one stands beside it, and so does the embedded one.
        assert_eq!(shelves.shared.resources.fonts.digest(), digest(&[BOLD, HEBREW]));
        assert_eq!(shelves.of("acme").resources.fonts.digest(), digest(&[REGULAR, HEBREW]));
    }

    #[test]
    fn an_object_that_is_none_is_named() {
        let broken = Shelves::read(&Places::default(), &bucket(&[("assets/a.svg", b"<svg".to_vec())])).unwrap_err();
        assert_eq!(broken.to_string(), "s3://bucket/resources/assets/a.svg cannot be used");
        assert_eq!(broken.code(), "broken_resource");
    }
}
