//! What a relay does instead of passing on.

use super::message::Head;

/// An answer of the relay's own.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: u16,
    headers: String,
    body: String,
}

impl Reply {
    pub(super) fn to_http(&self) -> String {
        let (status, headers, body) = (self.status, &self.headers, &self.body);
        let length = body.len();
        format!("HTTP/1.1 {status} Fault\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
    }
}

/// What befalls a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Its body is read, and the relay answers.
    Answer(Reply),
    /// Its body is read, and nobody answers.
    Silence,
    /// The connection is reset after so many bytes of its body.
    ResetAfter(u64),
    /// The server does what is asked, but its answer is lost: the connection is reset.
    LoseAnswer,
    /// The first byte of its body is another one when it arrives.
    FlipByte,
}

impl Fault {
    /// An S3 error as AWS words it, readable for every page.
    ///
    /// Source: S3 API, REST error responses.
    pub fn s3(status: u16, code: &str, message: &str) -> Self {
        Self::Answer(Reply {
            status,
            headers: "content-type: application/xml\r\n\
                      access-control-allow-origin: *\r\n\
                      access-control-expose-headers: ETag, Retry-After\r\n"
                .to_owned(),
            body: s3_error(code, message),
        })
    }

    /// An answer of a gateway before our API, which knows nothing of our codes.
    pub fn gateway(status: u16) -> Self {
        Self::Answer(Reply {
            status,
            headers: "content-type: text/html\r\n".to_owned(),
            body: format!("<html><title>{status}</title></html>"),
        })
    }

    /// The same answer with the header `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        match self {
            Self::Answer(mut reply) => {
                reply.headers.push_str(&format!("retry-after: {seconds}\r\n"));
                Self::Answer(reply)
            }
            other => other,
        }
    }
}

fn s3_error(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>"
    )
}

/// Which requests a rule is for. Preflights never meet one, but by [`When::Preflight`].
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Whatever brings bytes of a file: PUT, and POST of a form.
    Bytes,
    /// The PUT of this part.
    Part(u32),
    /// A method and how the path ends, for example `POST` and `/complete`.
    Call(&'static str, &'static str),
    /// Everything below `/v1`.
    AnyCall,
    /// A CORS preflight.
    Preflight,
}

/// A fault for some requests.
#[derive(Debug, Clone)]
pub struct Rule {
    when: When,
    fault: Fault,
    skip: u32,
    times: u32,
}

impl Rule {
    /// Strikes every such request.
    pub const fn always(when: When, fault: Fault) -> Self {
        Self { when, fault, skip: 0, times: u32::MAX }
    }

    /// Strikes the first so many of them.
    pub const fn times(when: When, times: u32, fault: Fault) -> Self {
        Self { when, fault, skip: 0, times }
    }

    /// Lets so many of them pass first.
    #[must_use]
    pub const fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    pub(super) fn fits(&self, head: &Head) -> bool {
        let ((path, query), method) = (head.target(), head.method());
        match self.when {
            When::Bytes => matches!(method, "PUT" | "POST"),
            When::Part(number) => {
                method == "PUT" && query.split('&').any(|pair| pair == format!("partNumber={number}"))
            }
            When::Call(wanted, end) => method == wanted && path.ends_with(end),
            When::AnyCall => method != "OPTIONS" && path.starts_with("/v1/"),
            When::Preflight => method == "OPTIONS",
        }
    }

    /// The fault, where this request is one of those that it strikes.
    pub(super) fn strike(&mut self) -> Option<Fault> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.fault.clone())
    }
}
