//! Is a server there yet? Asked over plain TCP, so that xtask needs no HTTP client.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::children::Children;

/// Longest wait for a server; the slowest known needs a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a server's answer to `question` contains `answer`.
///
/// # Errors
/// When a child ends meanwhile, or the time is over.
pub(crate) fn wait(name: &str, port: u16, question: &str, answer: &str, children: &mut Children) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        children.check()?;
        if ask(port, question).is_some_and(|reply| reply.contains(answer)) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    bail!("{name} on port {port} does not answer after {PATIENCE:?}")
}

/// The question of an HTTP GET.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

fn ask(port: u16, question: &str) -> Option<String> {
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(question.as_bytes()).ok()?;
    let mut reply = Vec::new();
    let mut some = [0; 4_096];
    // Redis keeps the connection open, HTTP closes it: whatever comes within the time is the answer.
    while let Ok(length @ 1..) = stream.read(&mut some) {
        reply.extend_from_slice(&some[..length]);
        if reply.starts_with(b"+") || reply.len() > 65_536 {
            break;
        }
    }
    Some(String::from_utf8_lossy(&reply).into_owned())
}

/// Whether nothing listens on a loopback port.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// SeaweedFS serves gRPC this far above each of its ports.
pub(crate) const GRPC_OFFSET: u16 = 10_000;

/// A free loopback port, below the range that the system gives to outgoing connections; the port 10,000 above is too.
///
/// # Errors
/// When there is none after many tries.
pub(crate) fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::random_range(12_000..22_000);
        if is_free(port) && is_free(port + GRPC_OFFSET) {
            return Ok(port);
        }
    }
    bail!("no free loopback port in 12000 to 22000")
}

/// Several such ports, no two the same.
///
/// # Errors
/// As [`free_port`].
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    for index in 0..N {
        ports[index] = loop {
            let port = free_port()?;
            if !ports[..index].contains(&port) {
                break port;
            }
        };
    }
    Ok(ports)
}
