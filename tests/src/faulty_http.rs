//! An HTTP relay before a server that answers some requests itself, or breaks them off, as a test says; it keeps a
//! record of every exchange, so that a test can tell which bytes were sent twice.

mod exchange;
mod fault;
mod message;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU16, Ordering},
    },
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use self::message::{Head, drain, pass_answer, pass_body};
pub use self::{
    exchange::Exchange,
    fault::{Fault, Reply, Rule, When},
};

/// A running relay; it ends when dropped.
pub struct FaultyHttp {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    /// The server's port; 0 while there is none.
    target: AtomicU16,
    script: Mutex<Script>,
    /// Requests that wait for nothing wait no longer when it changes.
    round: watch::Sender<u64>,
}

#[derive(Default)]
struct Script {
    rules: Vec<Rule>,
    exchanges: Vec<Exchange>,
}

impl FaultyHttp {
    /// A relay on a free loopback port; it passes nothing until it knows [where to](Self::towards).
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (round, _) = watch::channel(0);
        let shared = Arc::new(Shared { target: AtomicU16::new(0), script: Mutex::default(), round });
        let accepting = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let shared = Arc::clone(&shared);
                    // A connection that breaks is what this is for; its exchange tells how far it came.
                    tokio::spawn(async move { serve(client, &shared).await.ok() });
                }
            }
        });
        Ok(Self { address, shared, accepting })
    }

    /// Names the server's loopback port.
    pub fn towards(&self, port: u16) {
        self.shared.target.store(port, Ordering::SeqCst);
    }

    /// The relay's own port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds a rule; of several that fit a request, the first counts.
    pub fn add(&self, rule: Rule) {
        self.shared.script().rules.push(rule);
    }

    /// Takes every rule away, and breaks off what waits for an answer that never comes.
    pub fn heal(&self) {
        self.shared.script().rules.clear();
        self.shared.round.send_modify(|round| *round += 1);
    }

    /// Forgets rules and record.
    pub fn begin_again(&self) {
        self.heal();
        self.shared.script().exchanges.clear();
    }

    /// How often rules have struck since the last [`begin_again`](Self::begin_again).
    pub fn struck(&self) -> usize {
        self.shared.script().exchanges.iter().filter(|exchange| exchange.faulty).count()
    }

    /// Every exchange since then, in the order of their requests.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.script().exchanges.clone()
    }
}

impl Drop for FaultyHttp {
    fn drop(&mut self) {
        self.accepting.abort();
        self.heal();
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Notes a request and says what is to be done with it.
    fn begin(&self, head: &Head) -> (usize, Option<Fault>) {
        let mut script = self.script();
        let fault = script.rules.iter_mut().filter(|rule| rule.fits(head)).find_map(Rule::strike);
        script.exchanges.push(Exchange::of(head, fault.is_some()));
        (script.exchanges.len() - 1, fault)
    }

    /// Changes the record of a request, unless it was forgotten meanwhile.
    fn note(&self, index: usize, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.script().exchanges.get_mut(index) {
            change(exchange);
        }
    }
}

/// Serves one client's connection until either side ends it.
async fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    while let Some(head) = Head::read(&mut client).await? {
        let (index, fault) = shared.begin(&head);
        let next = exchange(&mut client, &head, shared, index, fault).await;
        shared.note(index, |exchange| exchange.ended = true);
        match next? {
            Next::GoOn => {}
            Next::Reset => return client.into_inner().set_zero_linger(),
        }
    }
    Ok(())
}

/// What becomes of a connection after an exchange.
enum Next {
    GoOn,
    /// It ends by RST, as a broken link does.
    Reset,
}

async fn exchange(
    client: &mut BufReader<TcpStream>,
    head: &Head,
    shared: &Shared,
    index: usize,
    fault: Option<Fault>,
) -> io::Result<Next> {
    let count = |bytes: u64| shared.note(index, |exchange| exchange.body_bytes += bytes);
    match fault {
        None => forward(client, head, shared, index, Spoil::Nothing).await?,
        Some(Fault::FlipByte) => forward(client, head, shared, index, Spoil::FirstByte).await?,
        Some(Fault::LoseAnswer) => {
            forward(client, head, shared, index, Spoil::Answer).await?;
            return Ok(Next::Reset);
        }
        Some(Fault::Answer(reply)) => {
            drain(client, head.content_length(), count).await?;
            client.write_all(reply.to_http().as_bytes()).await?;
            shared.note(index, |exchange| exchange.answer(Some(reply.status)));
        }
        Some(Fault::Silence) => {
            let mut round = shared.round.subscribe();
            drain(client, head.content_length(), count).await?;
            // Until the client gives up, or the fault is over.
            let mut byte = [0];
            tokio::select! {
                _ = round.changed() => {}
                _ = client.read(&mut byte) => {}
            }
            return Ok(Next::Reset);
        }
        Some(Fault::ResetAfter(bytes)) => {
            drain(client, head.content_length().min(bytes), count).await?;
            return Ok(Next::Reset);
        }
    }
    Ok(Next::GoOn)
}

/// What is done to an exchange on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoil {
    Nothing,
    FirstByte,
    Answer,
}

/// Passes a request on, by a connection of its own, and its answer back.
async fn forward(
    client: &mut BufReader<TcpStream>,
    head: &Head,
    shared: &Shared,
    index: usize,
    spoil: Spoil,
) -> io::Result<()> {
    let port = shared.target.load(Ordering::SeqCst);
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.set_nodelay(true)?;
    let (from_server, mut to_server) = server.split();
    let mut from_server = BufReader::new(from_server);
    to_server.write_all(&head.raw).await?;
    let count = |bytes: u64| shared.note(index, |exchange| exchange.body_bytes += bytes);
    let answer = {
        let body = pass_body(client, &mut to_server, head.content_length(), spoil == Spoil::FirstByte, count);
        let answer = Head::read(&mut from_server);
        tokio::pin!(body, answer);
        tokio::select! {
            sent = &mut body => {
                sent?;
                answer.await?
            }
            // The server answers before it has read all: the rest of the body goes nowhere, but it has to be read.
            early = &mut answer => {
                body.await?;
                early?
            }
        }
    };
    let answer = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
    shared.note(index, |exchange| exchange.server_status = answer.status());
    if spoil == Spoil::Answer {
        return Ok(());
    }
    // Noted before the last byte, so that who has seen the answer finds it in the record.
    shared.note(index, |exchange| exchange.answer(answer.status()));
    pass_answer(&mut from_server, client, &answer, head).await
}
