//! A template's source: read with what it includes, compiled, and held against what there is.

use std::{
    cell::RefCell,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use sealmark_watermark_dsl::{Template, limits::MAX_SOURCE_BYTES};
use sealmark_watermark_render::{Available, missing};

use crate::LoadError;

/// Ending of an included template's file.
const ENDING: &str = "seal";

/// A compiled template with the text that it is from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What the text means.
    pub template: Template,
    /// What it includes: names and texts.
    included: Vec<(String, String)>,
}

impl Source {
    /// Reads and compiles a template. `include "name"` is the file `name.seal` in the folder `includes`; by default
    /// that of the template itself.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn read(path: &Path, includes: Option<&Path>) -> Result<Self, LoadError> {
        Self::read_noting(path, includes, &mut Vec::new())
    }

    /// Does it and notes which files count, those that are not there included.
    pub(crate) fn read_noting(
        path: &Path,
        includes: Option<&Path>,
        noted: &mut Vec<PathBuf>,
    ) -> Result<Self, LoadError> {
        noted.push(path.to_owned());
        let text = text(path)?;
        let folder = includes.or_else(|| path.parent()).unwrap_or(Path::new(""));
        let seen = RefCell::new((Vec::new(), None, noted));
        let other = |name: &str| {
            let (included, failure, noted) = &mut *seen.borrow_mut();
            let path = included_path(folder, name)?;
            noted.push(path.clone());
            match self::text(&path) {
                Ok(text) => {
                    included.push((name.to_owned(), text.clone()));
                    Some(text)
                }
                // The language says where the name stands, and what it did not find.
                Err(LoadError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => None,
                Err(error) => {
                    *failure = Some(error);
                    None
                }
            }
        };
        let compiled = Template::from_source_with(&text, &other);
        let (mut included, failure, _) = seen.into_inner();
        included.dedup_by(|next, before| next.0 == before.0);
        if let Some(failure) = failure {
            return Err(failure);
        }
        match compiled {
            Ok(template) => Ok(Self { path: path.to_owned(), text, template, included }),
            Err(mistakes) => Err(LoadError::Wrong { path: path.to_owned(), text, mistakes }),
        }
    }

    /// Refuses a template that names what there is not, or has layers that cannot be drawn: every picture would fail.
    ///
    /// # Errors
    /// [`LoadError::Wrong`] with all of it.
    pub fn check(&self, available: Available<'_>) -> Result<(), LoadError> {
        let mistakes = missing(&self.template, &self.text, &self.included, available);
        if mistakes.is_empty() {
            return Ok(());
        }
        Err(LoadError::Wrong { path: self.path.clone(), text: self.text.clone(), mistakes })
    }
}

/// The file of an included template; none where the name is not one, so that no name leaves the folder.
fn included_path(folder: &Path, name: &str) -> Option<PathBuf> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = !name.is_empty() && name.len() <= 64 && name.chars().all(is_letter) && !name.starts_with('.');
    is_name.then(|| folder.join(format!("{name}.{ENDING}")))
}

fn text(path: &Path) -> Result<String, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    // The language refuses what is over its limit; a file that is far over it is not even read.
    if size > 16 * MAX_SOURCE_BYTES as u64 {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: size, max: 16 * MAX_SOURCE_BYTES as u64 });
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|_| LoadError::NotText { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use sealmark_watermark_render::Resources;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn includes_come_from_the_folder_and_from_nowhere_else() {
        let folder = folder(&[
            ("shop.seal", r#"template "shop" { include "brand" }"#),
            ("brand.seal", r#"template "brand" { text "x" { } }"#),
            ("out.seal", r#"template "out" { include "../brand" include "/etc/passwd" include "..x" }"#),
            ("bad.seal", r#"template "bad" { include "latin" }"#),
        ]);
        std::fs::write(folder.path().join("latin.seal"), b"\xff\xfe").unwrap();
        let mut noted = Vec::new();
        let shop = Source::read_noting(&folder.path().join("shop.seal"), None, &mut noted).unwrap();
        assert_eq!(shop.template.layers().count(), 1);
        assert_eq!(noted, [folder.path().join("shop.seal"), folder.path().join("brand.seal")]);
        let mut noted = Vec::new();
        let refused = Source::read_noting(&folder.path().join("out.seal"), None, &mut noted).unwrap_err();
        assert_eq!(refused.to_string().matches("E0025").count(), 3, "{refused}");
        assert_eq!(noted.len(), 1, "{noted:?}");
        let refused = Source::read(&folder.path().join("bad.seal"), None).unwrap_err();
        assert!(matches!(&refused, LoadError::NotText { path } if path.ends_with("latin.seal")), "{refused}");
    }

    #[test]
    fn what_is_missing_is_said_where_it_is_named() {
        let folder = folder(&[
            (
                "shop.seal",
                r#"template "shop" {
  include "brand"
  text "© {hmac(key.trace, user_id)}" { font = "DejaVu Sans", "Comic" }
  fingerprint { payload = user_id }
}"#,
            ),
            ("brand.seal", "template \"brand\" {\n  tile image \"logo.png\" { }\n}"),
        ]);
        let source = Source::read(&folder.path().join("shop.seal"), None).unwrap();
        let resources = Resources::embedded();
        let available = Available { fonts: Some(&resources), assets: Some(&resources), keys: Some(&[]) };
        let report = source.check(available).unwrap_err().to_string();
        for part in [
            "error[E0038]: there is no font `Comic`",
            "shop.seal:3:63",
            "there is `DejaVu Sans`",
            "error[E0040]: there is no key `trace`",
            "shop.seal:3:17",
            "error[E0041]",
            "shop.seal:4:3",
            "error[E0039]: there is no picture `logo.png`",
            "brand:2:14",
        ] {
            assert!(report.contains(part), "{part} in\n{report}");
        }
        let fonts_only = source.check(Available { fonts: Some(&resources), ..Available::default() });
        assert_eq!(fonts_only.unwrap_err().to_string().matches("error[").count(), 2);
    }
}
