//! What a relay remembers of a request.

use std::time::Instant;

use super::message::Head;

/// One request and what came of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Query, without the question mark.
    pub query: String,
    /// Length of the body as announced, in bytes.
    pub length: u64,
    /// Bytes of the body that came.
    pub body_bytes: u64,
    /// What the server answered; `None` where it was never asked or never answered.
    pub server_status: Option<u16>,
    /// What the client was answered.
    pub status: Option<u16>,
    /// Whether a rule struck.
    pub faulty: bool,
    /// When the request came.
    pub begun_at: Instant,
    /// When the client was answered.
    pub answered_at: Option<Instant>,
    /// Whether nothing more comes of it.
    pub ended: bool,
}

impl Exchange {
    pub(super) fn of(head: &Head, faulty: bool) -> Self {
        let (path, query) = head.target();
        Self {
            method: head.method().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            length: head.content_length(),
            body_bytes: 0,
            server_status: None,
            status: None,
            faulty,
            begun_at: Instant::now(),
            answered_at: None,
            ended: false,
        }
    }

    pub(super) fn answer(&mut self, status: Option<u16>) {
        self.status = status;
        self.answered_at = Some(Instant::now());
    }

    /// Whether it brings bytes of a file to a store: a part, or a form.
    pub fn brings_bytes(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "POST")
    }

    /// Which part of which object it brings; forms and whole objects count as part 1.
    pub fn part(&self) -> (String, u32) {
        let value = |name: &str| {
            let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        let object = value("uploadId").unwrap_or(&self.path).to_owned();
        (object, value("partNumber").and_then(|number| number.parse().ok()).unwrap_or(1))
    }

    /// Whether the server took the request and the client was told so.
    pub fn is_acknowledged(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}
