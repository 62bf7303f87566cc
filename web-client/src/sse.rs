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
    event: Vec<u8>,
    data: Vec<u8>,
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
        let mut line = &bytes[..];
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            return self.end_event();
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.event = value.to_vec(),
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
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
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let event = if event.is_empty() { "message".to_owned() } else { text(&event) };
        whole.then(|| SseEvent { event, data: text(&data) })
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
