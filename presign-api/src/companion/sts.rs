//! `GET /s3/sts`: refused. Credentials of the store would let a page write without a record, over any limit, and beside
//! its own keys.

use sealmark_protocol::ErrorCode;

use super::caller::CompanionCaller;
use crate::problem::ApiError;

pub(super) async fn refuse(_: CompanionCaller) -> ApiError {
    ApiError::new(ErrorCode::Forbidden)
        .because("temporary credentials are not given out; leave getTemporarySecurityCredentials unset")
}
