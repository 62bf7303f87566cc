//! A parser for server-sent events, fed with bytes as they come.
//!
//! Source: HTML Living Standard, 9.2 "Server-sent events". `id` and `retry` are left out: our stream needs neither.

/// Longest event that is kept, in bytes; one that is longer is dropped, so that no server can fill the memory.
const LONGEST_EVENT_BYTES: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent {
    /// Its type, `message` where the server gave none.
    pub event: String,
    /// Its data, lines joined by a line feed.
    pub data: String,
}

/// The parser of one stream.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    event: String,
    data: String,
    has_data: bool,
    too_long: bool,
    after_cr: bool,
    begun: bool,
}

impl SseParser {
    /// Takes the next bytes of the stream; the events that they complete, in order.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        let mut events = Vec::new();
        for byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ if self.line.len() + self.data.len() < LONGEST_EVENT_BYTES => self.line.push(*byte),
                _ => self.too_long = true,
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let line = if self.begun { &*line } else { line.strip_prefix('\u{feff}').unwrap_or(&line) };
        self.begun = true;
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            // A comment has an empty field name; fields that we do not know are to be ignored.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        let whole = std::mem::take(&mut self.has_data) && !std::mem::take(&mut self.too_long);
        let event = if event.is_empty() { "message".to_owned() } else { event };
        whole.then_some(SseEvent { event, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Vec<(String, String)> {
        SseParser::default().push(text.as_bytes()).into_iter().map(|event| (event.event, event.data)).collect()
    }

    fn pair(event: &str, data: &str) -> (String, String) {
        (event.to_owned(), data.to_owned())
    }

    #[test]
    fn events_comments_and_line_ends() {
        assert_eq!(parse("event: media\ndata: {}\n\n"), [pair("media", "{}")]);
        assert_eq!(
            parse("\u{feff}data:a\r\ndata: b\r\n\r\n: hello\r\rdata\n\n"),
            [pair("message", "a\nb"), pair("message", "")]
        );
        assert_eq!(parse(":\n\nevent: lost\n\nid: 1\nretry: 9\ndata:  x\n\n"), [pair("message", " x")]);
        assert_eq!(parse("data: not finished\n"), []);
    }

    #[test]
    fn an_endless_event_is_dropped_and_the_next_one_read() {
        let mut parser = SseParser::default();
        parser.push(b"data: ");
        for _ in 0..LONGEST_EVENT_BYTES / 1_000 + 10 {
            assert_eq!(parser.push(&[b'x'; 1_000]), []);
        }
        assert_eq!(parser.push(b"\n\n"), []);
        assert_eq!(parser.push(b"data: y\n\n").len(), 1);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(event: m|data: é|:c|\r|\n|\r\n|x){0,40}\n\n", cuts in proptest::collection::vec(1..5_usize, 0..80)) {
            let mut parser = SseParser::default();
            let mut found = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                found.extend(parser.push(now));
                rest = later;
            }
            found.extend(parser.push(rest));
            prop_assert_eq!(found, SseParser::default().push(text.as_bytes()));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            SseParser::default().push(&bytes);
        }
    }
}
