//! Everything that a run needs, real but for the sink: stores, Redis, `presign-api` once for each way to a store.

use std::{collections::HashMap, fs, path::PathBuf, process::Command, sync::Arc};

use anyhow::{Context, Result, bail};
use sealmark_storage::StoreConfig;
use sealmark_tests::{
    line::root,
    process::{Process, free_port, wait_for},
    redis_server::RedisServer,
    seaweedfs::SeaweedFs,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{chromium::Browser, link::Link, link::Profile, signer, sink::Sink};

const TOKEN_SECRET: &str = "a secret of the bench, long enough for HS256";

/// A way from the browser to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// To the sink, at once.
    Sink,
    /// To the sink, by the shaped link.
    Linked,
    /// To SeaweedFS, at once.
    SeaweedFs,
}

impl Way {
    const ALL: [Self; 3] = [Self::Sink, Self::Linked, Self::SeaweedFs];

    /// Its name in a path and in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sink => "sink",
            Self::Linked => "linked",
            Self::SeaweedFs => "seaweedfs",
        }
    }
}

/// What a page is told of a way.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// `presign-api`, with its pages.
    pub(crate) api: String,
    /// The bench's own signer, with the peers' pages.
    pub(crate) signer: String,
    /// The tus server's collection.
    pub(crate) tus: String,
    /// A bearer token for the API.
    pub(crate) token: String,
    /// The store as browsers see it.
    pub(crate) store: String,
    /// Its bucket.
    pub(crate) bucket: String,
    /// Name of its key.
    pub(crate) access_key: String,
    /// Its key, for a page that signs by itself.
    pub(crate) secret_key: String,
}

struct Api {
    _process: Process,
    port: u16,
    token: String,
}

/// The links of [`Way::Linked`]: one browser has one line, whatever it talks to.
pub(crate) struct Links {
    pub(crate) store: Link,
    pub(crate) api: Link,
    pub(crate) signer: Link,
    pub(crate) tus: Link,
}

impl Links {
    fn all(&self) -> [&Link; 4] {
        [&self.store, &self.api, &self.signer, &self.tus]
    }

    /// Shapes all of them alike. Files go by one of them at a time, so each may have the whole line.
    pub(crate) fn shape(&self, profile: Profile) {
        for link in self.all() {
            link.shape(profile);
        }
    }

    /// Cuts or mends all.
    pub(crate) fn set_up(&self, up: bool) {
        for link in self.all() {
            if up { link.open() } else { link.cut() }
        }
    }
}

/// A running stack; everything ends when it is dropped.
pub(crate) struct Stack {
    apis: HashMap<Way, Api>,
    _tus: Process,
    pub(crate) links: Links,
    pub(crate) sink: Sink,
    _seaweedfs: SeaweedFs,
    pub(crate) browser: Arc<Browser>,
    configs: HashMap<Way, (PathBuf, StoreConfig)>,
    signer_port: u16,
    tus_port: u16,
    programs: PathBuf,
    _redis: RedisServer,
    // Last: the others write to it.
    folder: TempDir,
}

impl Stack {
    /// Starts everything. `programs` has `presign-api`, `pages` what `build.mjs` made.
    ///
    /// # Errors
    /// When a part does not come up; the message shows its output.
    pub(crate) async fn start(programs: PathBuf, pages: PathBuf, sink_verifies: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sealmark-bench-").tempdir()?;
        let redis = RedisServer::start().await?;
        let seaweedfs = SeaweedFs::start().await?;
        let (sink, sink_port) = Sink::start(sink_verifies).await?;
        let pages_listener = TcpListener::bind("127.0.0.1:0").await?;
        let signer_port = pages_listener.local_addr()?.port();
        let tus_port = free_port()?;
        let tus = tus(tus_port, &folder)?;
        let ports = Way::ALL.map(|way| Ok((way, free_port()?))).into_iter().collect::<Result<HashMap<_, _>>>()?;
        let links = Links {
            store: Link::before(sink_port)?,
            api: Link::before(ports[&Way::Linked])?,
            signer: Link::before(signer_port)?,
            tus: Link::before(tus_port)?,
        };
        let mut origins =
            vec![format!("http://127.0.0.1:{signer_port}"), format!("http://127.0.0.1:{}", links.api.port())];
        origins.extend(ports.values().map(|port| format!("http://127.0.0.1:{port}")));

        let sink_config = StoreConfig {
            endpoint: format!("http://127.0.0.1:{sink_port}"),
            public_endpoint: None,
            ..seaweedfs.store_config()
        };
        let linked_config = StoreConfig {
            public_endpoint: Some(format!("http://127.0.0.1:{}", links.store.port())),
            ..sink_config.clone()
        };
        let stores = HashMap::from([
            (Way::Sink, sink_config),
            (Way::Linked, linked_config),
            (Way::SeaweedFs, seaweedfs.store_config()),
        ]);
        let mut configs = HashMap::new();
        let mut apis = HashMap::new();
        for (way, store) in &stores {
            let file = folder.path().join(format!("{}.toml", way.name()));
            let database = folder.path().join(format!("{}.db", way.name()));
            let settings = toml::toml! { [sweeper] interval_s = 3600 };
            let mut settings = settings;
            let table = |value: serde_json::Value| toml::Value::try_from(value);
            settings.insert(
                "http".to_owned(),
                table(serde_json::json!({
                    "listen": format!("127.0.0.1:{}", ports[way]), "www": pages, "origins": origins,
                }))?,
            );
            settings.insert(
                "database".to_owned(),
                table(serde_json::json!({ "url": format!("sqlite://{}", database.display()) }))?,
            );
            settings.insert("redis".to_owned(), table(serde_json::json!({ "url": redis.url() }))?);
            let mut section = serde_json::json!({
                "endpoint": store.endpoint, "region": store.region, "bucket": store.bucket,
                "access_key": store.access_key, "secret_key": store.secret_key, "path_style": true,
            });
            if let Some(public) = &store.public_endpoint {
                section["public_endpoint"] = public.as_str().into();
            }
            settings.insert("store".to_owned(), table(section)?);
            settings.insert("auth".to_owned(), table(serde_json::json!({ "token_secret": TOKEN_SECRET }))?);
            settings.insert("policy".to_owned(), table(serde_json::json!({ "max_file_bytes": 64_u64 << 30 }))?);
            fs::write(&file, toml::to_string(&settings)?)?;
            configs.insert(*way, (file.clone(), store.clone()));
            if *way == Way::SeaweedFs {
                setup_bucket(&programs, &file)?;
            }
            apis.insert(*way, api(&programs, &file, ports[way], &folder, way.name()).await?);
        }
        let by_name = stores.into_iter().map(|(way, config)| (way.name().to_owned(), config)).collect();
        signer::start(&pages, pages_listener, by_name).await?;
        let browser = Browser::start(&folder.path().join("chromium.log")).await?;
        Ok(Self {
            apis,
            _tus: tus,
            links,
            sink,
            _seaweedfs: seaweedfs,
            browser,
            configs,
            signer_port,
            tus_port,
            programs,
            _redis: redis,
            folder,
        })
    }

    /// Where everything is, on a way.
    pub(crate) fn addresses(&self, way: Way) -> Addresses {
        let api = &self.apis[&way];
        let (api_port, signer_port, tus_port) = match way {
            Way::Linked => (self.links.api.port(), self.links.signer.port(), self.links.tus.port()),
            Way::Sink | Way::SeaweedFs => (api.port, self.signer_port, self.tus_port),
        };
        let (_, store) = &self.configs[&way];
        Addresses {
            api: format!("http://127.0.0.1:{api_port}"),
            signer: format!("http://127.0.0.1:{signer_port}"),
            tus: format!("http://127.0.0.1:{tus_port}/files"),
            token: api.token.clone(),
            bucket: store.bucket.clone(),
            access_key: store.access_key.clone(),
            secret_key: store.secret_key.clone(),
            store: store.public_endpoint.clone().unwrap_or_else(|| store.endpoint.clone()),
        }
    }

    /// The tus server's own port, for its switch.
    pub(crate) fn tus_port(&self) -> u16 {
        self.tus_port
    }

    /// Forgets what lies on the disk, so that it does not fill up, and counts from 0.
    ///
    /// # Errors
    /// When the store's bucket cannot be made anew.
    pub(crate) async fn clear(&self, way: Way) -> Result<()> {
        self.sink.count_anew();
        let tus = self.folder.path().join("tus");
        fs::remove_dir_all(&tus)?;
        fs::create_dir_all(&tus)?;
        if way == Way::SeaweedFs {
            let (file, store) = &self.configs[&way];
            signer::drop_bucket(store).await;
            setup_bucket(&self.programs, file)?;
        }
        Ok(())
    }
}

fn setup_bucket(programs: &std::path::Path, config: &std::path::Path) -> Result<()> {
    let output = Command::new(programs.join("presign-api")).arg("--config").arg(config).arg("bucket-setup").output()?;
    if !output.status.success() {
        bail!("bucket-setup:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

async fn api(
    programs: &std::path::Path,
    config: &std::path::Path,
    port: u16,
    folder: &TempDir,
    name: &str,
) -> Result<Api> {
    let program = programs.join("presign-api");
    let token = Command::new(&program)
        .arg("--config")
        .arg(config)
        .args(["token", "--tenant", "bench", "--user", "bench", "--ttl-s", "86400"])
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    if !token.status.success() {
        bail!("presign-api token:\n{}", String::from_utf8_lossy(&token.stderr));
    }
    let mut command = Command::new(&program);
    command.arg("--config").arg(config).arg("serve");
    let mut process = Process::start("presign-api", command, folder.path().join(format!("{name}.log")))?;
    wait_for("presign-api", || {
        let ended = process.check().err();
        async move {
            if let Some(error) = ended {
                return Some(Err(error));
            }
            ask(port, "/readyz").await.ok()?.starts_with("HTTP/1.1 200").then_some(Ok(()))
        }
    })
    .await??;
    Ok(Api { _process: process, port, token: String::from_utf8_lossy(&token.stdout).trim().to_owned() })
}

/// The answer to a plain GET on loopback.
///
/// # Errors
/// When nobody answers.
pub(crate) async fn ask(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn tus(port: u16, folder: &TempDir) -> Result<Process> {
    let files = folder.path().join("tus");
    fs::create_dir_all(&files)?;
    let mut command = Command::new("node");
    command.arg(root().join("bench/upload/tus-server.mjs")).arg(port.to_string()).arg(files);
    Process::start("the tus server", command, folder.path().join("tus.log"))
}
