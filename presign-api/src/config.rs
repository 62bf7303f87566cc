//! Configuration: one section for each concern.

use std::{net::SocketAddr, path::PathBuf};

use sealmark_protocol::TenantId;
use sealmark_settings::{Database, Log, Reader, Redis, Section, SettingsError};
use sealmark_storage::StoreConfig;
use serde::Deserialize;

/// The `[http]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address to listen on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Folder of the upload page; without it no page is served.
    #[serde(default)]
    pub www: Option<PathBuf>,
    /// Origins of pages elsewhere that may use this API and the bucket, for example `https://shop.example`.
    ///
    /// A variable of the environment holds them with commas between.
    #[serde(default, deserialize_with = "list")]
    pub origins: Vec<String>,
}

/// A list, or a text with commas, which is all that an environment variable can be.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Many(Vec<String>),
        Text(String),
    }
    Ok(match List::deserialize(deserializer)? {
        List::Many(list) => list,
        List::Text(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
    })
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

impl Section for Http {
    fn check(&self, mistakes: &mut Vec<String>) {
        if let Some(www) = &self.www
            && !www.join("index.html").is_file()
        {
            mistakes.push(format!("www: there is no index.html in {}", www.display()));
        }
        for origin in &self.origins {
            if url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin) {
                continue;
            }
            mistakes.push(format!("origins: {origin:?} is not an origin such as https://shop.example"));
        }
    }
}

/// The `[auth]` section.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Key that signs bearer tokens (HS256), shared with the shop's back end; at least 32 characters.
    pub token_secret: String,
    /// Tenant that people without an account upload to; without it there are no guests.
    #[serde(default)]
    pub guest_tenant: Option<TenantId>,
    /// How long a guest's token works, in seconds.
    #[serde(default = "hour")]
    pub guest_token_ttl_s: u64,
}

fn hour() -> u64 {
    3_600
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("guest_tenant", &self.guest_tenant).finish_non_exhaustive()
    }
}

impl Section for Auth {
    fn check(&self, mistakes: &mut Vec<String>) {
        if self.token_secret.len() < 32 {
            mistakes.push("token_secret has fewer than 32 characters".to_owned());
        }
        if !(60..=30 * 24 * 3_600).contains(&self.guest_token_ttl_s) {
            mistakes.push(format!("guest_token_ttl_s is 60 to 2592000, got {}", self.guest_token_ttl_s));
        }
    }
}

/// The `[policy]` section: what may be uploaded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Largest file, in bytes; a token may allow less. Default 256 MiB, the largest that a worker takes by default.
    #[serde(default = "quarter_gibibyte")]
    pub max_file_bytes: u64,
    /// How long a presigned part URL works, in seconds. Default 15 minutes, at most 7 days.
    #[serde(default = "quarter_hour")]
    pub part_url_ttl_s: u64,
    /// How long the URL behind `GET /m/{id}` works, in seconds. Default 15 minutes, at most 7 days.
    #[serde(default = "quarter_hour")]
    pub content_url_ttl_s: u64,
    /// Uploads that one user may begin a minute, at once or spread over it; 0 is no limit. Default 6,000. Each process
    /// counts for itself.
    #[serde(default = "six_thousand")]
    pub creations_per_minute: u32,
    /// Uploads that one user may have open; 0 is no limit. Default 10,000.
    #[serde(default = "ten_thousand")]
    pub open_uploads: u32,
    /// Whether small files may come by forms (POST policies). The store must check the checksum in a form and tell it by
    /// HeadObject, as S3, MinIO and SeaweedFS do; with one that does not, no form would ever be completed. Companion's
    /// forms, which have no checksum, are refused with the others. Default true.
    #[serde(default = "yes")]
    pub forms: bool,
}

fn six_thousand() -> u32 {
    6_000
}

fn ten_thousand() -> u32 {
    10_000
}

fn yes() -> bool {
    true
}

fn quarter_gibibyte() -> u64 {
    256 << 20
}

fn quarter_hour() -> u64 {
    900
}

impl Section for Policy {
    fn check(&self, mistakes: &mut Vec<String>) {
        const WEEK_S: u64 = 7 * 24 * 3_600;
        for (name, value) in [("part_url_ttl_s", self.part_url_ttl_s), ("content_url_ttl_s", self.content_url_ttl_s)] {
            if !(1..=WEEK_S).contains(&value) {
                mistakes.push(format!("{name} is 1 to {WEEK_S}, got {value}"));
            }
        }
    }
}

/// The `[sweeper]` section: how records that got stuck are found and driven on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Time between two rounds, in seconds.
    #[serde(default = "quarter_minute")]
    pub interval_s: u64,
    /// A picture without news for this long gets a fresh event, in seconds.
    ///
    /// Longer than a backlog usually takes: a picture that only waits for its turn needs no second event.
    #[serde(default = "five_minutes")]
    pub stuck_after_s: u64,
    /// An upload open for this long is aborted, in seconds. Default one day.
    #[serde(default = "day")]
    pub abandoned_after_s: u64,
    /// Outbox rows are kept for this long after they were published, in seconds. Default one day.
    #[serde(default = "day")]
    pub keep_published_s: u64,
}

fn quarter_minute() -> u64 {
    15
}

fn five_minutes() -> u64 {
    300
}

fn day() -> u64 {
    24 * 3_600
}

const YEAR_S: u64 = 366 * 24 * 3_600;

impl Section for Sweep {
    fn check(&self, mistakes: &mut Vec<String>) {
        for (name, value) in [
            ("interval_s", self.interval_s),
            ("stuck_after_s", self.stuck_after_s),
            ("abandoned_after_s", self.abandoned_after_s),
            ("keep_published_s", self.keep_published_s),
        ] {
            if !(1..=YEAR_S).contains(&value) {
                mistakes.push(format!("{name} is 1 to {YEAR_S}, got {value}"));
            }
        }
    }
}

/// The store's own section; its check is here, for a library reads no configuration by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Store(pub StoreConfig);

impl Section for Store {
    fn check(&self, mistakes: &mut Vec<String>) {
        mistakes.extend(self.0.mistakes().iter().map(ToString::to_string));
    }
}

/// Everything that presign-api is told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Listening and the page.
    pub http: Http,
    /// The catalogue.
    pub database: Database,
    /// The event bus.
    pub redis: Redis,
    /// The object store.
    pub store: Store,
    /// Tokens.
    pub auth: Auth,
    /// What may be uploaded.
    pub policy: Policy,
    /// What is driven on when it got stuck.
    pub sweeper: Sweep,
    /// The log.
    pub log: Log,
}

impl Config {
    /// Origins of every page whose browser may send parts to the bucket: our own page's and the configured ones.
    pub fn page_origins(&self) -> Vec<String> {
        let mut origins = self.http.origins.clone();
        if self.http.www.is_some() {
            let port = self.http.listen.port();
            origins.extend(["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}")));
        }
        origins.sort();
        origins.dedup();
        origins
    }

    /// Reads a file, where one is named, and the environment above it.
    ///
    /// # Errors
    /// [`SettingsError`] with every mistake.
    pub fn read(
        file: Option<&std::path::Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(file, environment)?;
        // The worker may be configured by the same file.
        for name in ["worker", "resources"] {
            reader.leave(name);
        }
        let sections = (
            reader.section("http"),
            reader.section("database"),
            reader.section("redis"),
            reader.section("store"),
            reader.section("auth"),
            reader.section("policy"),
            reader.section("sweeper"),
            reader.section("log"),
        );
        reader.finish()?;
        match sections {
            (
                Some(http),
                Some(database),
                Some(redis),
                Some(store),
                Some(auth),
                Some(policy),
                Some(sweeper),
                Some(log),
            ) => Ok(Self { http, database, redis, store, auth, policy, sweeper, log }),
            // A section that is None was a mistake, and finish() has reported it.
            _ => Err(SettingsError::Wrong { mistakes: sealmark_settings::Mistakes(Vec::new()) }),
        }
    }
}
