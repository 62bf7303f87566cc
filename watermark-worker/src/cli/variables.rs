//! `--set name=value`: what a template may ask about a picture.

use sealmark_watermark_dsl::Variables;

/// What can be set.
const NAMES: &str = "user_id, tenant, upload_id, media_id, timestamp_ms, image.name and tags.NAME";

/// A value given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    name: String,
    value: String,
}

/// Reads `name=value`; for clap.
pub(super) fn setting(given: &str) -> Result<Setting, String> {
    let (name, value) = given.split_once('=').ok_or("a value is set as NAME=VALUE")?;
    let setting = Setting { name: name.to_owned(), value: value.to_owned() };
    // Tried here, so that a mistake is told before any picture is read.
    setting.apply(&mut Variables::default())?;
    Ok(setting)
}

impl Setting {
    /// Sets the variable.
    pub(super) fn apply(&self, variables: &mut Variables) -> Result<(), String> {
        let value = self.value.clone();
        match self.name.as_str() {
            "user_id" => variables.user_id = value,
            "tenant" => variables.tenant = value,
            "upload_id" => variables.upload_id = value,
            "media_id" => variables.media_id = value,
            "image.name" => variables.image_name = value,
            "timestamp_ms" => {
                variables.timestamp_ms = value.parse().map_err(|_| "timestamp_ms is a whole number of milliseconds")?;
            }
            name => match name.strip_prefix("tags.").filter(|tag| !tag.is_empty()) {
                Some(tag) => drop(variables.tags.insert(tag.to_owned(), value)),
                None => return Err(format!("{name:?} cannot be set; there are {NAMES}")),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_set_by_its_name() {
        let mut variables = Variables::default();
        for given in ["user_id=7", "tenant=eco", "timestamp_ms=-5", "image.name=a=b", "tags.sale=", "media_id=m"] {
            setting(given).unwrap().apply(&mut variables).unwrap();
        }
        assert_eq!((variables.user_id.as_str(), variables.timestamp_ms), ("7", -5));
        assert_eq!((variables.image_name.as_str(), &variables.tags["sale"][..]), ("a=b", ""));
        for wrong in ["user_id", "users=7", "tags.=7", "timestamp_ms=now", "image.width=7"] {
            assert!(setting(wrong).is_err(), "{wrong}");
        }
    }
}
