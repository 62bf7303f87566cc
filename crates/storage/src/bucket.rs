//! The bucket itself: there, private, open to browsers of known origins, and rid of what was never finished.

use aws_sdk_s3::{
    error::BuildError,
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, CorsConfiguration,
        CorsRule, CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    },
};

use crate::{ConfigMistake, StorageError, Store};

/// Names our rules in the bucket's configuration, so that an operator's own rules stay.
const CORS_RULE: &str = "sealmark-browsers";
const ABORT_RULE: &str = "sealmark-abort-incomplete";
/// Days after which an upload that nobody completed is dropped by the store.
const ABORT_AFTER_DAYS: i32 = 7;
/// Seconds for which a browser may remember a preflight's answer.
const PREFLIGHT_MAX_AGE_S: i32 = 3600;

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOutcome {
    /// The store has it now.
    Applied,
    /// The store had it already.
    AlreadyThere,
    /// The store has no such rules for a bucket; what it does instead is its operator's to set.
    NotSupported,
}

/// What [`Store::setup_bucket`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSetup {
    /// Whether the bucket was created by this call.
    pub created: bool,
    /// Cross-origin access. MinIO has no such rules for a bucket: it answers every origin unless its own
    /// `MINIO_API_CORS_ALLOW_ORIGIN` says otherwise, which is enough for uploads.
    pub cors: RuleOutcome,
    /// Dropping of uploads that nobody completed. MinIO has no such rule either: it drops them by itself after a day
    /// (`api stale_uploads_expiry`).
    pub abort_incomplete: RuleOutcome,
}

impl Store {
    /// Makes sure that the bucket is there and lets browsers of `allowed_origins` PUT parts, POST forms and read etags
    /// and locations; changes nothing when all is so already.
    ///
    /// The bucket stays private: access is by signature alone. Rules that others put there are kept.
    ///
    /// # Errors
    /// [`StorageError::Config`] without an origin; [`StorageError::Conflict`] when somebody else owns the name;
    /// [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, CreateBucket, PutBucketCors, PutBucketLifecycleConfiguration.
    pub async fn setup_bucket(&self, allowed_origins: &[String]) -> Result<BucketSetup, StorageError> {
        if allowed_origins.is_empty() {
            let mistake = ConfigMistake { field: "allowed_origins", expected: "at least one origin, or *" };
            return Err(StorageError::Config { mistakes: vec![mistake] });
        }
        Ok(BucketSetup {
            created: self.create_bucket().await?,
            cors: tolerate(self.allow_browsers(allowed_origins).await)?,
            abort_incomplete: tolerate(self.drop_incomplete().await)?,
        })
    }

    /// Asks whether the bucket answers; for readiness.
    ///
    /// # Errors
    /// [`StorageError::BucketNotFound`], [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, HeadBucket.
    pub async fn check_bucket(&self) -> Result<(), StorageError> {
        let answer = self.client.head_bucket().bucket(&self.bucket).send().await;
        match answer.map_err(|error| StorageError::from_sdk("HeadBucket", &self.bucket, error)) {
            Ok(_) => Ok(()),
            Err(StorageError::NotFound { operation, key, source }) => {
                Err(StorageError::BucketNotFound { operation, key, source })
            }
            Err(error) => Err(error),
        }
    }

    async fn create_bucket(&self) -> Result<bool, StorageError> {
        match self.check_bucket().await {
            Ok(()) => return Ok(false),
            Err(StorageError::BucketNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        // The oldest region is the one that must not be named.
        let place = (self.region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        let answer =
            self.client.create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place).send().await;
        match answer.map_err(|error| StorageError::from_sdk("CreateBucket", &self.bucket, error)) {
            Ok(_) => Ok(true),
            // Two services may start at once: whoever lost the race finds the bucket and may use it.
            Err(conflict @ StorageError::Conflict { .. }) => {
                self.check_bucket().await.map(|()| false).or(Err(conflict))
            }
            Err(error) => Err(error),
        }
    }

    async fn allow_browsers(&self, allowed_origins: &[String]) -> Result<RuleOutcome, StorageError> {
        let ours = CorsRule::builder()
            .id(CORS_RULE)
            .set_allowed_origins(Some(allowed_origins.to_vec()))
            .set_allowed_methods(Some(["PUT", "POST", "GET", "HEAD"].map(str::to_owned).to_vec()))
            .allowed_headers("*")
            .expose_headers("ETag")
            .expose_headers("Location")
            .expose_headers("Retry-After")
            .max_age_seconds(PREFLIGHT_MAX_AGE_S)
            .build()
            .map_err(|error| self.unbuilt("PutBucketCors", error))?;
        let answer = self.client.get_bucket_cors().bucket(&self.bucket).send().await;
        let rules = match answer.map_err(|error| StorageError::from_sdk("GetBucketCors", &self.bucket, error)) {
            Ok(answer) => answer.cors_rules.unwrap_or_default(),
            // No configuration yet.
            Err(StorageError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let Some(rules) = with_ours(rules, ours, |rule| rule.id() == Some(CORS_RULE)) else {
            return Ok(RuleOutcome::AlreadyThere);
        };
        let rules = CorsConfiguration::builder().set_cors_rules(Some(rules)).build();
        self.client
            .put_bucket_cors()
            .bucket(&self.bucket)
            .cors_configuration(rules.map_err(|error| self.unbuilt("PutBucketCors", error))?)
            .send()
            .await
            .map_err(|error| StorageError::from_sdk("PutBucketCors", &self.bucket, error))?;
        Ok(RuleOutcome::Applied)
    }

    async fn drop_incomplete(&self) -> Result<RuleOutcome, StorageError> {
        let ours = LifecycleRule::builder()
            .id(ABORT_RULE)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(ABORT_AFTER_DAYS).build(),
            )
            .build()
            .map_err(|error| self.unbuilt("PutBucketLifecycleConfiguration", error))?;
        let answer = self.client.get_bucket_lifecycle_configuration().bucket(&self.bucket).send().await;
        let answer =
            answer.map_err(|error| StorageError::from_sdk("GetBucketLifecycleConfiguration", &self.bucket, error));
        let rules = match answer {
            Ok(answer) => answer.rules.unwrap_or_default(),
            // No configuration yet.
            Err(StorageError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let Some(rules) = with_ours(rules, ours, |rule| rule.id() == Some(ABORT_RULE)) else {
            return Ok(RuleOutcome::AlreadyThere);
        };
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        self.client
            .put_bucket_lifecycle_configuration()
            .bucket(&self.bucket)
            .lifecycle_configuration(rules.map_err(|error| self.unbuilt("PutBucketLifecycleConfiguration", error))?)
            .send()
            .await
            .map_err(|error| StorageError::from_sdk("PutBucketLifecycleConfiguration", &self.bucket, error))
            .map(|_| RuleOutcome::Applied)
            .map_err(without_abort_rules)
    }

    fn unbuilt(&self, operation: &'static str, error: BuildError) -> StorageError {
        StorageError::Refused { operation, key: self.bucket.clone(), status: None, code: None, source: error.into() }
    }
}

/// The rules with ours among them; `None` when it is there already and right.
fn with_ours<R: PartialEq>(mut rules: Vec<R>, ours: R, is_ours: impl Fn(&R) -> bool) -> Option<Vec<R>> {
    if rules.contains(&ours) {
        return None;
    }
    rules.retain(|rule| !is_ours(rule));
    rules.push(ours);
    Some(rules)
}

/// A store that knows lifecycles but no rule of this kind calls the whole document malformed.
fn without_abort_rules(error: StorageError) -> StorageError {
    match error {
        StorageError::Refused { operation, key, status: Some(400), source, .. } => {
            StorageError::NotSupported { operation, key, source }
        }
        error => error,
    }
}

fn tolerate(outcome: Result<RuleOutcome, StorageError>) -> Result<RuleOutcome, StorageError> {
    match outcome {
        Err(StorageError::NotSupported { .. }) => Ok(RuleOutcome::NotSupported),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_rule_is_replaced_and_the_others_stay() {
        let ours = |(name, _): &(&str, u32)| *name == "ours";
        assert_eq!(with_ours(vec![], ("ours", 1), ours), Some(vec![("ours", 1)]));
        assert_eq!(
            with_ours(vec![("ours", 1), ("other", 1)], ("ours", 2), ours),
            Some(vec![("other", 1), ("ours", 2)])
        );
        assert_eq!(with_ours(vec![("other", 1), ("ours", 2)], ("ours", 2), ours), None);
    }
}
