//! Secret keys by name, for `hmac(key.name, …)`.

use std::{collections::BTreeMap, fmt, path::Path};

use sealmark_protocol::Sha256Digest;
use sealmark_watermark_dsl::SecretKey;

/// Fewest bytes of a key.
const MIN_BYTES: usize = 16;

/// Most bytes of a file with a key.
const MAX_FILE_BYTES: u64 = 4_096;

/// Secret keys by name. `Debug` shows the names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys {
    by_name: BTreeMap<String, Vec<u8>>,
}

/// Why something is no key. It never says what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyMistake {
    /// Templates could not name it.
    #[error("a key's name is 1 to 64 of a-z A-Z 0-9 _, not {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// Neither digits nor a file.
    #[error("the key {name} is neither 32 or more hex digits nor a file that holds them")]
    Value {
        /// The key's name.
        name: String,
    },
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Keys {
    /// Adds a key: at least 32 hex digits, or the path of a file with such digits and white space around them.
    ///
    /// # Errors
    /// [`KeyMistake`].
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), KeyMistake> {
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || name.len() > 64 || !is_name {
            return Err(KeyMistake::Name { name: name.to_owned() });
        }
        let bytes = from_hex(value).or_else(|| from_file(Path::new(value)));
        let bytes = bytes.ok_or_else(|| KeyMistake::Value { name: name.to_owned() })?;
        self.by_name.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// All of them, for a template's variables.
    pub fn all(&self) -> BTreeMap<String, SecretKey> {
        self.by_name.iter().map(|(name, bytes)| (name.clone(), SecretKey::new(bytes.clone()))).collect()
    }

    /// Those of these names that are there.
    pub(crate) fn some(&self, names: &[&str]) -> BTreeMap<String, SecretKey> {
        let known = names.iter().filter_map(|name| Some((*name, self.by_name.get(*name)?)));
        known.map(|(name, bytes)| (name.to_owned(), SecretKey::new(bytes.clone()))).collect()
    }

    /// A digest that stands for the keys of these names; it tells nothing of them, for they cannot be guessed.
    pub(crate) fn digest(&self, names: &[&str]) -> Sha256Digest {
        let mut all = b"sealmark keys".to_vec();
        for (name, bytes) in names.iter().filter_map(|name| Some((*name, self.by_name.get(*name)?))) {
            all.extend((name.len() as u64).to_be_bytes());
            all.extend(name.as_bytes());
            all.extend((bytes.len() as u64).to_be_bytes());
            all.extend(bytes);
        }
        Sha256Digest::of(&all)
    }
}

fn from_file(path: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    let text = (size <= MAX_FILE_BYTES).then(|| std::fs::read_to_string(path).ok()).flatten()?;
    from_hex(text.trim())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() < 2 * MIN_BYTES {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_as_digits_or_in_a_file_and_does_not_show() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.key");
        let digits = "00112233445566778899aabbccddeeff";
        std::fs::write(&path, format!("{digits}\n")).unwrap();
        let (mut one, mut other) = (Keys::default(), Keys::default());
        one.add("trace", digits).unwrap();
        other.add("trace", path.to_str().unwrap()).unwrap();
        assert_eq!(one, other);
        assert_eq!(format!("{one:?}"), r#"{"trace"}"#);
        assert_eq!(one.digest(&["trace"]), other.digest(&["trace", "absent"]));
        other.add("trace", &digits.to_uppercase().replace('F', "0")).unwrap();
        assert_ne!(one.digest(&["trace"]), other.digest(&["trace"]));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        let mut keys = Keys::default();
        for value in ["", "0011", "hush hush hush hush hush hush hush", "00112233445566778899aabbccddeef", "/"] {
            let refused = keys.add("trace", value).unwrap_err().to_string();
            assert!(value.len() < 2 || !refused.contains(value), "{refused}");
        }
        assert!(matches!(keys.add("a.b", "00112233445566778899aabbccddeeff"), Err(KeyMistake::Name { .. })));
        assert_eq!(keys.names().count(), 0);
    }
}
