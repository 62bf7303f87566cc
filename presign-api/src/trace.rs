//! W3C trace context: taken from the request, passed on with the event.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

/// The request's `traceparent`, where it has a well-formed one.
///
/// Source: W3C Trace Context, section 3.2.
pub(crate) struct TraceParent(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for TraceParent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get("traceparent").and_then(|value| value.to_str().ok());
        Ok(Self(value.filter(|value| is_well_formed(value)).map(str::to_owned)))
    }
}

fn is_well_formed(value: &str) -> bool {
    let fields: Vec<&str> = value.split('-').collect();
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let [version, trace, parent, flags] = fields[..] else { return false };
    hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2)
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn only_the_form_of_the_standard_passes() {
        assert!(is_well_formed("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for bad in ["", "00-x-y-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
