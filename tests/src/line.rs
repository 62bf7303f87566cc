//! The whole line, started for one test: store, Redis, database, API and workers, all real.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use presign_api::{Claims, Tokens};
use reqwest::Client;
use sealmark_catalogue::{Catalogue, Transport};
use sealmark_protocol::{MediaId, MediaRecord, TenantId, Upload, UserId};
use sealmark_storage::{ObjectKey, StoreConfig, StoreUploadId, UploadedPart};
use tempfile::TempDir;

use crate::{
    configuration::{Endpoints, Service, Setting},
    minio::Minio,
    postgres::Postgres,
    process::{PATIENCE, Process, free_port, wait_for},
    proxy::Proxy,
    redis_server::RedisServer,
    seaweedfs::SeaweedFs,
};

const TOKEN_SECRET: &str = "a secret of the tests, long enough for HS256";

/// Which store the line uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// SeaweedFS, the default.
    SeaweedFs,
    /// MinIO.
    Minio,
}

/// How a line differs from the default one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Store.
    pub store: StoreKind,
    /// PostgreSQL instead of SQLite.
    pub postgres: bool,
    /// Values laid over the configuration.
    pub settings: Vec<Setting>,
    /// Workers to start at once.
    pub workers: usize,
    /// Whether the proxies stand between the parts. Without them nothing can be cut, and nothing costs time that is not
    /// the line's own.
    pub proxied: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { store: StoreKind::SeaweedFs, postgres: false, settings: Vec::new(), workers: 1, proxied: true }
    }
}

enum Store {
    SeaweedFs(SeaweedFs),
    Minio(Minio),
}

/// A running line; everything ends when it is dropped.
pub struct Line {
    // Ends in this order: services first, then what they need, the folder last.
    workers: Vec<Process>,
    api: Option<Process>,
    /// Between clients and the API.
    pub api_proxy: Proxy,
    /// Between the workers and the store.
    pub worker_store_proxy: Proxy,
    /// Between browsers and the store.
    pub browser_store_proxy: Proxy,
    /// Redis.
    pub redis: RedisServer,
    store: Store,
    // Held so that the shared server runs for as long as this line.
    _postgres: Option<std::sync::Arc<Postgres>>,
    api_port: u16,
    database_url: String,
    settings: Vec<Setting>,
    proxied: bool,
    /// Client for the API.
    pub http: Client,
    folder: TempDir,
}

impl Line {
    /// Starts the default line.
    ///
    /// # Errors
    /// When a part does not come up; the message shows its output.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts a line.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(options: Options) -> Result<Self> {
        // reqwest is built without a default provider; a second test finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::Builder::new().prefix("sealmark-line-").tempdir()?;
        let store = match options.store {
            StoreKind::SeaweedFs => Store::SeaweedFs(SeaweedFs::start().await?),
            StoreKind::Minio => Store::Minio(Minio::start().await?),
        };
        let redis = RedisServer::start().await?;
        let postgres = if options.postgres { Some(Postgres::shared().await?) } else { None };
        let database_url = match &postgres {
            Some(server) => server.database().await?,
            None => format!("sqlite://{}", folder.path().join("catalogue.db").display()),
        };
        let api_port = free_port()?;
        let store_url = url::Url::parse(&config_of(&store).endpoint)?;
        let store_port = store_url.port().context("the store has no port")?;
        let mut line = Self {
            workers: Vec::new(),
            api: None,
            api_proxy: Proxy::before(api_port).await?,
            worker_store_proxy: Proxy::before(store_port).await?,
            browser_store_proxy: Proxy::before(store_port).await?,
            redis,
            store,
            _postgres: postgres,
            api_port,
            database_url,
            settings: options.settings,
            proxied: options.proxied,
            http: Client::builder().timeout(PATIENCE).build()?,
            folder,
        };
        line.write_configuration()?;
        line.run_to_end(&["bucket-setup"])?;
        line.start_api().await?;
        for _ in 0..options.workers {
            line.start_worker()?;
        }
        Ok(line)
    }

    /// The store's configuration, for a look behind the API.
    pub fn store_config(&self) -> StoreConfig {
        config_of(&self.store)
    }

    /// Opens the catalogue beside the services.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        Ok(Catalogue::connect(&self.database_url).await?)
    }

    /// Base URL of the API, through the proxy that counts and cuts where there is one.
    pub fn url(&self) -> String {
        if self.proxied { self.api_proxy.origin() } else { format!("http://127.0.0.1:{}", self.api_port) }
    }

    /// Names and ids of the processes that run, but for PostgreSQL.
    pub fn processes(&self) -> Vec<(&'static str, u32)> {
        let store = match &self.store {
            Store::SeaweedFs(store) => ("SeaweedFS", store.process().pid()),
            Store::Minio(store) => ("MinIO", store.process().pid()),
        };
        let workers = self.workers.iter().map(|worker| ("watermark-worker", worker.pid()));
        let apis = self.api.iter().map(|api| ("presign-api", api.pid()));
        workers.chain([store, ("Redis", self.redis.pid())]).chain(apis).collect()
    }

    /// Folder of this line's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A token that works for an hour.
    ///
    /// # Errors
    /// When the names are none.
    pub fn token(&self, tenant: &str, user: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.token_until(tenant, user, now + 3_600)
    }

    /// A token that works until a time, in seconds since 1970 UTC.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    pub fn token_until(&self, tenant: &str, user: &str, exp: u64) -> Result<String> {
        let claims =
            Claims { tenant: TenantId::new(tenant)?, sub: UserId::new(user)?, exp, max_bytes: None, guest: false };
        Ok(Tokens::new(TOKEN_SECRET).sign(&claims)?)
    }

    /// Starts the API and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_api(&mut self) -> Result<()> {
        let mut api = self.service("presign-api", &["serve"])?;
        let ready = format!("http://127.0.0.1:{}/readyz", self.api_port);
        let http = self.http.clone();
        let up = wait_for("presign-api to be ready", || {
            let (http, ready) = (http.clone(), ready.clone());
            let gone = api.check();
            async move {
                if let Err(error) = gone {
                    return Some(Err(error));
                }
                http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()).then_some(Ok(()))
            }
        });
        up.await??;
        self.api = Some(api);
        Ok(())
    }

    /// Kills the API as a crash would.
    pub fn crash_api(&mut self) {
        self.api = None;
    }

    /// Stops the API as an operator does, and waits for its end.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop_api(&mut self) -> Result<()> {
        let mut api = self.api.take().context("the API does not run")?;
        let code = api.stop()?;
        ensure!(code == Some(0), "the API ended with {code:?}:\n{}", api.log_tail(3_000));
        Ok(())
    }

    /// Completes an upload in the store and tells nobody, as an API does that crashes before its record.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn complete_behind_the_api(&self, catalogue: &Catalogue, upload: &Upload) -> Result<()> {
        let store = sealmark_storage::Store::new(&self.store_config())?;
        let open = catalogue.open_uploads(i64::MAX, 1_000).await?;
        let row = open.into_iter().find(|row| row.upload_id == upload.upload_id).context("no such upload")?;
        let key: ObjectKey = row.source_key.parse()?;
        let Transport::Multipart { store_upload_id } = row.transport else { bail!("not a multipart upload") };
        let id = StoreUploadId::new(store_upload_id);
        let checksums = catalogue.part_checksums(upload.upload_id, row.integrity).await?;
        let parts = store.list_parts(&key, &id).await?.into_iter().map(|part| UploadedPart {
            number: part.number,
            etag: part.etag,
            size_bytes: part.size_bytes,
            checksum: checksums[&part.number],
        });
        store.complete(&key, &id, &parts.collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Starts one more worker.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_worker(&mut self) -> Result<()> {
        let worker = self.service("watermark-worker", &["run"])?;
        self.workers.push(worker);
        Ok(())
    }

    /// The workers that run.
    pub fn workers(&mut self) -> &mut Vec<Process> {
        &mut self.workers
    }

    /// Waits until a picture's record satisfies a condition.
    ///
    /// # Errors
    /// When the time is over; the message shows the record and the ends of the services' logs.
    pub async fn wait_for_media(
        &self,
        catalogue: &Catalogue,
        media_id: MediaId,
        what: &str,
        condition: impl Fn(&MediaRecord) -> bool,
    ) -> Result<MediaRecord> {
        let mut last = None;
        let found = wait_for(what, || {
            let catalogue = catalogue.clone();
            async move { catalogue.media(media_id).await.ok().flatten() }
        });
        // A record is there from the beginning; what is waited for is its state.
        let begun = std::time::Instant::now();
        let mut record = found.await?;
        while begun.elapsed() < PATIENCE {
            if condition(&record) {
                return Ok(record);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            if let Ok(Some(now)) = catalogue.media(media_id).await {
                record = now;
            }
            last = Some(record.clone());
        }
        bail!("gave up waiting for {what}; the record is {last:#?}\n{}", self.logs())
    }

    /// The ends of the services' logs.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for process in self.api.iter().chain(&self.workers) {
            text.push_str(&format!("--- {}\n{}\n", process.log().display(), process.log_tail(3_000)));
        }
        text
    }

    /// Runs a command of presign-api to its end.
    ///
    /// # Errors
    /// When it fails; the message has its output.
    pub fn run_to_end(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(program("presign-api")?)
            .arg("--config")
            .arg(self.configuration("presign-api"))
            .args(arguments)
            .output()?;
        ensure!(
            output.status.success(),
            "presign-api {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Uploads files by the native client and returns what it printed.
    ///
    /// # Errors
    /// When it fails; the message has its output.
    pub async fn upload(&self, token: &str, files: &[PathBuf], more: &[&str]) -> Result<String> {
        let output = tokio::process::Command::new(program("sealmark-upload")?)
            .args(["--api", &self.url()])
            .args(more)
            .args(files)
            .env("SEALMARK_TOKEN", token)
            .kill_on_drop(true)
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "sealmark-upload: {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn service(&self, name: &str, arguments: &[&str]) -> Result<Process> {
        let mut command = Command::new(program(name)?);
        command.arg("--config").arg(self.configuration(name)).args(arguments);
        Process::start(name, command, self.folder.path().join(format!("{name}.log")))
    }

    fn configuration(&self, service: &str) -> PathBuf {
        self.folder.path().join(format!("{service}.toml"))
    }

    fn write_configuration(&self) -> Result<()> {
        let store = self.store_config();
        let by = |proxy: &Proxy| if self.proxied { proxy.origin() } else { store.endpoint.clone() };
        let endpoints = Endpoints {
            database: self.database_url.clone(),
            redis: self.redis.url(),
            store: store.clone(),
            api_port: self.api_port,
            api: self.url(),
            store_of_workers: by(&self.worker_store_proxy),
            store_of_browsers: by(&self.browser_store_proxy),
        };
        for service in [Service::PresignApi, Service::Worker] {
            let text = endpoints.configuration(service, TOKEN_SECRET, &self.settings)?;
            fs::write(self.configuration(service.name()), text)?;
        }
        Ok(())
    }
}

fn config_of(store: &Store) -> StoreConfig {
    match store {
        Store::SeaweedFs(store) => store.store_config(),
        Store::Minio(store) => store.store_config(),
    }
}

/// The workspace's top folder.
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

/// A sample photo.
pub fn sample(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

/// A program of ours: where `SEALMARK_BIN` says, else beside this test's own.
///
/// # Errors
/// When it was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("SEALMARK_BIN") {
        Some(folder) => PathBuf::from(folder),
        // target/debug/deps/line-… lies one folder below the programs.
        None => std::env::current_exe()?.ancestors().nth(2).context("no target folder")?.to_owned(),
    };
    let program = folder.join(name);
    ensure!(program.is_file(), "{} is not built: run `cargo xtask test`", program.display());
    Ok(program)
}
