//! Configuration: one section for each concern.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use sealmark_event_bus::RetryPolicy;
use sealmark_settings::{Database, Log, Reader, Redis, Section, SettingsError};
use sealmark_storage::{KeyPrefix, Store as BucketStore, StoreConfig};
use serde::Deserialize;

use crate::{Bucket, KeyMistake, Keys, ObjectLimits, Places};

/// The `[store]` section, the same as presign-api's.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Store(pub StoreConfig);

impl Section for Store {
    fn check(&self, mistakes: &mut Vec<String>) {
        mistakes.extend(self.0.mistakes().iter().map(ToString::to_string));
    }
}

/// The `[worker]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// The template that draws the mark; read again when it or what it includes from its folder changes.
    pub template: PathBuf,
    /// Folder of fonts beside the embedded one; read again when one changes. Default: none.
    pub fonts: Option<PathBuf>,
    /// Folder of pictures for marks; read again when one changes. Default: none.
    pub assets: Option<PathBuf>,
    /// Folder with `<tenant>/fonts` and `<tenant>/assets`, which take the place of the shared ones. Default: none.
    pub tenants: Option<PathBuf>,
    /// Keys for `hmac(key.name, …)`: hex digits, or files with them.
    #[serde(default)]
    pub keys: BTreeMap<String, KeySetting>,
    /// Pictures rendered at once; default: the machine's processors.
    #[serde(default = "processors")]
    pub concurrency: usize,
    /// Jobs under way at once: while some are rendered, others are fetched, stored and recorded. Each holds an original
    /// in memory. Default: four times the concurrency.
    pub jobs: Option<usize>,
    /// Largest original that is fetched, in bytes. Default 256 MiB.
    #[serde(default = "quarter_gibibyte")]
    pub max_source_bytes: u64,
    /// Most pixels of a picture. Default 100 million.
    #[serde(default = "hundred_megapixels")]
    pub max_pixels: u64,
    /// A job that shows no sign of life for this long is taken over by another worker, in milliseconds.
    #[serde(default = "ten_seconds")]
    pub claim_idle_ms: u64,
    /// Longest time for one job, in milliseconds.
    #[serde(default = "two_minutes")]
    pub job_deadline_ms: u64,
    /// Deliveries after which a picture is given up.
    #[serde(default = "eight")]
    pub max_deliveries: u32,
    /// A picture whose job failed is tried again after a random time of up to this, in milliseconds; the bound doubles
    /// with each failure. Default 2 s.
    #[serde(default = "two_seconds")]
    pub retry_first_ms: u64,
    /// The bound grows no further than this, in milliseconds. Default 5 min.
    #[serde(default = "five_minutes")]
    pub retry_longest_ms: u64,
    /// Time that running jobs may take to end when the worker is stopped, in milliseconds.
    #[serde(default = "twenty_seconds")]
    pub drain_ms: u64,
}

/// The `[resources]` section: fonts and pictures in the bucket, beside those of the worker's folders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// What they lie below, such as `resources/`. Default: none, and the bucket has none.
    pub prefix: Option<KeyPrefix>,
    /// Time between two looks for changes, in seconds. Default 30.
    #[serde(default = "thirty")]
    pub interval_s: u64,
    /// Most objects below the prefix. Default 2,000.
    #[serde(default = "two_thousand")]
    pub max_objects: usize,
    /// Largest font or picture, in bytes. Default 64 MiB.
    #[serde(default = "sixty_four_mebibytes")]
    pub max_object_bytes: u64,
    /// All of them together, in bytes; they stay in memory. Default 256 MiB.
    #[serde(default = "quarter_gibibyte")]
    pub max_total_bytes: u64,
}

fn thirty() -> u64 {
    30
}

fn two_thousand() -> usize {
    2_000
}

fn sixty_four_mebibytes() -> u64 {
    64 << 20
}

fn two_seconds() -> u64 {
    2_000
}

fn five_minutes() -> u64 {
    300_000
}

impl Section for Resources {
    fn check(&self, mistakes: &mut Vec<String>) {
        for (name, value) in [
            ("interval_s", self.interval_s),
            ("max_objects", self.max_objects as u64),
            ("max_object_bytes", self.max_object_bytes),
            ("max_total_bytes", self.max_total_bytes),
        ] {
            if value == 0 {
                mistakes.push(format!("{name} is 0"));
            }
        }
    }
}

impl Resources {
    /// Who looks for them in the bucket; nobody where there is no prefix.
    pub fn bucket(&self, store: &BucketStore) -> Option<Bucket> {
        let limits = ObjectLimits {
            objects: self.max_objects,
            object_bytes: self.max_object_bytes,
            total_bytes: self.max_total_bytes,
        };
        let interval = Duration::from_secs(self.interval_s);
        self.prefix.clone().map(|prefix| Bucket::new(store.clone(), prefix, limits, interval))
    }
}

/// Hex digits of a key, or the path of a file with them. `Debug` hides them.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct KeySetting(String);

impl fmt::Debug for KeySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySetting(<redacted>)")
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn quarter_gibibyte() -> u64 {
    256 << 20
}

fn hundred_megapixels() -> u64 {
    100_000_000
}

fn ten_seconds() -> u64 {
    10_000
}

fn twenty_seconds() -> u64 {
    20_000
}

fn two_minutes() -> u64 {
    120_000
}

fn eight() -> u32 {
    8
}

impl Section for Worker {
    fn check(&self, mistakes: &mut Vec<String>) {
        if !self.template.is_file() {
            mistakes.push(format!("template: there is no file {}", self.template.display()));
        }
        for (name, folder) in [("fonts", &self.fonts), ("assets", &self.assets), ("tenants", &self.tenants)] {
            if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
                mistakes.push(format!("{name}: there is no folder {}", folder.display()));
            }
        }
        let given = self.keys.iter().map(|(name, value)| Keys::default().add(name, &value.0));
        mistakes.extend(given.filter_map(Result::err).map(|mistake| format!("keys: {mistake}")));
        for (name, value) in [
            ("concurrency", self.concurrency as u64),
            ("jobs", self.jobs.unwrap_or(1) as u64),
            ("max_source_bytes", self.max_source_bytes),
            ("max_pixels", self.max_pixels),
            ("claim_idle_ms", self.claim_idle_ms),
            ("job_deadline_ms", self.job_deadline_ms),
            ("max_deliveries", self.max_deliveries.into()),
            ("retry_first_ms", self.retry_first_ms),
        ] {
            if value == 0 {
                mistakes.push(format!("{name} is 0"));
            }
        }
        if self.claim_idle_ms < 1_000 {
            mistakes.push(format!("claim_idle_ms is at least 1000, got {}", self.claim_idle_ms));
        }
        if self.retry_longest_ms < self.retry_first_ms {
            mistakes.push(format!("retry_longest_ms is less than retry_first_ms, got {}", self.retry_longest_ms));
        }
    }
}

impl Worker {
    /// Where the mark's template, fonts and pictures are.
    pub fn places(&self) -> Places {
        Places {
            template: self.template.clone(),
            includes: None,
            fonts: self.fonts.clone(),
            assets: self.assets.clone(),
            tenants: self.tenants.clone(),
        }
    }

    /// The keys.
    ///
    /// # Errors
    /// [`KeyMistake`] for one that is none any more.
    pub fn keys(&self) -> Result<Keys, KeyMistake> {
        let mut keys = Keys::default();
        self.keys.iter().try_for_each(|(name, value)| keys.add(name, &value.0))?;
        Ok(keys)
    }

    /// Jobs under way at once.
    pub fn jobs(&self) -> usize {
        self.jobs.unwrap_or(self.concurrency.saturating_mul(4))
    }

    /// [`claim_idle_ms`](Self::claim_idle_ms) as a duration.
    pub const fn claim_idle(&self) -> Duration {
        Duration::from_millis(self.claim_idle_ms)
    }

    /// [`job_deadline_ms`](Self::job_deadline_ms) as a duration.
    pub const fn job_deadline(&self) -> Duration {
        Duration::from_millis(self.job_deadline_ms)
    }

    /// When a picture whose job failed is tried again.
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            first: Duration::from_millis(self.retry_first_ms),
            longest: Duration::from_millis(self.retry_longest_ms),
            ..RetryPolicy::default()
        }
    }

    /// [`drain_ms`](Self::drain_ms) as a duration.
    pub const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

/// Everything that the worker is told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// The catalogue.
    pub database: Database,
    /// The event bus.
    pub redis: Redis,
    /// The object store.
    pub store: Store,
    /// Rendering.
    pub worker: Worker,
    /// Fonts and pictures in the bucket.
    pub resources: Resources,
    /// The log.
    pub log: Log,
}

impl Config {
    /// Reads a file, where one is named, and the environment above it.
    ///
    /// # Errors
    /// [`SettingsError`] with every mistake.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(file, environment)?;
        // presign-api may be configured by the same file.
        for name in ["http", "auth", "policy", "sweeper"] {
            reader.leave(name);
        }
        let sections = (
            reader.section("database"),
            reader.section("redis"),
            reader.section("store"),
            reader.section("worker"),
            reader.section("resources"),
            reader.section("log"),
        );
        reader.finish()?;
        match sections {
            (Some(database), Some(redis), Some(store), Some(worker), Some(resources), Some(log)) => {
                Ok(Self { database, redis, store, worker, resources, log })
            }
            // A section that is None was a mistake, and finish() has reported it.
            _ => Err(SettingsError::Wrong { mistakes: sealmark_settings::Mistakes(Vec::new()) }),
        }
    }
}
