//! Reading what the API and the store answer; the same for both drivers.

use sealmark_protocol::{ErrorCode, Problem};

use crate::engine::{CallError, PutError};

/// A type that a JSON text may hold.
pub trait FromJson: Sized {
    /// Reads a JSON text; `None` where it is none, or holds something else.
    fn from_json(text: &str) -> Option<Self>;
}

#[cfg(not(target_arch = "wasm32"))]
impl<T: serde::de::DeserializeOwned> FromJson for T {
    fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(target_arch = "wasm32")]
impl<T: crate::browser::read::Read> FromJson for T {
    fn from_json(text: &str) -> Option<Self> {
        crate::browser::read::read(text)
    }
}

/// An answer as it came over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Header `Retry-After`.
    pub retry_after: Option<String>,
    /// The body's text.
    pub body: String,
}

impl Answer {
    /// The API's answer as what it promises.
    ///
    /// # Errors
    /// [`CallError::Refused`] for anything but a 2xx, with the code of its RFC 9457 body;
    /// [`CallError::BadAnswer`] for a 2xx whose body is not a `T`.
    pub fn json<T: FromJson>(&self) -> Result<T, CallError> {
        self.empty()?;
        T::from_json(&self.body).ok_or(CallError::BadAnswer)
    }

    /// The same for an answer whose body does not matter.
    ///
    /// # Errors
    /// [`CallError::Refused`] for anything but a 2xx.
    pub fn empty(&self) -> Result<(), CallError> {
        if matches!(self.status, 200..=299) {
            return Ok(());
        }
        let retry_after_ms = retry_after_ms(self.retry_after.as_deref());
        Err(match Problem::from_json(&self.body) {
            Some(problem) => CallError::Refused {
                status: self.status,
                code: problem.code,
                message: problem.detail.unwrap_or(problem.title),
                retry_after_ms,
            },
            // A proxy on the way answers in its own words.
            None => {
                let code = code_of_status(self.status);
                CallError::Refused { status: self.status, code, message: code.title().to_owned(), retry_after_ms }
            }
        })
    }

    /// The store's answer to a part.
    ///
    /// # Errors
    /// [`PutError::Refused`] for anything but a 2xx.
    pub fn part(&self, etag: Option<String>) -> Result<Option<String>, PutError> {
        if matches!(self.status, 200..=299) {
            return Ok(etag);
        }
        Err(PutError::Refused {
            status: self.status,
            code: self.store_code().to_owned(),
            retry_after_ms: retry_after_ms(self.retry_after.as_deref()),
        })
    }

    fn store_code(&self) -> &str {
        // The error of an expired URL is `AccessDenied` like many others; only it tells when it expired.
        match store_code(&self.body) {
            "AccessDenied" if ["<Expires>", "has expired"].iter().any(|words| find(&self.body, words).is_some()) => {
                EXPIRED
            }
            code => code,
        }
    }
}

/// The code of ours for a signature that the store finds expired: S3 has none of its own for that.
const EXPIRED: &str = "RequestExpired";

const fn code_of_status(status: u16) -> ErrorCode {
    match status {
        401 => ErrorCode::Unauthorized,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        413 => ErrorCode::BodyTooLarge,
        429 => ErrorCode::RateLimited,
        _ => ErrorCode::Unknown,
    }
}

/// Element `Code` of the store's XML error, empty where there is none.
///
/// Source: Amazon S3 API, REST error responses.
fn store_code(body: &str) -> &str {
    let Some(begin) = find(body, "<Code>") else { return "" };
    let rest = body.get(begin + "<Code>".len()..).unwrap_or_default();
    find(rest, "</Code>").and_then(|end| rest.get(..end)).unwrap_or_default().trim_ascii()
}

/// Where a text has these words; the standard library's search is made for longer ones, and large.
fn find(text: &str, words: &str) -> Option<usize> {
    text.as_bytes().windows(words.len()).position(|bytes| bytes == words.as_bytes())
}

/// `Retry-After` in seconds; the form with a date is left out, for clocks differ.
///
/// Source: RFC 9110, 10.2.3.
fn retry_after_ms(value: Option<&str>) -> Option<u64> {
    value?.trim_ascii().parse::<u32>().ok().map(|seconds| u64::from(seconds) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: Some("3".into()), body: body.into() }
    }

    #[test]
    fn the_apis_own_refusal_keeps_its_code_and_a_proxys_gets_one() {
        let problem = serde_json::to_string(&Problem::new(ErrorCode::TokenExpired, None, "r")).unwrap();
        let refused = answer(401, &problem).json::<u32>().unwrap_err();
        assert!(matches!(refused, CallError::Refused { code: ErrorCode::TokenExpired, .. }));
        let refused = answer(502, "<html>Bad Gateway</html>").empty().unwrap_err();
        assert!(refused.is_transient());
        assert!(matches!(refused, CallError::Refused { code: ErrorCode::Unknown, retry_after_ms: Some(3_000), .. }));
        assert_eq!(answer(200, "[]").json::<u32>(), Err(CallError::BadAnswer));
        assert_eq!(answer(200, "7").json::<u32>(), Ok(7));
    }

    #[test]
    fn the_stores_code_is_read_from_its_element() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Code</Message></Error>";
        let refused = answer(503, xml).part(None).unwrap_err();
        assert_eq!(refused, PutError::Refused { status: 503, code: "SlowDown".into(), retry_after_ms: Some(3_000) });
        let xml = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert!(matches!(answer(403, xml).part(None), Err(PutError::Refused { code, .. }) if code == EXPIRED));
        assert_eq!(store_code("<Code>"), "");
        assert_eq!(store_code(""), "");
    }
}
