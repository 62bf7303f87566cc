//! Doing what the engines say, on tokio.

use std::{
    collections::HashMap,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use reqwest::Method;
use sealmark_protocol::{MediaRecord, ProofRequest};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::AbortHandle,
};

use super::{
    Api, LocalFile, NativeError, TokenSource, api,
    put::put,
    token::Tokens,
    watch::{Heard, watch},
};
use crate::{
    engine::{CallError, Command, Event, Hint, Identity, Limits, Snapshot, Source, Standing, Ticket},
    fleet::{Fleet, Stepped, UploadNumber},
    news::MediaNews,
};

/// Where and how to upload.
#[derive(Debug, Clone)]
pub struct Config {
    /// Base URL of the API.
    pub api: String,
    /// Where the bearer token comes from.
    pub token: TokenSource,
    /// How hard to try.
    pub limits: Limits,
}

impl Config {
    /// Default limits.
    pub fn new(api: impl Into<String>, token: TokenSource) -> Self {
        Self { api: api.into(), token, limits: Limits::default() }
    }
}

/// What a task reports.
enum Report {
    Event(UploadNumber, Box<Event>),
    Token(UploadNumber, Ticket, Result<String, String>),
}

/// The uploads of one program. Dropping it breaks everything off without telling the server.
pub struct Uploads {
    api: Api,
    tokens: Tokens,
    fleet: Fleet,
    files: HashMap<UploadNumber, LocalFile>,
    /// What the server last said of each picture.
    records: Arc<Mutex<HashMap<UploadNumber, MediaRecord>>>,
    token_of: HashMap<UploadNumber, String>,
    tasks: HashMap<(UploadNumber, Ticket), AbortHandle>,
    timers: HashMap<UploadNumber, AbortHandle>,
    reports: UnboundedReceiver<Report>,
    reporter: UnboundedSender<Report>,
    epoch: (u64, Instant),
}

impl Uploads {
    /// No uploads yet.
    ///
    /// # Errors
    /// [`NativeError::ApiUrl`] and [`NativeError::HttpClient`].
    pub fn new(config: Config) -> Result<Self, NativeError> {
        let api = Api::new(&config.api)?;
        let (reporter, reports) = unbounded_channel();
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        Ok(Self {
            tokens: Tokens::new(api.clone(), config.token),
            api,
            fleet: Fleet::new(config.limits, Hint::default()),
            files: HashMap::new(),
            records: Arc::default(),
            token_of: HashMap::new(),
            tasks: HashMap::new(),
            timers: HashMap::new(),
            reports,
            reporter,
            epoch: (now_ms, Instant::now()),
        })
    }

    /// The API that they go to.
    pub const fn api(&self) -> &Api {
        &self.api
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`NativeError::Open`] and [`NativeError::NotAFile`].
    pub fn add(&mut self, path: &Path) -> Result<UploadNumber, NativeError> {
        let file = LocalFile::open(path)?;
        let source = Source {
            file_name: file.name(),
            size_bytes: file.size_bytes(),
            content_type: None,
            idempotency_key: format!("{:032x}", rand::random::<u128>()),
            seed: rand::random(),
        };
        let number = self.fleet.add(source, 0, self.now_ms());
        self.files.insert(number, file);
        Ok(number)
    }

    /// The file of an upload.
    pub fn file(&self, number: UploadNumber) -> Option<&LocalFile> {
        self.files.get(&number)
    }

    /// What the server last said of the picture, once the object is whole.
    pub fn record(&self, number: UploadNumber) -> Option<MediaRecord> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// Every upload as it stands, in the order of adding.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.fleet.snapshots()
    }

    /// Works until every upload has ended; `observe` sees each change.
    ///
    /// When `stop` is ready, what is still being sent is cancelled, and this returns when the server knows; pictures
    /// whose files are whole are left to themselves. May be called again after adding files.
    pub async fn run(&mut self, mut observe: impl FnMut(&Snapshot), stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut stopping = false;
        let begun = self.fleet.start(self.now_ms());
        self.carry_out(begun, &mut observe);
        while !self.is_done(stopping) {
            let stepped = tokio::select! {
                report = self.reports.recv() => match report {
                    Some(Report::Event(number, event)) => self.step(number, *event),
                    Some(Report::Token(number, ticket, outcome)) => {
                        let outcome = outcome.map(|token| {
                            self.token_of.insert(number, token);
                        });
                        self.step(number, Event::Token { ticket, outcome })
                    }
                    None => break,
                },
                () = &mut stop, if !stopping => {
                    stopping = true;
                    self.fleet.step_all(self.now_ms(), &Event::Cancel)
                }
            };
            self.carry_out(stepped, &mut observe);
        }
    }

    fn is_done(&self, stopping: bool) -> bool {
        let is_whole = |snapshot: &Snapshot| snapshot.state == Standing::Processing;
        let unfinished = self.fleet.unfinished();
        unfinished.is_empty() || (stopping && unfinished.iter().all(is_whole))
    }

    fn now_ms(&self) -> u64 {
        self.epoch.0 + self.epoch.1.elapsed().as_millis() as u64
    }

    fn step(&mut self, number: UploadNumber, event: Event) -> Vec<Stepped> {
        match &event {
            Event::Woken => {
                self.timers.remove(&number);
            }
            event => {
                if let Some(ticket) = event.ended() {
                    self.tasks.remove(&(number, ticket));
                }
            }
        }
        self.fleet.step(number, self.now_ms(), event)
    }

    fn carry_out(&mut self, stepped: Vec<Stepped>, observe: &mut impl FnMut(&Snapshot)) {
        for Stepped { number, commands } in stepped {
            for command in commands {
                self.perform(number, command);
            }
            if let Some(snapshot) = self.fleet.snapshot(number) {
                observe(&snapshot);
            }
        }
    }

    fn perform(&mut self, number: UploadNumber, command: Command) {
        let (api, token) = (self.api.clone(), self.token_of.get(&number).cloned().unwrap_or_default());
        let reporter = self.reporter.clone();
        // A closed receiver means that nobody wants to know any more.
        let tell = move |event| {
            let _ = reporter.send(Report::Event(number, Box::new(event)));
        };
        let records = Arc::clone(&self.records);
        let keep = move |record: &MediaRecord| {
            records.lock().unwrap_or_else(PoisonError::into_inner).insert(number, record.clone());
        };
        let Some(file) = self.files.get(&number).cloned() else { return };
        match command {
            Command::GetToken { ticket, expired } => {
                let (tokens, reporter) = (self.tokens.clone(), self.reporter.clone());
                let refused = self.token_of.get(&number).cloned().filter(|_| expired);
                self.spawn(number, ticket, async move {
                    let _ = reporter.send(Report::Token(number, ticket, tokens.get(refused).await));
                });
            }
            Command::Identify { ticket } => {
                let (file_name, size_bytes) = (file.name(), file.size_bytes());
                let identity = Identity { file_name, size_bytes, content_type: None, resume: None, made: None };
                tell(Event::Identified { ticket, outcome: Ok(identity) });
            }
            Command::Create { ticket, idempotency_key, request } => self.spawn(number, ticket, async move {
                let post = api.post("/v1/uploads", &token, &request).header("idempotency-key", idempotency_key);
                let outcome = api::answer(post).await.and_then(|answer| answer.json());
                tell(Event::Created { ticket, outcome });
            }),
            Command::Fetch { ticket, upload_id } => self.spawn(number, ticket, async move {
                let get = api.request(Method::GET, &format!("/v1/uploads/{upload_id}"), Some(&token));
                let outcome = api::answer(get).await.and_then(|answer| answer.json());
                tell(Event::Fetched { ticket, outcome });
            }),
            Command::Hash { ticket, offset, length, integrity } => self.spawn(number, ticket, async move {
                tell(Event::Hashed { ticket, outcome: file.hash(offset, length, integrity).await });
            }),
            Command::Prove { ticket, upload_id, challenge } => {
                self.spawn(number, ticket, async move {
                    let outcome = match file.prove(challenge).await {
                        Ok(sha256) => {
                            let path = format!("/v1/uploads/{upload_id}/proof");
                            let answer = api::answer(api.post(&path, &token, &ProofRequest { sha256 })).await;
                            answer.and_then(|answer| answer.json())
                        }
                        // Sending will find out what is wrong with the file.
                        Err(_) => Err(CallError::BadAnswer),
                    };
                    let outcome = outcome.inspect(&keep).map(|record| MediaNews::from(&record));
                    tell(Event::Proved { ticket, outcome });
                });
            }
            Command::Sign { ticket, upload_id, parts } => self.spawn(number, ticket, async move {
                let body = sealmark_protocol::SignPartsRequest { parts };
                let post = api.post(&format!("/v1/uploads/{upload_id}/parts"), &token, &body);
                let outcome = api::answer(post).await.and_then(|answer| answer.json());
                tell(Event::Signed { ticket, outcome });
            }),
            Command::Put { ticket, request, offset, length } => self.spawn(number, ticket, async move {
                let progress = tell.clone();
                let on_progress = move |sent_bytes| progress(Event::Progress { ticket, sent_bytes });
                let outcome = put(&api, &file, &request, offset, length, on_progress).await;
                tell(Event::Put { ticket, outcome });
            }),
            Command::Complete { ticket, upload_id, request } => self.spawn(number, ticket, async move {
                let post = api.post(&format!("/v1/uploads/{upload_id}/complete"), &token, &request);
                let outcome = api::answer(post).await.and_then(|answer| answer.json());
                let outcome = outcome.inspect(&keep).map(|record| MediaNews::from(&record));
                tell(Event::Completed { ticket, outcome });
            }),
            Command::Watch { ticket, media_id } => self.spawn(number, ticket, async move {
                let outcome = watch(&api, &token, media_id, |news| {
                    tell(match news {
                        Heard::Record(record) => {
                            keep(&record);
                            Event::Media { ticket, news: MediaNews::from(&*record) }
                        }
                        Heard::Alive => Event::Heartbeat { ticket },
                    });
                });
                let outcome = outcome.await;
                tell(Event::WatchEnded { ticket, outcome });
            }),
            Command::Look { ticket, media_id } => self.spawn(number, ticket, async move {
                let get = api.request(Method::GET, &format!("/v1/media/{media_id}"), Some(&token));
                let outcome = api::answer(get).await.and_then(|answer| answer.json());
                let outcome = outcome.inspect(&keep).map(|record| MediaNews::from(&record));
                tell(Event::Looked { ticket, outcome });
            }),
            Command::Abort { ticket, upload_id } => self.spawn(number, ticket, async move {
                let delete = api.request(Method::DELETE, &format!("/v1/uploads/{upload_id}"), Some(&token));
                let outcome = api::answer(delete).await.and_then(|answer| answer.empty());
                tell(Event::Aborted { ticket, outcome });
            }),
            Command::Stop { ticket, .. } => {
                if let Some(task) = self.tasks.remove(&(number, ticket)) {
                    task.abort();
                }
            }
            Command::Wake { at_ms } => {
                let wait = Duration::from_millis(at_ms.saturating_sub(self.now_ms()));
                let timer = tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    tell(Event::Woken);
                });
                if let Some(before) = self.timers.insert(number, timer.abort_handle()) {
                    before.abort();
                }
            }
            // A command that is run again uploads again: it has no place to keep records in.
            Command::Remember { .. } | Command::Forget { .. } => {}
        }
    }

    fn spawn(&mut self, number: UploadNumber, ticket: Ticket, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.insert((number, ticket), tokio::spawn(work).abort_handle());
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        for task in self.tasks.values().chain(self.timers.values()) {
            task.abort();
        }
    }
}
