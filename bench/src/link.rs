//! A shaped link: a TCP proxy with a rate, a round trip, and connections that break.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

/// What is read at once; small against what a link carries in a round trip.
const PIECE_BYTES: usize = 16 * 1024;
/// What the system may take from a sender before the link has carried it.
const RECEIVE_BUFFER_BYTES: u32 = 128 * 1024;
/// Pieces on their way in one direction.
const IN_FLIGHT: usize = 256;
/// A timer that comes late must not cost bandwidth: so much is made up for.
const LATE: Duration = Duration::from_millis(10);

/// How a link behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    /// Bytes a second towards the server.
    pub(crate) bytes_per_s: u64,
    /// Whether all connections share that, or each has as much.
    pub(crate) shared: bool,
    /// There and back.
    pub(crate) round_trip: Duration,
    /// Each connection is reset when it has carried so many bytes towards the server.
    pub(crate) reset_after_bytes: Option<u64>,
}

impl Profile {
    /// 50 Mbit/s for each connection, 80 ms.
    pub(crate) const A: Self = Self {
        bytes_per_s: 50_000_000 / 8,
        shared: false,
        round_trip: Duration::from_millis(80),
        reset_after_bytes: None,
    };
    /// 50 Mbit/s for all connections together, 40 ms.
    pub(crate) const B: Self = Self { shared: true, round_trip: Duration::from_millis(40), ..Self::A };
    /// The machine's own loopback, counted only.
    pub(crate) const OPEN: Self =
        Self { bytes_per_s: u64::MAX, shared: false, round_trip: Duration::ZERO, reset_after_bytes: None };

    /// The same with each connection reset after 21 MiB.
    pub(crate) const fn with_resets(self) -> Self {
        Self { reset_after_bytes: Some(21 << 20), ..self }
    }
}

/// When the link is free for the next piece.
#[derive(Debug)]
struct Lane {
    bytes_per_s: u64,
    free_at: Mutex<Instant>,
}

impl Lane {
    fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s, free_at: Mutex::new(Instant::now()) }
    }

    /// Takes the time that a piece needs; when it will have left.
    fn take(&self, bytes: usize) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        if self.bytes_per_s == u64::MAX {
            return now;
        }
        let start = (*free_at).max(now.checked_sub(LATE).unwrap_or(now));
        *free_at = start + Duration::from_nanos(bytes as u64 * 1_000_000_000 / self.bytes_per_s);
        *free_at
    }
}

#[derive(Debug)]
struct Rules {
    profile: Profile,
    shared: Arc<Lane>,
}

/// A running link; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Link {
    address: SocketAddr,
    rules: Arc<Mutex<Rules>>,
    up: watch::Sender<bool>,
    sent: Arc<AtomicU64>,
    resets: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Link {
    /// A link on a free loopback port before a server's port.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) fn before(port: u16) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Connections inherit it: else the system swallows megabytes that the link has not carried.
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(128)?;
        let address = listener.local_addr()?;
        let rules = Arc::new(Mutex::new(Rules { profile: Profile::OPEN, shared: Arc::new(Lane::new(u64::MAX)) }));
        let (up, watched) = watch::channel(true);
        let (sent, resets) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let accepting =
            Accepting { listener, port, rules: rules.clone(), up: watched, sent: sent.clone(), resets: resets.clone() };
        Ok(Self { address, rules, up, sent, resets, accepting: tokio::spawn(accepting.run()) })
    }

    /// The link's own port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How connections from now on behave. Ends those of before, and counts from 0.
    pub(crate) fn shape(&self, profile: Profile) {
        self.cut();
        *self.rules.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Rules { profile, shared: Arc::new(Lane::new(profile.bytes_per_s)) };
        self.sent.store(0, Ordering::SeqCst);
        self.resets.store(0, Ordering::SeqCst);
        self.open();
    }

    /// Bytes that clients have sent through.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Connections that were reset because they had carried enough.
    pub(crate) fn resets(&self) -> u64 {
        self.resets.load(Ordering::SeqCst)
    }

    /// Ends every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Takes connections again.
    pub(crate) fn open(&self) {
        self.up.send_replace(true);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

struct Accepting {
    listener: TcpListener,
    port: u16,
    rules: Arc<Mutex<Rules>>,
    up: watch::Receiver<bool>,
    sent: Arc<AtomicU64>,
    resets: Arc<AtomicU64>,
}

impl Accepting {
    async fn run(self) {
        while let Ok((client, _)) = self.listener.accept().await {
            // Whatever ends a connection here, the other side is to see a reset, as from a link that broke.
            let _ = client.set_zero_linger();
            if !*self.up.borrow() {
                continue;
            }
            let (profile, lane) = {
                let rules = self.rules.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let own = || Arc::new(Lane::new(rules.profile.bytes_per_s));
                (rules.profile, if rules.profile.shared { rules.shared.clone() } else { own() })
            };
            let (mut up, sent, resets, port) = (self.up.clone(), self.sent.clone(), self.resets.clone(), self.port);
            // Marked as seen, or a change of before would end it at once.
            up.borrow_and_update();
            tokio::spawn(async move {
                // The handshake's own round trip.
                sleep(profile.round_trip).await;
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let one_way = profile.round_trip / 2;
                let towards = Direction { lane, one_way, limit: profile.reset_after_bytes, count: Some(sent) };
                let back = Direction { lane: Arc::new(Lane::new(u64::MAX)), one_way, limit: None, count: None };
                tokio::select! {
                    // A cut and a reset drop both halves at once.
                    _ = up.changed() => {}
                    Carried::Enough = towards.carry(from_client, to_server) => { resets.fetch_add(1, Ordering::SeqCst); }
                    _ = back.carry(from_server, to_client) => {}
                }
            });
        }
    }
}

#[derive(PartialEq, Eq)]
enum Carried {
    All,
    Enough,
}

struct Direction {
    lane: Arc<Lane>,
    one_way: Duration,
    limit: Option<u64>,
    count: Option<Arc<AtomicU64>>,
}

impl Direction {
    async fn carry(self, from: OwnedReadHalf, to: OwnedWriteHalf) -> Carried {
        let (queue, arriving) = mpsc::channel(IN_FLIGHT);
        let (carried, ()) = tokio::join!(self.read(from, queue), write(to, arriving));
        carried
    }

    async fn read(self, mut from: OwnedReadHalf, queue: mpsc::Sender<(Instant, Bytes)>) -> Carried {
        let mut total = 0;
        loop {
            let mut piece = BytesMut::with_capacity(PIECE_BYTES);
            let Ok(length @ 1..) = from.read_buf(&mut piece).await else { return Carried::All };
            let left_at = self.lane.take(length);
            sleep_until(left_at).await;
            if let Some(count) = &self.count {
                count.fetch_add(length as u64, Ordering::SeqCst);
            }
            total += length as u64;
            if self.limit.is_some_and(|limit| total > limit) {
                return Carried::Enough;
            }
            if queue.send((left_at + self.one_way, piece.freeze())).await.is_err() {
                return Carried::All;
            }
        }
    }
}

async fn write(mut to: OwnedWriteHalf, mut arriving: mpsc::Receiver<(Instant, Bytes)>) {
    while let Some((at, piece)) = arriving.recv().await {
        sleep_until(at).await;
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends bytes through a link; what the server behind it got before the end or the reset.
    async fn through(profile: Profile, bytes: usize) -> usize {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::before(server.local_addr().unwrap().port()).unwrap();
        link.shape(profile);
        let mut client = TcpStream::connect(("127.0.0.1", link.port())).await.unwrap();
        let sending = tokio::spawn(async move {
            let _ = client.write_all(&vec![7; bytes]).await;
            let _ = client.shutdown().await;
            let _ = client.read(&mut [0]).await;
        });
        let (mut accepted, _) = server.accept().await.unwrap();
        let mut got = Vec::new();
        let _ = accepted.read_to_end(&mut got).await;
        drop(accepted);
        sending.await.unwrap();
        got.len()
    }

    #[tokio::test]
    async fn everything_passes_but_past_the_reset() {
        let fast = Profile { bytes_per_s: 200 << 20, shared: true, ..Profile::OPEN };
        assert_eq!(through(Profile::OPEN, 3 << 20).await, 3 << 20);
        assert_eq!(through(fast, 3 << 20).await, 3 << 20);
        let cut = through(Profile { reset_after_bytes: Some(1 << 20), ..fast }, 3 << 20).await;
        assert!(cut <= 1 << 20, "{cut} bytes passed");
    }
}
