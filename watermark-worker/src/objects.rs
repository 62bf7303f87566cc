//! The bucket's fonts and pictures: which objects are some, how much of them is taken, and their bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use sealmark_protocol::TenantId;
use sealmark_storage::Listed;

use crate::{
    LoadError,
    folder::has_ending,
    shelves::{ASSETS, FONTS, Piece},
};

/// Longest name of a font or a picture, in bytes; templates take no longer one.
const MAX_NAME_BYTES: usize = 200;

/// How much is taken from a bucket.
#[derive(Debug, Clone, Copy)]
pub struct ObjectLimits {
    /// Most objects below the prefix, of whatever kind.
    pub objects: usize,
    /// Largest font or picture, in bytes.
    pub object_bytes: u64,
    /// All fonts and pictures together, in bytes.
    pub total_bytes: u64,
}

/// The fonts and pictures of a bucket, fetched. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// The prefix, as `s3://bucket/prefix/`.
    place: Arc<str>,
    by_name: Arc<BTreeMap<String, Object>>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) listed: Listed,
    pub(crate) bytes: Bytes,
}

/// Equal where the same objects have the same etags: so have their bytes.
impl PartialEq for Objects {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.by_name, &other.by_name) || self.listed().eq(other.listed())
    }
}

impl Eq for Objects {}

impl Objects {
    /// Those below a place, which errors name.
    pub(crate) fn new(place: &str, objects: impl IntoIterator<Item = Object>) -> Self {
        let by_name = objects.into_iter().map(|object| (object.listed.name.clone(), object)).collect();
        Self { place: place.into(), by_name: Arc::new(by_name) }
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Object> {
        self.by_name.values()
    }

    /// What the store said of them, by name.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.all().map(|object| &object.listed)
    }

    /// The tenants that have some of their own, sorted.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &str> {
        let names = self.by_name.keys().filter_map(|name| Slot::of(name).ok()??.tenant);
        names.collect::<BTreeSet<_>>().into_iter()
    }

    /// The fonts of a tenant, or the shared ones.
    pub(crate) fn fonts(&self, tenant: Option<&str>) -> Vec<Piece<'_>> {
        self.pieces(tenant, Kind::Font)
    }

    /// The pictures of a tenant, or the shared ones.
    pub(crate) fn assets(&self, tenant: Option<&str>) -> Vec<Piece<'_>> {
        self.pieces(tenant, Kind::Asset)
    }

    fn pieces(&self, tenant: Option<&str>, kind: Kind) -> Vec<Piece<'_>> {
        let mut found = Vec::new();
        for (name, object) in self.by_name.iter() {
            let slot = Slot::of(name).ok().flatten().filter(|slot| slot.tenant == tenant && slot.kind == kind);
            let path = || PathBuf::from(format!("{}{name}", self.place));
            found.extend(slot.map(|slot| Piece {
                name: Some(slot.name.to_owned()),
                path: path(),
                bytes: Some(&object.bytes),
            }));
        }
        found
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Font,
    Asset,
}

/// What an object is for.
#[derive(Debug, PartialEq, Eq)]
struct Slot<'a> {
    tenant: Option<&'a str>,
    kind: Kind,
    /// Its name among the fonts or pictures.
    name: &'a str,
}

impl<'a> Slot<'a> {
    /// By the name below the prefix: `fonts/…`, `assets/…`, or the same below `tenants/<tenant>/`. None for what a folder
    /// would not look at either: hidden files, other endings, the markers that some tools put where a folder would be.
    ///
    /// # Errors
    /// Why it can be none, though it has the ending of one.
    fn of(name: &'a str) -> Result<Option<Self>, &'static str> {
        let path = Path::new(name);
        if !has_ending(path, &FONTS) && !has_ending(path, &ASSETS) {
            return Ok(None);
        }
        // Before anything else: what is no path could lead anywhere.
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("it has an empty folder, `.` or `..` in it");
        }
        if name.contains(|c: char| c.is_control() || matches!(c, '\\' | ':')) {
            return Err("it has a control character, `\\` or `:` in it");
        }
        if name.split('/').any(|part| part.starts_with('.')) {
            return Ok(None);
        }
        let outside = "it lies neither in fonts/ nor in assets/, nor in those of tenants/<tenant>/";
        let (tenant, rest) = match name.strip_prefix("tenants/").and_then(|rest| rest.split_once('/')) {
            Some((tenant, rest)) => (Some(tenant), rest),
            None => (None, name),
        };
        if tenant.is_some_and(|tenant| TenantId::new(tenant).is_err()) {
            return Err("no tenant can have this name");
        }
        let (folder, name) = rest.split_once('/').ok_or(outside)?;
        let (kind, endings) = match folder {
            "fonts" => (Kind::Font, FONTS),
            "assets" => (Kind::Asset, ASSETS),
            _ => return Err(outside),
        };
        if name.len() > MAX_NAME_BYTES {
            return Err("its name is over 200 bytes long");
        }
        Ok(has_ending(path, &endings).then_some(Self { tenant, kind, name }))
    }
}

/// What is to be taken of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The fonts and pictures, by name.
    pub(crate) objects: Vec<Listed>,
    /// Names that look like fonts or pictures and can be none, and why.
    pub(crate) odd: BTreeMap<String, &'static str>,
}

impl Wanted {
    /// Sorts a listing out.
    ///
    /// # Errors
    /// [`LoadError::TooMany`], [`LoadError::TooLarge`]: nothing of it is taken, for half of it would be something that
    /// nobody has put there.
    pub(crate) fn of(listing: Vec<Listed>, place: &str, limits: &ObjectLimits) -> Result<Self, LoadError> {
        if listing.len() > limits.objects {
            return Err(LoadError::TooMany { path: place.into(), max: limits.objects });
        }
        let too_large = |path: String, bytes, max| Err(LoadError::TooLarge { path: path.into(), bytes, max });
        let (mut wanted, mut total_bytes) = (Self::default(), 0_u64);
        for listed in listing {
            match Slot::of(&listed.name) {
                Ok(None) => continue,
                Err(why) => {
                    wanted.odd.insert(listed.name, why);
                    continue;
                }
                Ok(Some(_)) => {}
            }
            if listed.size_bytes > limits.object_bytes {
                return too_large(format!("{place}{}", listed.name), listed.size_bytes, limits.object_bytes);
            }
            total_bytes = total_bytes.saturating_add(listed.size_bytes);
            wanted.objects.push(listed);
        }
        if total_bytes > limits.total_bytes {
            return too_large(place.to_owned(), total_bytes, limits.total_bytes);
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ObjectLimits = ObjectLimits { objects: 4, object_bytes: 100, total_bytes: 150 };
    const PLACE: &str = "s3://bucket/resources/";

    fn listed(name: &str, size_bytes: u64) -> Listed {
        Listed { name: name.to_owned(), size_bytes, etag: format!("\"{name}\"") }
    }

    #[test]
    fn a_name_says_whose_it_is_and_what() {
        let slot = |tenant, kind, name| Ok(Some(Slot { tenant, kind, name }));
        assert_eq!(Slot::of("fonts/a/b.ttf"), slot(None, Kind::Font, "a/b.ttf"));
        assert_eq!(Slot::of("assets/in/ü b.PNG"), slot(None, Kind::Asset, "in/ü b.PNG"));
        assert_eq!(Slot::of("tenants/acme/assets/a.svg"), slot(Some("acme"), Kind::Asset, "a.svg"));
        for other in
            ["", "fonts/", "readme.txt", "fonts/logo.png", "assets/.a.png", ".git/assets/a.png", "assets/a.gif"]
        {
            assert_eq!(Slot::of(other), Ok(None), "{other}");
        }
        let long = format!("assets/{}.png", "a".repeat(200));
        for odd in [
            "logo.png",
            "asset/logo.png",
            "tenants/logo.png",
            "tenants/acme/logo.png",
            "tenants/a b/assets/logo.png",
            "tenants/../assets/logo.png",
            "assets/../../logo.png",
            "assets//logo.png",
            "assets/./logo.png",
            "/assets/logo.png",
            "assets/a\\b.png",
            "assets/c:/b.png",
            "assets/a\n.png",
            &long,
        ] {
            assert!(Slot::of(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_listing_is_taken_whole_or_not_at_all() {
        let of = |names: &[(&str, u64)]| {
            Wanted::of(names.iter().map(|(name, size)| listed(name, *size)).collect(), PLACE, &LIMITS)
        };
        // What is not fetched takes no memory, however large it is.
        let wanted = of(&[("assets/a.png", 100), ("assets/../b.png", 1000), ("fonts/c.ttf", 50), ("film.mp4", 1000)]);
        let wanted = wanted.unwrap();
        assert_eq!(wanted.objects, [listed("assets/a.png", 100), listed("fonts/c.ttf", 50)]);
        assert_eq!(wanted.odd.keys().collect::<Vec<_>>(), ["assets/../b.png"]);

        let refused = of(&[("assets/a.png", 101)]).unwrap_err();
        assert_eq!(
            (refused.code(), refused.to_string()),
            ("too_large", "s3://bucket/resources/assets/a.png has 101 bytes; at most 100 are read".to_owned())
        );
        let refused = of(&[("assets/a.png", 100), ("assets/b.png", 51)]).unwrap_err();
        assert_eq!(refused.to_string(), "s3://bucket/resources/ has 151 bytes; at most 150 are read");
        let refused = of(&[("1", 0), ("2", 0), ("3", 0), ("4", 0), ("5", 0)]).unwrap_err();
        assert_eq!(
            (refused.code(), refused.to_string()),
            ("too_many", "below s3://bucket/resources/ are more than 4 objects".to_owned())
        );
    }

    #[test]
    fn objects_differ_by_their_etags() {
        let of = |etag: &str| {
            let listed = Listed { etag: etag.to_owned(), ..listed("tenants/acme/assets/a.svg", 3) };
            Objects::new(PLACE, [Object { listed, bytes: Bytes::from_static(b"svg") }])
        };
        assert_eq!(of("1"), of("1"));
        assert_ne!(of("1"), of("2"));
        assert_ne!(of("1"), Objects::default());
        let one = of("1");
        assert_eq!(one.tenants().collect::<Vec<_>>(), ["acme"]);
        let pieces = one.assets(Some("acme"));
        let shown = |piece: &Piece<'_>| (piece.name.clone(), piece.path.display().to_string());
        let path = "s3://bucket/resources/tenants/acme/assets/a.svg";
        assert_eq!(pieces.iter().map(shown).collect::<Vec<_>>(), [(Some("a.svg".to_owned()), path.to_owned())]);
        assert!(one.assets(None).is_empty() && one.fonts(Some("acme")).is_empty());
    }
}
