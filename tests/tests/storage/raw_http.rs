//! Requests that no proper client would send.

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// An answer: status, and all that followed.
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// Opens a connection to the host of a URL.
pub(crate) async fn connect(url: &Url) -> Result<TcpStream> {
    let host = url.host_str().context("no host")?;
    Ok(TcpStream::connect((host, url.port_or_known_default().context("no port")?)).await?)
}

/// Sends a GET with a target that is taken as it is: nothing resolves its dots.
pub(crate) async fn get(endpoint: &str, target: &str) -> Result<RawAnswer> {
    let url: Url = endpoint.parse()?;
    let mut stream = connect(&url).await?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.authority());
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).context("no status")?.parse()?;
    Ok(RawAnswer { status, text })
}
