//! What the services of a line are told: where everything is, and short times so that tests need not wait.

use anyhow::Result;
use sealmark_storage::StoreConfig;

use crate::line::root;

/// A value laid over the configuration: section, key, and the value in TOML.
pub type Setting = (&'static str, &'static str, String);

/// A service of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    PresignApi,
    Worker,
}

impl Service {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PresignApi => "presign-api",
            Self::Worker => "watermark-worker",
        }
    }
}

/// Where everything is.
pub(crate) struct Endpoints {
    pub(crate) database: String,
    pub(crate) redis: String,
    pub(crate) store: StoreConfig,
    pub(crate) api_port: u16,
    pub(crate) api: String,
    pub(crate) store_of_workers: String,
    pub(crate) store_of_browsers: String,
}

impl Endpoints {
    /// A service's configuration file.
    pub(crate) fn configuration(&self, service: Service, token_secret: &str, settings: &[Setting]) -> Result<String> {
        let endpoint = match service {
            Service::PresignApi => &self.store.endpoint,
            Service::Worker => &self.store_of_workers,
        };
        let mut config: toml::Table = toml::from_str(&format!(
            r#"
            [database]
            url = {database:?}
            [redis]
            url = {redis:?}
            [store]
            endpoint = {endpoint:?}
            region = {region:?}
            bucket = {bucket:?}
            access_key = {access_key:?}
            secret_key = {secret_key:?}
            [log]
            filter = "info,watermark_worker=debug"
            "#,
            database = self.database,
            redis = self.redis,
            region = self.store.region,
            bucket = self.store.bucket,
            access_key = self.store.access_key,
            secret_key = self.store.secret_key,
        ))?;
        let own = match service {
            Service::PresignApi => format!(
                r#"
                [http]
                listen = "127.0.0.1:{port}"
                www = {www:?}
                origins = [{origin:?}]
                [auth]
                token_secret = {token_secret:?}
                guest_tenant = "guests"
                [sweeper]
                interval_s = 1
                [store]
                public_endpoint = {public:?}
                "#,
                port = self.api_port,
                www = root().join("www"),
                origin = self.api,
                public = self.store_of_browsers,
            ),
            Service::Worker => format!(
                r#"
                [worker]
                template = {template:?}
                concurrency = 2
                claim_idle_ms = 1500
                "#,
                template = root().join("templates/catalogue.seal"),
            ),
        };
        merge(&mut config, toml::from_str(&own)?);
        for (section, key, value) in settings {
            merge(&mut config, toml::from_str(&format!("[{section}]\n{key} = {value}"))?);
        }
        Ok(toml::to_string(&config)?)
    }
}

/// Adds the keys of each section.
fn merge(config: &mut toml::Table, more: toml::Table) {
    for (section, values) in more {
        match (config.get_mut(&section).and_then(toml::Value::as_table_mut), values) {
            (Some(known), toml::Value::Table(values)) => known.extend(values),
            (_, values) => {
                config.insert(section, values);
            }
        }
    }
}
