//! POST policies: a form that a browser may send once it has it, without asking first.

use std::{
    collections::BTreeMap,
    fmt,
    ops::RangeInclusive,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::{Engine, engine::general_purpose::STANDARD};
use sealmark_protocol::Checksum;
use serde_json::json;

use crate::{ObjectKey, PresignedUrl, StorageError, Store, presign::presign};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A form that anybody may send once they have it, until it expires: a POST of `multipart/form-data` with these fields
/// and, after them, `file` with the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedForm {
    /// Where to send it: the bucket.
    pub url: PresignedUrl,
    /// Every field before `file`. Together they are a credential: `Debug` hides them, and logs must not hold them.
    pub fields: BTreeMap<String, String>,
    /// When the store stops taking it, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

impl fmt::Debug for PresignedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedForm").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

impl Store {
    /// Signs a form for one object of a length within `size_bytes`; `announced` as for [`create`](Self::create).
    ///
    /// With a `checksum` the store takes these bytes or none, and tells it by [`head`](Self::head) afterwards.
    ///
    /// The store answers 201 with the object's etag. `ttl` is 1 second to 7 days, cut to whole seconds. Nothing is sent
    /// to the store.
    ///
    /// # Errors
    /// [`StorageError::Presign`] for another `ttl`, and where the clock is before 1970.
    ///
    /// Source: S3 API, POST Object; Authenticating requests, POST policy with Signature Version 4.
    pub fn presign_form(
        &self,
        key: &ObjectKey,
        announced: Option<&str>,
        size_bytes: RangeInclusive<u64>,
        checksum: &Checksum,
        ttl: Duration,
    ) -> Result<PresignedForm, StorageError> {
        let presign = presign("PostObject", key);
        if !(1..=7 * 24 * 3_600).contains(&ttl.as_secs()) {
            return Err(presign("a form lives 1 second to 7 days".into()));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| presign(error.into()))?;
        let now_s = i64::try_from(now.as_secs()).map_err(|error| presign(error.into()))?;
        let expires_s = now_s + ttl.as_secs() as i64;
        let text = |seconds| DateTime::from_secs(seconds).fmt(DateTimeFormat::DateTime);
        let date = text(now_s).map_err(|error| presign(error.into()))?.replace(['-', ':'], "");
        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);

        let mut fields: BTreeMap<String, String> = [
            ("key", key.to_string()),
            ("content-type", key.content_type(announced).to_owned()),
            ("cache-control", key.cache_control().to_owned()),
            ("success_action_status", "201".to_owned()),
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", format!("{}/{scope}", self.credentials.access_key_id())),
            ("x-amz-date", date.clone()),
        ]
        .into_iter()
        .chain(match checksum {
            Checksum::Sha256(sha256) => Some(("x-amz-checksum-sha256", sha256.to_base64())),
            Checksum::Crc64nvme(crc) => Some(("x-amz-checksum-crc64nvme", crc.to_base64())),
            Checksum::None => None,
        })
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let mut conditions: Vec<_> = fields.iter().map(|(name, value)| json!({ name.as_str(): value })).collect();
        conditions.push(json!({ "bucket": self.bucket }));
        conditions.push(json!(["content-length-range", size_bytes.start(), size_bytes.end()]));
        let expiration = text(expires_s).map_err(|error| presign(error.into()))?;
        let policy = STANDARD.encode(json!({ "expiration": expiration, "conditions": conditions }).to_string());
        let signing_key = generate_signing_key(
            self.credentials.secret_access_key(),
            UNIX_EPOCH + Duration::from_secs(now.as_secs()),
            &self.region,
            "s3",
        );
        fields.insert("x-amz-signature".to_owned(), calculate_signature(signing_key, policy.as_bytes()));
        fields.insert("policy".to_owned(), policy);
        Ok(PresignedForm { url: PresignedUrl::new(self.form_url.clone()), fields, expires_at_ms: expires_s * 1_000 })
    }
}

#[cfg(test)]
mod tests {
    use sealmark_protocol::Sha256Digest;

    use super::*;
    use crate::StoreConfig;

    fn store(path_style: bool) -> Store {
        Store::new(&StoreConfig {
            endpoint: "http://10.0.0.7:8333".into(),
            public_endpoint: Some("https://s3.example.org".into()),
            region: "us-east-1".into(),
            bucket: "pictures".into(),
            access_key: "name".into(),
            secret_key: "swordfish".into(),
            path_style,
        })
        .unwrap()
    }

    #[test]
    fn a_form_names_its_object_and_the_length_and_hides_itself() {
        let key: ObjectKey = "raw/acme/u/0192f3c8-7b5e-7d3a-9c1e-000000000001".parse().unwrap();
        let (ttl, checksum) = (Duration::from_secs(60), Checksum::Sha256(Sha256Digest::of(b"x")));
        let form = store(true).presign_form(&key, Some("image/png"), 1..=5, &checksum, ttl).unwrap();
        assert_eq!(form.url.as_str(), "https://s3.example.org/pictures");
        assert_eq!(form.fields["content-type"], "image/png");
        let policy: serde_json::Value =
            serde_json::from_slice(&STANDARD.decode(&form.fields["policy"]).unwrap()).unwrap();
        let conditions = policy["conditions"].as_array().unwrap();
        let sha256 = json!({ "x-amz-checksum-sha256": Sha256Digest::of(b"x").to_base64() });
        for wanted in [json!({ "key": key.to_string() }), json!({ "bucket": "pictures" }), sha256] {
            assert!(conditions.contains(&wanted), "{wanted} in {policy}");
        }
        assert!(conditions.contains(&json!(["content-length-range", 1, 5])));
        // Every field but the policy and its signature stands in the policy, or the store refuses the form.
        assert_eq!(conditions.len(), form.fields.len());
        let shown = format!("{form:?}");
        assert!(!shown.contains(&form.fields["x-amz-signature"]) && !shown.contains("swordfish"), "{shown}");
        let hosted = store(false).presign_form(&key, None, 1..=5, &Checksum::None, ttl).unwrap();
        assert_eq!(hosted.url.as_str(), "https://pictures.s3.example.org/");
        assert!(store(true).presign_form(&key, None, 1..=5, &Checksum::None, Duration::ZERO).is_err());
    }
}
