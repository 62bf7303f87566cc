//! A TCP proxy between two parts of the line: counts what passes, holds it back, slows it down, cuts it off.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::ReadHalf, tcp::WriteHalf},
    sync::{Mutex, mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// What the proxy does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Passes them on.
    Open,
    /// Keeps answers back until it is open again; connections stay.
    Holding,
    /// Passes nothing in either direction, as a network that drops every packet; connections stay, new ones come up.
    Swallowing,
    /// Ends every connection, and refuses new ones.
    Cut,
}

/// What the link is like now.
#[derive(Debug, Clone, Copy)]
struct Link {
    gate: Gate,
    /// Clients may have sent so many bytes in all.
    allowance: u64,
    /// Each direction is this late.
    delay: Duration,
    /// Bytes a second that all clients together may send.
    rate: u64,
    /// A connection is reset when its client has sent so many bytes by it.
    reset_every: u64,
    /// A connection's answers end, without a word and without the rest, after so many bytes of them.
    half_close_after: u64,
    /// Connections of an earlier round are reset.
    round: u64,
}

/// No limit.
const ENDLESS: u64 = u64::MAX;

impl Link {
    const CLEAN: Self = Self {
        gate: Gate::Open,
        allowance: ENDLESS,
        delay: Duration::ZERO,
        rate: ENDLESS,
        reset_every: ENDLESS,
        half_close_after: ENDLESS,
        round: 0,
    };
}

/// Bytes and connections that have passed.
#[derive(Debug, Default)]
struct Counts {
    towards_server: AtomicU64,
    towards_client: AtomicU64,
    resets: AtomicU64,
    /// When the link is free for the next bytes of a client.
    free_at: Mutex<Option<Instant>>,
}

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    link: watch::Sender<Link>,
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
        let (link, _) = watch::channel(Link::CLEAN);
        let counts = Arc::new(Counts::default());
        let accepting = tokio::spawn(accept(listener, port, link.clone(), Arc::clone(&counts)));
        Ok(Self { address, link, counts, accepting })
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

    /// Connections that were reset by [`reset_every`](Self::reset_every).
    pub fn resets(&self) -> u64 {
        self.counts.resets.load(Ordering::SeqCst)
    }

    /// Lets clients send only so many bytes more; then theirs wait until [`open`](Self::open).
    pub fn allow(&self, bytes: u64) {
        self.link.send_modify(|link| link.allowance = self.sent_bytes() + bytes);
    }

    /// Keeps answers back from now on.
    pub fn hold(&self) {
        self.link.send_modify(|link| link.gate = Gate::Holding);
    }

    /// Lets nothing pass from now on and says nothing about it.
    pub fn swallow(&self) {
        self.link.send_modify(|link| link.gate = Gate::Swallowing);
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        self.link.send_modify(|link| link.gate = Gate::Cut);
    }

    /// Resets every connection (RST); new ones pass.
    pub fn reset(&self) {
        self.link.send_modify(|link| link.round += 1);
    }

    /// Resets each connection when its client has sent so many bytes by it.
    pub fn reset_every(&self, bytes: u64) {
        self.link.send_modify(|link| link.reset_every = bytes);
    }

    /// Ends the answers of each connection in the middle, after so many bytes, and goes on taking what is sent.
    pub fn half_close_after(&self, bytes: u64) {
        self.link.send_modify(|link| link.half_close_after = bytes);
    }

    /// Makes the link slow: each direction late by `delay`, clients together no faster than `bytes_per_s`.
    pub fn slow_down(&self, delay: Duration, bytes_per_s: u64) {
        self.link.send_modify(|link| (link.delay, link.rate) = (delay, bytes_per_s.max(1)));
    }

    /// Lets everything pass again, as fast as it can.
    pub fn open(&self) {
        self.link.send_modify(|link| *link = Link { round: link.round, ..Link::CLEAN });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, port: u16, link: watch::Sender<Link>, counts: Arc<Counts>) {
    while let Ok((client, _)) = listener.accept().await {
        if link.borrow().gate == Gate::Cut {
            continue;
        }
        tokio::spawn(connection(client, port, link.subscribe(), Arc::clone(&counts)));
    }
}

/// A connection has sent what it may; it is to be reset.
struct Spent;

async fn connection(mut client: TcpStream, port: u16, link: watch::Receiver<Link>, counts: Arc<Counts>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (round, mut watched) = (link.borrow().round, link.clone());
    let reset = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            ended = watched.wait_for(|link| link.gate == Gate::Cut || link.round != round) => {
                ended.is_ok_and(|link| link.gate != Gate::Cut)
            }
            passed = async { tokio::try_join!(
                send(from_client, to_server, link.clone(), &counts),
                answer(from_server, to_client, link.clone(), &counts.towards_client),
            ) } => passed.is_err(),
        }
    };
    if reset {
        counts.resets.fetch_add(1, Ordering::SeqCst);
        let _ = client.set_zero_linger();
    }
}

/// Bytes on their way, and when they are there.
type Late = (Instant, Vec<u8>);
/// Reads on their way at once, at most: what fits into a long link.
const ON_THE_WAY: usize = 64;

/// Passes on what the client sends, within the allowance, the speed and the life of its connection.
async fn send(
    mut from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    mut link: watch::Receiver<Link>,
    counts: &Counts,
) -> Result<(), Spent> {
    let (late, due) = mpsc::channel::<Late>(ON_THE_WAY);
    let reading = async move {
        let (mut buffer, mut by_this) = (vec![0; 64 * 1024], 0);
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let so_far = counts.towards_server.load(Ordering::SeqCst);
            let passes = |link: &Link| link.allowance >= so_far && link.gate != Gate::Swallowing;
            let Ok(now) = link.wait_for(passes).await.map(|link| *link) else { break };
            by_this += length as u64;
            if by_this > now.reset_every {
                return Err(Spent);
            }
            if now.rate != ENDLESS {
                let mut free_at = counts.free_at.lock().await;
                let begin = free_at.map_or_else(Instant::now, |at| at.max(Instant::now()));
                *free_at = Some(begin + Duration::from_secs_f64(length as f64 / now.rate as f64));
                drop(free_at);
                sleep_until(begin).await;
            }
            counts.towards_server.fetch_add(length as u64, Ordering::SeqCst);
            if late.send((Instant::now() + now.delay, buffer[..length].to_vec())).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let delivering = async {
        deliver(due, to).await;
        Ok(())
    };
    tokio::try_join!(reading, delivering)?;
    Ok(())
}

/// Passes on what the server answers, while the gate is open.
async fn answer(
    mut from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    mut link: watch::Receiver<Link>,
    count: &AtomicU64,
) -> Result<(), Spent> {
    let (late, due) = mpsc::channel::<Late>(ON_THE_WAY);
    let reading = async move {
        let (mut buffer, mut by_this) = (vec![0; 64 * 1024], 0);
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let Ok(now) = link.wait_for(|link| link.gate == Gate::Open).await.map(|link| *link) else { break };
            let passed = (now.half_close_after.saturating_sub(by_this)).min(length as u64);
            by_this += passed;
            count.fetch_add(passed, Ordering::SeqCst);
            let bytes = buffer[..passed as usize].to_vec();
            if late.send((Instant::now() + now.delay, bytes)).await.is_err() || passed < length as u64 {
                break;
            }
        }
    };
    tokio::join!(reading, deliver(due, to));
    Ok(())
}

/// Hands bytes over when they are due, and then the end.
async fn deliver(mut due: mpsc::Receiver<Late>, mut to: WriteHalf<'_>) {
    while let Some((at, bytes)) = due.recv().await {
        sleep_until(at).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
