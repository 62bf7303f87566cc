//! Fonts, passed in like everything else, so that every host draws with the same outlines.

use std::{collections::BTreeMap, fmt, fmt::Write, sync::Arc};

use harfrust::Font;
use sha2::{Digest, Sha256};

use crate::{
    RenderError,
    face::{Face, FaceId, FontFailure, read_faces},
};

/// Name of the embedded font, which a template has that names none.
pub const DEFAULT_FONT: &str = "DejaVu Sans";

static DEJAVU_SANS: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");

/// Its SHA-256, which would take longer each time than all else that loading it does.
const DEJAVU_SANS_SHA256: [u8; 32] = [
    0xab, 0xdc, 0x77, 0x5b, 0x21, 0xb1, 0xbc, 0x47, 0x0d, 0x50, 0xc9, 0x7e, 0x79, 0x0d, 0x27, 0x6f, 0x20, 0x54, 0xb7,
    0x50, 0x4e, 0x56, 0xe5, 0xbd, 0x3e, 0x64, 0xf4, 0x8d, 0x68, 0x58, 0x23, 0x22,
];

/// The fonts that templates can name. A clone is cheap and shares what it does not change, so that a set for each
/// tenant costs little more than its own fonts.
#[derive(Clone, Default)]
pub struct Fonts {
    set: Arc<Set>,
}

#[derive(Clone, Default)]
struct Set {
    /// Every face once, at its default weight.
    faces: BTreeMap<([u8; 32], u16), Arc<Face>>,
    /// The faces of each family, in the order of the map above.
    families: BTreeMap<String, Vec<([u8; 32], u16)>>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts").field("families", &self.set.families.keys()).finish_non_exhaustive()
    }
}

impl Fonts {
    /// The font that comes with the crate, under the name `DejaVu Sans`.
    pub fn embedded() -> Self {
        let mut fonts = Self::default();
        // The bytes are part of the crate, so this cannot fail; a test of ours would.
        if let Ok(faces) = read_faces(DEJAVU_SANS.into()) {
            fonts.insert(DEJAVU_SANS_SHA256, Some(DEFAULT_FONT), faces);
        }
        fonts
    }

    /// Adds every face of a TrueType or OpenType file or collection to the family that its own name says, and gives
    /// the families.
    ///
    /// `file` is only what an error calls it.
    ///
    /// # Errors
    /// [`RenderError::BrokenFont`] where it cannot be read, or has no family name.
    pub fn add(&mut self, file: &str, bytes: Vec<u8>) -> Result<Vec<String>, RenderError> {
        let broken = |failure| RenderError::BrokenFont { name: file.to_owned(), failure };
        let bytes: Arc<Vec<u8>> = Arc::new(bytes);
        let faces = read_faces(shared(&bytes)).map_err(broken)?;
        if faces.iter().all(|face| face.families.is_empty()) {
            return Err(broken(FontFailure::NoName));
        }
        Ok(self.insert(Sha256::digest(&bytes[..]).into(), None, faces))
    }

    /// Adds every face of a file to a family of this name, in the place of what the family had.
    ///
    /// # Errors
    /// [`RenderError::BrokenFont`] where it cannot be read.
    pub fn add_as(&mut self, family: &str, bytes: Vec<u8>) -> Result<(), RenderError> {
        let bytes: Arc<Vec<u8>> = Arc::new(bytes);
        let faces = read_faces(shared(&bytes))
            .map_err(|failure| RenderError::BrokenFont { name: family.to_owned(), failure })?;
        Arc::make_mut(&mut self.set).families.remove(family);
        self.insert(Sha256::digest(&bytes[..]).into(), Some(family), faces);
        Ok(())
    }

    /// These families, and of others those that are not among them.
    pub fn over(mut self, others: &Self) -> Self {
        let set = Arc::make_mut(&mut self.set);
        for (name, members) in &others.set.families {
            if !set.families.contains_key(name) {
                set.families.insert(name.clone(), members.clone());
                let faces = members.iter().filter_map(|key| Some((*key, Arc::clone(others.set.faces.get(key)?))));
                set.faces.extend(faces);
            }
        }
        self
    }

    /// The faces of both: a family that both have has those of either.
    pub fn with(mut self, others: &Self) -> Self {
        let set = Arc::make_mut(&mut self.set);
        set.faces.extend(others.set.faces.iter().map(|(key, face)| (*key, Arc::clone(face))));
        for (name, more) in &others.set.families {
            let members = set.families.entry(name.clone()).or_default();
            members.extend(more);
            members.sort_unstable();
            members.dedup();
        }
        self
    }

    fn insert(&mut self, file: [u8; 32], family: Option<&str>, faces: Vec<Face>) -> Vec<String> {
        let set = Arc::make_mut(&mut self.set);
        let mut names = Vec::new();
        for face in faces {
            let key = (file, face.index);
            let families = family.map_or_else(|| face.families.clone(), |family| vec![family.to_owned()]);
            set.faces.insert(key, Arc::new(face));
            for family in families {
                let members = set.families.entry(family.clone()).or_default();
                if let Err(at) = members.binary_search(&key) {
                    members.insert(at, key);
                }
                if !names.contains(&family) {
                    names.push(family);
                }
            }
        }
        names
    }

    /// The names of the families, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.set.families.keys().map(String::as_str)
    }

    /// SHA-256 over every name and every font's own SHA-256, in hex: the same for the same set, in whatever order it
    /// was put together.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, members) in &self.set.families {
            // With its length in front, no name can pretend to be another name and a digest.
            hasher.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(name);
            hasher.update(u64::try_from(members.len()).unwrap_or(u64::MAX).to_be_bytes());
            for (file, index) in members {
                hasher.update(file);
                hasher.update(index.to_be_bytes());
            }
        }
        hex(&hasher.finalize())
    }

    /// The face of a family that comes closest to a weight of 1 to 1,000.
    pub(crate) fn select(&self, family: &str, weight: u16) -> Result<FaceId, RenderError> {
        self.set.families.get(family).and_then(|members| self.closest(members, weight)).ok_or_else(|| {
            RenderError::UnknownFont { name: family.to_owned(), known: self.set.families.keys().cloned().collect() }
        })
    }

    fn closest(&self, members: &[([u8; 32], u16)], weight: u16) -> Option<FaceId> {
        let (key, face) = members
            .iter()
            .filter_map(|key| Some((key, self.set.faces.get(key)?)))
            .min_by_key(|(_, face)| face.distance(weight))?;
        Some(FaceId { file: key.0, index: key.1, weight: face.nearest_weight(weight) })
    }

    /// One face of every family that is not named in `but`, in the order of the names.
    pub(crate) fn others(&self, but: &[String], weight: u16) -> Vec<FaceId> {
        let families = self.set.families.iter().filter(|(name, _)| !but.contains(name));
        families.filter_map(|(_, members)| self.closest(members, weight)).collect()
    }

    pub(crate) fn face(&self, id: FaceId) -> Option<&Face> {
        self.set.faces.get(&(id.file, id.index)).map(AsRef::as_ref)
    }

    /// The font of a face, at its weight.
    pub(crate) fn font(&self, id: FaceId) -> Result<Font, RenderError> {
        self.face(id).map(|face| face.at_weight(id.weight)).ok_or_else(|| RenderError::UnknownFont {
            name: id.to_string(),
            known: self.set.families.keys().cloned().collect(),
        })
    }
}

fn shared(bytes: &Arc<Vec<u8>>) -> harfrust::font::Blob {
    let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = bytes.clone();
    bytes.into()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_fonts_digest_is_its_own() {
        assert_eq!(DEJAVU_SANS_SHA256[..], Sha256::digest(DEJAVU_SANS)[..]);
    }

    #[test]
    fn the_digest_knows_names_and_bytes_but_no_order() {
        let embedded = Fonts::embedded();
        assert_eq!(embedded.names().collect::<Vec<_>>(), [DEFAULT_FONT]);
        let with = |names: [&str; 2]| {
            let mut fonts = Fonts::embedded();
            for name in names {
                fonts.add_as(name, DEJAVU_SANS.to_vec()).unwrap();
            }
            fonts.digest()
        };
        assert_eq!(with(["a", "b"]), with(["b", "a"]));
        assert_ne!(with(["a", "b"]), with(["a", "c"]));
        assert_ne!(with(["a", "b"]), embedded.digest());
    }

    #[test]
    fn a_font_tells_its_own_name_and_a_clone_keeps_to_itself() {
        let mut fonts = Fonts::default();
        let tenant = fonts.clone();
        assert_eq!(fonts.add("x.ttf", DEJAVU_SANS.to_vec()).unwrap(), [DEFAULT_FONT]);
        assert_eq!(fonts.digest(), Fonts::embedded().digest());
        assert_eq!(tenant.names().count(), 0);
    }

    #[test]
    fn families_lie_over_others_of_their_name() {
        let (mut shared, mut own) = (Fonts::default(), Fonts::default());
        shared.add_as("a", DEJAVU_SANS.to_vec()).unwrap();
        shared.add_as("b", DEJAVU_SANS.to_vec()).unwrap();
        let other = include_bytes!("../tests/fonts/NotoSans-Bold.ttf");
        own.add_as("a", other.to_vec()).unwrap();
        let (own_face, shared_face) = (own.select("a", 400).unwrap(), shared.select("b", 400).unwrap());
        let both = own.over(&shared);
        assert_eq!((both.select("a", 400).unwrap(), both.select("b", 400).unwrap()), (own_face, shared_face));
        assert_eq!(Fonts::default().over(&shared).digest(), shared.digest());
    }

    #[test]
    fn faces_beside_others_join_their_family() {
        let other = include_bytes!("../tests/fonts/NotoSans-Bold.ttf");
        let (mut one_by_one, mut more) = (Fonts::embedded(), Fonts::default());
        for fonts in [&mut one_by_one, &mut more] {
            let family = fonts.add("bold.ttf", other.to_vec()).unwrap().remove(0);
            assert_eq!(family, "Noto Sans");
        }
        assert_eq!(Fonts::embedded().with(&more).digest(), one_by_one.digest());
        assert_eq!(more.clone().with(&more).digest(), more.digest());
        let mut both = Fonts::default();
        both.add_as("Noto Sans", DEJAVU_SANS.to_vec()).unwrap();
        let (alone, both) = (both.digest(), both.with(&more));
        assert_eq!(both.names().collect::<Vec<_>>(), ["Noto Sans"]);
        assert!(both.digest() != alone && both.digest() != more.digest());
    }

    #[test]
    fn a_broken_font_is_refused() {
        let refused = Fonts::embedded().add("x", b"no font".to_vec());
        assert!(matches!(refused, Err(RenderError::BrokenFont { name, .. }) if name == "x"));
        let mut fonts = Fonts::embedded();
        assert!(fonts.add_as(DEFAULT_FONT, Vec::new()).is_err());
        assert_eq!(fonts.digest(), Fonts::embedded().digest());
    }
}
