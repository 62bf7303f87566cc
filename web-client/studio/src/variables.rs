//! The variables of a picture, as the page says them.

use std::collections::BTreeMap;

use sealmark_watermark_dsl::{SecretKey, Variables};
use serde::Deserialize;

/// What a field does not say has its default: nothing, or the year 1970.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Said {
    user_id: String,
    tenant: String,
    upload_id: String,
    media_id: String,
    image_name: String,
    timestamp_ms: i64,
    tags: BTreeMap<String, String>,
    keys: BTreeMap<String, String>,
}

/// Reads the variables from JSON: an object with `user_id`, `tenant`, `upload_id`, `media_id`, `image_name`,
/// `timestamp_ms`, `tags` and `keys`, each of them optional.
///
/// # Errors
/// Where it is something else.
pub fn read_variables(json: &str) -> Result<Variables, serde_json::Error> {
    let said: Said = serde_json::from_str(json)?;
    Ok(Variables {
        user_id: said.user_id,
        tenant: said.tenant,
        upload_id: said.upload_id,
        media_id: said.media_id,
        image_name: said.image_name,
        timestamp_ms: said.timestamp_ms,
        tags: said.tags,
        keys: said.keys.into_iter().map(|(name, key)| (name, SecretKey::new(key))).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_nothing() {
        assert_eq!(read_variables("{}").unwrap(), Variables::default());
        let said = read_variables(r#"{"user_id":"7","timestamp_ms":-5,"tags":{"sale":"x"},"keys":{"trace":"hush"}}"#);
        let said = said.unwrap();
        assert_eq!((said.user_id.as_str(), said.timestamp_ms, &said.tags["sale"][..]), ("7", -5, "x"));
        assert_eq!(said.keys["trace"], SecretKey::new(*b"hush"));
        assert!(read_variables(r#"{"timestamp_ms":"now"}"#).is_err());
    }
}
