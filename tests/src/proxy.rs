//! A TCP proxy between two parts of the line: counts what passes, holds it back, cuts it off.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinHandle,
};

/// What the proxy does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Passes them on.
    Open,
    /// Keeps answers back until it is open again; connections stay.
    Holding,
    /// Ends every connection, and refuses new ones.
    Cut,
}

/// Bytes that have passed.
#[derive(Debug, Default)]
struct Counts {
    towards_server: AtomicU64,
    towards_client: AtomicU64,
}

/// No limit on what clients may send.
const ENDLESS: u64 = u64::MAX;

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    gate: watch::Sender<Gate>,
    allowance: watch::Sender<u64>,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy on a free loopback port before a server's port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn before(port: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (gate, _) = watch::channel(Gate::Open);
        let (allowance, _) = watch::channel(ENDLESS);
        let counts = Arc::new(Counts::default());
        let accepting = tokio::spawn(accept(listener, port, gate.clone(), allowance.clone(), Arc::clone(&counts)));
        Ok(Self { address, gate, allowance, counts, accepting })
    }

    /// The proxy's own port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The proxy's address as an `http` origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that clients have sent through.
    pub fn sent_bytes(&self) -> u64 {
        self.counts.towards_server.load(Ordering::SeqCst)
    }

    /// Bytes that the server has answered with.
    pub fn answered_bytes(&self) -> u64 {
        self.counts.towards_client.load(Ordering::SeqCst)
    }

    /// Lets clients send only so many bytes more; then theirs wait until [`open`](Self::open).
    pub fn allow(&self, bytes: u64) {
        self.allowance.send_replace(self.sent_bytes() + bytes);
    }

    /// Keeps answers back from now on.
    pub fn hold(&self) {
        self.gate.send_replace(Gate::Holding);
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        self.gate.send_replace(Gate::Cut);
    }

    /// Lets everything pass again.
    pub fn open(&self) {
        self.allowance.send_replace(ENDLESS);
        self.gate.send_replace(Gate::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.gate.send_replace(Gate::Cut);
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    port: u16,
    gate: watch::Sender<Gate>,
    allowance: watch::Sender<u64>,
    counts: Arc<Counts>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if *gate.borrow() == Gate::Cut {
            continue;
        }
        let (gate, allowance, counts) = (gate.subscribe(), allowance.subscribe(), Arc::clone(&counts));
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let mut cut = gate.clone();
            tokio::select! {
                _ = cut.wait_for(|gate| *gate == Gate::Cut) => {}
                ((), ()) = async { tokio::join!(
                    send(from_client, to_server, allowance, &counts.towards_server),
                    answer(from_server, to_client, gate, &counts.towards_client),
                ) } => {}
            }
        });
    }
}

/// Copies what the client sends, within the allowance.
async fn send(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut allowance: watch::Receiver<u64>, count: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let so_far = count.load(Ordering::SeqCst);
        if allowance.wait_for(|allowed| *allowed >= so_far).await.is_err() {
            break;
        }
        count.fetch_add(length as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// Copies what the server answers, while the gate is open.
async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut gate: watch::Receiver<Gate>, count: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if gate.wait_for(|gate| *gate == Gate::Open).await.is_err() {
            break;
        }
        count.fetch_add(length as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
