//! Connections that come back by themselves, with a bound on every wait.
//!
//! Why not the client library's own connection manager: it keeps a connection whose command timed out. A reader that
//! repeats its read on such a connection, while Redis is stalled, leaves one more read in the socket each time, and
//! Redis carries them all out when it wakes, for nobody. Here a timeout ends the connection.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, InfoDict, RedisError, RedisResult, ScriptInvocation,
    aio::MultiplexedConnection,
};

use crate::{
    BusError,
    error::{EVICTS, chain},
};

/// Where Redis is, and how long to wait for it.
#[derive(Clone)]
pub struct BusConfig {
    /// `redis://[user:password@]host:port[/database]`. A credential: `Debug` hides it.
    pub url: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for an answer, on top of the time that a command blocks by itself.
    pub response_timeout: Duration,
}

impl BusConfig {
    /// One second to connect, two for an answer.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connect_timeout: Duration::from_secs(1), response_timeout: Duration::from_secs(2) }
    }
}

impl fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusConfig")
            .field("url", &"<redacted>")
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .finish()
    }
}

/// A Redis server and the connection for everything that does not block; cloning shares it.
#[derive(Clone)]
pub struct Bus {
    client: Client,
    config: BusConfig,
    outage: Arc<Outage>,
    pub(crate) commands: Arc<Link>,
}

impl Bus {
    /// Reads the URL; nothing is connected until the first command, so that a service starts while Redis is away.
    ///
    /// # Errors
    /// [`BusError::Url`].
    pub fn new(config: BusConfig) -> Result<Self, BusError> {
        let client = Client::open(config.url.as_str()).map_err(|source| BusError::Url { source })?;
        let outage = Arc::new(Outage::default());
        let commands = Arc::new(Link::new(&client, &config, Duration::ZERO, &outage));
        Ok(Self { client, config, outage, commands })
    }

    /// Asks Redis for a sign of life, for a readiness check and before a service starts.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] or [`BusError::Timeout`]; [`BusError::Evicts`] for a server that no service may use.
    pub async fn ping(&self) -> Result<(), BusError> {
        self.commands.query("a ping", &redis::cmd("PING")).await
    }

    /// A connection of its own for commands that block up to `block`: they would hold up all others.
    pub(crate) fn blocking(&self, block: Duration) -> Link {
        Link::new(&self.client, &self.config, block, &self.outage)
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One connection, made when first needed and made again after it broke or timed out.
pub(crate) struct Link {
    client: Client,
    connect: AsyncConnectionConfig,
    limit: Duration,
    outage: Arc<Outage>,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    generation: u64,
    live: Option<MultiplexedConnection>,
    failed: Option<(Instant, RedisError)>,
}

impl Link {
    /// Callers that queued behind a failed attempt to connect share its failure for this long.
    const FAILURE_SHARED: Duration = Duration::from_millis(50);

    fn new(client: &Client, config: &BusConfig, block: Duration, outage: &Arc<Outage>) -> Self {
        // The whole call is timed below; two clocks on one wait would only disagree.
        let connect = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.connect_timeout))
            .set_response_timeout(None);
        Self {
            client: client.clone(),
            connect,
            limit: block + config.response_timeout,
            outage: Arc::clone(outage),
            state: tokio::sync::Mutex::default(),
        }
    }

    /// Sends one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, operation: &'static str, command: &Cmd) -> Result<T, BusError> {
        self.call(operation, |mut connection| async move { command.query_async(&mut connection).await }).await
    }

    /// Runs a script, loading it where Redis does not have it.
    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, BusError> {
        self.call(operation, |mut connection| async move { script.invoke_async(&mut connection).await }).await
    }

    async fn call<T, F>(
        &self,
        operation: &'static str,
        send: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, BusError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let begun = Instant::now();
        let (generation, answer) = match self.connection().await {
            Ok((generation, connection)) => {
                let answer = tokio::time::timeout(self.limit, send(connection)).await;
                (Some(generation), answer.map_err(|_| BusError::Timeout { operation, limit: self.limit }))
            }
            Err(error) => (None, Ok(Err(error))),
        };
        let answer = answer.and_then(|answer| answer.map_err(|error| BusError::from_redis(operation, error)));
        match &answer {
            Err(error) if error.spoils_connection() => {
                if let Some(generation) = generation {
                    self.forget(generation).await;
                }
                self.outage.failed(error);
            }
            _ => {
                self.outage.answered(begun);
            }
        }
        answer
    }

    async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut state = self.state.lock().await;
        if let Some(live) = &state.live {
            return Ok((state.generation, live.clone()));
        }
        if let Some((at, error)) = &state.failed
            && at.elapsed() < Self::FAILURE_SHARED
        {
            return Err(error.clone());
        }
        let connected = async {
            let mut live = self.client.get_multiplexed_async_connection_with_config(&self.connect).await?;
            let checked = tokio::time::timeout(self.limit, check(&mut live)).await;
            checked.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into())).map(|()| live)
        };
        match connected.await {
            Ok(live) => {
                state.generation += 1;
                state.live = Some(live.clone());
                state.failed = None;
                Ok((state.generation, live))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        // Another caller may have connected again meanwhile.
        if state.generation == generation {
            state.live = None;
        }
    }
}

/// Whether the server keeps what it is given: one that evicts would forget streams, and with them uploads.
async fn check(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let memory: RedisResult<InfoDict> = redis::cmd("INFO").arg("memory").query_async(connection).await;
    let policy = match memory {
        Ok(memory) => memory.get::<String>("maxmemory_policy"),
        Err(error) if error.code() == Some("NOPERM") => {
            tracing::warn!("Redis does not let us ask for its maxmemory-policy; it must be noeviction");
            None
        }
        Err(error) => return Err(error),
    };
    match policy {
        Some(policy) if policy != "noeviction" => Err(redis::make_extension_error(EVICTS.to_owned(), Some(policy))),
        _ => Ok(()),
    }
}

/// Tells an outage once, however many calls fail in it.
#[derive(Default)]
struct Outage(Mutex<Option<Instant>>);

impl Outage {
    fn failed(&self, error: &BusError) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = since.is_none();
        if begins {
            *since = Some(Instant::now());
            tracing::warn!(error = chain(error), "Redis does not answer; trying again until it does");
        }
        begins
    }

    fn answered(&self, begun: Instant) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An answer to a call from before the outage proves nothing about now.
        let ends = since.is_some_and(|since| begun >= since);
        if ends && let Some(since) = since.take() {
            tracing::info!(outage_ms = since.elapsed().as_millis() as u64, "Redis answers again");
        }
        ends
    }
}

/// Waits between attempts: 50 ms, doubled up to 500 ms, so that an outage is neither hammered nor overslept.
pub(crate) struct Pace {
    wait: Duration,
    told: bool,
}

impl Pace {
    const SHORTEST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_millis(500);

    pub(crate) const fn new() -> Self {
        Self { wait: Self::SHORTEST, told: false }
    }

    /// Starts over after a success.
    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }

    /// Waits before the next attempt. Outages tell of themselves; any other error is told here, once.
    pub(crate) async fn after(&mut self, error: &BusError) {
        if !error.is_transient() && !self.told {
            self.told = true;
            tracing::error!(error = chain(error), "the event bus cannot work; trying again until somebody mends it");
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(Self::LONGEST);
    }
}

/// Repeats an idempotent call while its failure is transient; for ever, or until `give_up_after` has passed.
pub(crate) async fn retry<T, F>(give_up_after: Option<Duration>, call: impl Fn() -> F) -> Result<T, BusError>
where
    F: Future<Output = Result<T, BusError>>,
{
    let begun = Instant::now();
    let mut pace = Pace::new();
    loop {
        match call().await {
            Err(error) if error.is_transient() && give_up_after.is_none_or(|limit| begun.elapsed() < limit) => {
                pace.after(&error).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_ended_by_a_later_call_only() {
        let outage = Outage::default();
        let error = BusError::Timeout { operation: "a test", limit: Duration::ZERO };
        let before = Instant::now();
        assert!(outage.failed(&error));
        assert!(!outage.failed(&error));
        assert!(!outage.answered(before));
        assert!(outage.answered(Instant::now()));
        assert!(!outage.answered(Instant::now()));
        assert!(outage.failed(&error));
    }

    #[test]
    fn debug_hides_the_url() {
        let bus = Bus::new(BusConfig::new("redis://:secret@127.0.0.1:1/")).unwrap();
        assert!(!format!("{bus:?}").contains("secret"));
        assert!(matches!(Bus::new(BusConfig::new("nonsense")), Err(BusError::Url { .. })));
    }
}
