//! Opening the database: pools, the settings of a connection, and the schema.

use std::time::{Duration, Instant};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{Migrate, Migrator},
};

use crate::CatalogueError;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// SHA-384 of the first migration as it was before commit ba3290e, in hex; see [`adopt_old`].
const OLD_FIRST: &str =
    "daeac3806f374a7f790c347cc438d0d6e920f2dee4a0aba4cf4338dcefd053e8dbd03e6487fdb618d93a48af8a374af8";

/// How long SQLite waits for another process's write to end before it says "database is locked".
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection that only reads, so that a forgotten write shows itself instead of breaking the one-writer rule.
const SQLITE_READER: &str = "PRAGMA busy_timeout = 15000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON";
/// FULL, for in WAL mode NORMAL may lose the last commits when the power goes, and a commit here is a promise.
const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 15000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL";
/// A client that has stopped in the middle must not keep others from a row for ever.
const POSTGRES_SESSION: &str = "SET statement_timeout = 30000; SET idle_in_transaction_session_timeout = 30000";

/// The catalogue in its database; clones share the same connections.
#[derive(Debug, Clone)]
pub struct Catalogue {
    readers: AnyPool,
    writers: AnyPool,
    begin: &'static str,
}

impl Catalogue {
    /// Opens the database and brings its schema up to date; several processes may do so at once.
    ///
    /// `sqlite:` URLs name a file, which is made where it does not exist (its folder is not), for example
    /// `sqlite:///var/lib/sealmark/catalogue.db`; `postgres:` URLs name a database that exists. A process holds at most
    /// 10 connections to PostgreSQL; on SQLite 4 that read and 1 that writes, as SQLite has one writer at a time and
    /// waiting in the pool's line is fair where waiting for the file's lock is not.
    ///
    /// # Errors
    /// [`CatalogueError::UnsupportedUrl`], also for a database in memory, which processes cannot share;
    /// [`CatalogueError::Unavailable`] where nobody answers; [`CatalogueError::Migration`] where the schema is of a newer
    /// release; [`CatalogueError::Refused`] for a wrong password, a missing folder and the like.
    pub async fn connect(url: &str) -> Result<Self, CatalogueError> {
        sqlx::any::install_default_drivers();
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Self::connect_sqlite(url).await,
            "postgres" | "postgresql" => Self::connect_postgres(url).await,
            _ => Err(CatalogueError::UnsupportedUrl { scheme: scheme.chars().take(16).collect() }),
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Self, CatalogueError> {
        let file = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
        if file.is_empty() || file.contains(":memory:") || url.contains("mode=memory") {
            return Err(CatalogueError::UnsupportedUrl { scheme: "sqlite (in memory)".to_owned() });
        }
        let creating = match (url.contains("mode="), url.contains('?')) {
            (true, _) => url.to_owned(),
            (false, true) => format!("{url}&mode=rwc"),
            (false, false) => format!("{url}?mode=rwc"),
        };
        let options: AnyConnectOptions = creating.parse()?;

        let mut connection = AnyConnection::connect_with(&options).await?;
        sqlx::raw_sql(SQLITE_WRITER).execute(&mut connection).await?;
        switch_to_wal(&mut connection).await?;
        // sqlx takes no lock of its own on SQLite: without this one, two processes would both create the tables.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        adopt_old(&mut transaction).await?;
        MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
        transaction.commit().await?;
        connection.close().await?;

        let pool = AnyPoolOptions::new().acquire_timeout(2 * BUSY_TIMEOUT);
        Ok(Self {
            readers: with_settings(pool.clone().max_connections(4), SQLITE_READER).connect_lazy_with(options.clone()),
            writers: with_settings(pool.max_connections(1), SQLITE_WRITER).connect_lazy_with(options),
            begin: "BEGIN IMMEDIATE",
        })
    }

    async fn connect_postgres(url: &str) -> Result<Self, CatalogueError> {
        let options: AnyConnectOptions = url.parse()?;
        // A connection of its own: a long migration must not meet the statement timeout. sqlx holds an advisory lock.
        let mut connection = AnyConnection::connect_with(&options).await?;
        adopt_old(&mut connection).await?;
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        connection.close().await?;

        let pool = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(5)).max_connections(10);
        let pool = with_settings(pool, POSTGRES_SESSION).connect_lazy_with(options);
        Ok(Self { readers: pool.clone(), writers: pool, begin: "BEGIN" })
    }

    /// Asks the database for a sign of life, for `/readyz`.
    ///
    /// # Errors
    /// [`CatalogueError::Unavailable`] where none comes.
    pub async fn check(&self) -> Result<(), CatalogueError> {
        sqlx::query("SELECT upload_id FROM uploads LIMIT 1").execute(&self.readers).await?;
        Ok(())
    }

    /// Waits for the calls under way and closes every connection; later calls fail as transient.
    pub async fn close(&self) {
        self.writers.close().await;
        self.readers.close().await;
    }

    /// Connections for single statements that only read.
    pub(crate) fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Begins a transaction that writes.
    ///
    /// On SQLite it holds the write lock from its first statement: one that reads first and wants to write later cannot
    /// wait for another writer, it fails at once.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, CatalogueError> {
        Ok(self.writers.begin_with(self.begin).await?)
    }
}

fn with_settings(pool: AnyPoolOptions, settings: &'static str) -> AnyPoolOptions {
    pool.after_connect(move |connection, _| {
        Box::pin(async move {
            sqlx::raw_sql(settings).execute(connection).await?;
            Ok(())
        })
    })
}

/// Brings a database of before 2026-11-21 (commit ba3290e) to where sqlx goes on from.
///
/// The first migration was changed after such databases had been made: it got two columns of `media`, and sqlx refuses a
/// database whose first migration has another checksum. Once it is released a migration stays as it is.
async fn adopt_old(connection: &mut AnyConnection) -> Result<(), CatalogueError> {
    // Held on PostgreSQL, as sqlx holds it while it migrates; on SQLite the transaction around this is enough.
    connection.lock().await?;
    connection.ensure_migrations_table(&MIGRATIONS.table_name).await?;
    let applied = connection.list_applied_migrations(&MIGRATIONS.table_name).await?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let is_old = applied.iter().any(|migration| migration.version == 1 && hex(&migration.checksum) == OLD_FIRST);
    if let Some(first) = MIGRATIONS.iter().find(|migration| is_old && migration.version == 1) {
        let mut transaction = connection.begin().await?;
        for column in ["job_entry_id TEXT", "job_began_at_ms BIGINT"] {
            let sql = format!("ALTER TABLE media ADD COLUMN {column}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        sqlx::query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1")
            .bind(first.checksum.to_vec())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    connection.unlock().await?;
    Ok(())
}

/// Turns the file to WAL, which it then stays. SQLite does not wait for its lock here, so we do.
async fn switch_to_wal(connection: &mut AnyConnection) -> Result<(), CatalogueError> {
    let begun = Instant::now();
    loop {
        match sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *connection).await.map_err(CatalogueError::from) {
            Err(error) if error.is_transient() && begun.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sqlite_connections_are_set_up_for_sharing_and_for_power_cuts() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalogue.db?cache=private", folder.path().display());
        let catalogue = Catalogue::connect(&url).await.unwrap();
        let setting = async |pool: &AnyPool, name: &str| -> i64 {
            let sql = sqlx::AssertSqlSafe(format!("PRAGMA {name}"));
            sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
        };
        for pool in [&catalogue.readers, &catalogue.writers] {
            assert_eq!(setting(pool, "busy_timeout").await, BUSY_TIMEOUT.as_millis() as i64);
            assert_eq!(setting(pool, "foreign_keys").await, 1);
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            assert_eq!(mode, "wal");
        }
        assert_eq!(setting(&catalogue.writers, "synchronous").await, 2, "FULL");
        assert_eq!(setting(&catalogue.readers, "query_only").await, 1);
        assert_eq!(setting(&catalogue.writers, "query_only").await, 0);
    }
}
