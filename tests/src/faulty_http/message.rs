//! As much of HTTP/1.1 as passing it on needs. Source: RFC 9112.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// Longest head that is read, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// The first line and the headers of a request or an answer.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// As it came, the empty line included.
    pub(super) raw: Vec<u8>,
    start: Vec<String>,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads one; `None` where the peer has ended the connection between two.
    pub(super) async fn read<R: AsyncRead + Unpin>(from: &mut BufReader<R>) -> io::Result<Option<Self>> {
        let mut raw = Vec::new();
        while !raw.ends_with(b"\r\n\r\n") {
            let length = from.read_until(b'\n', &mut raw).await?;
            if length == 0 {
                return if raw.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            if raw.len() > HEAD_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let text = String::from_utf8_lossy(&raw).into_owned();
        let mut lines = text.lines();
        let start = lines.next().unwrap_or("").splitn(3, ' ').map(str::to_owned).collect();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.filter_map(header).collect();
        Ok(Some(Self { raw, start, headers }))
    }

    pub(super) fn method(&self) -> &str {
        self.start.first().map_or("", String::as_str)
    }

    /// Path and query.
    pub(super) fn target(&self) -> (&str, &str) {
        let target = self.start.get(1).map_or("", String::as_str);
        target.split_once('?').unwrap_or((target, ""))
    }

    /// Status of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.start.get(1)?.parse().ok()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Length of the body, 0 where none is announced: browsers announce each.
    pub(super) fn content_length(&self) -> u64 {
        self.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// Reads a body and throws it away.
pub(super) async fn drain<R: AsyncRead + Unpin>(from: &mut R, length: u64, count: impl Fn(u64)) -> io::Result<()> {
    pass_body(from, &mut tokio::io::sink(), length, false, count).await
}

/// Passes a body on, its first byte flipped where that is wanted. Where nobody takes it any more it is read all the same.
pub(super) async fn pass_body<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: &mut R,
    to: &mut W,
    length: u64,
    flip: bool,
    count: impl Fn(u64),
) -> io::Result<()> {
    let (mut left, mut taken, mut flip) = (length, true, flip);
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let length = from.read(&mut buffer[..wanted]).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        count(length as u64);
        left -= length as u64;
        if std::mem::take(&mut flip) {
            buffer[0] ^= 1;
        }
        taken = taken && to.write_all(&buffer[..length]).await.is_ok();
    }
    Ok(())
}

/// Passes an answer back, by the framing that its head announces.
pub(super) async fn pass_answer<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: &mut BufReader<R>,
    to: &mut W,
    answer: &Head,
    request: &Head,
) -> io::Result<()> {
    to.write_all(&answer.raw).await?;
    if request.method() == "HEAD" || matches!(answer.status(), Some(100..=199 | 204 | 304)) {
        return Ok(());
    }
    if answer.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return pass_chunked(from, to).await;
    }
    if answer.header("content-length").is_some() {
        tokio::io::copy(&mut from.take(answer.content_length()), to).await?;
        return Ok(());
    }
    tokio::io::copy(from, to).await?;
    // Only the end of the connection tells the client that this was all.
    Err(io::ErrorKind::ConnectionAborted.into())
}

async fn pass_chunked<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: &mut BufReader<R>,
    to: &mut W,
) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        from.read_until(b'\n', &mut line).await?;
        to.write_all(&line).await?;
        let text = String::from_utf8_lossy(&line);
        let size = text.trim().split(';').next().unwrap_or("");
        let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            break;
        }
        tokio::io::copy(&mut (&mut *from).take(size + 2), to).await?;
    }
    // Trailers, and the empty line after them.
    loop {
        let mut line = Vec::new();
        let length = from.read_until(b'\n', &mut line).await?;
        to.write_all(&line).await?;
        if length <= 2 {
            return Ok(());
        }
    }
}
