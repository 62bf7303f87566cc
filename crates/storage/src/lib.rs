//! Object keys, presigned URLs and multipart uploads over aws-sdk-s3.
//!
//! *Invariant:* nothing else in the workspace writes a key by hand or sees an SDK type. Keys come from [`ObjectKey`];
//! what others put below a [`KeyPrefix`] is only read; and every failure is a [`StorageError`] that says whether the same call may succeed later.
//!
//! What is *not* leaned on: conditional writes. Stores differ in who wins a race, so versions go to keys that name
//! their own content, and fencing is the catalogue's.

mod bucket;
mod client;
mod config;
mod error;
mod form;
mod key;
mod listing;
mod multipart;
mod object;
mod presign;

pub use bucket::{BucketSetup, RuleOutcome};
pub use client::Store;
pub use config::{ConfigMistake, StoreConfig};
pub use error::StorageError;
pub use form::PresignedForm;
pub use key::{Extension, KeyError, ObjectKey};
pub use listing::{KeyPrefix, Listed, PrefixError};
pub use multipart::{StoreUploadId, UploadedPart, whole_crc};
pub use object::ObjectHead;
pub use presign::{PresignedRequest, PresignedUrl};
