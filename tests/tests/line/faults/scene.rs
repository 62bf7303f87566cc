//! One line for the whole table, with proxies and relays between browser, store and API.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use sealmark_catalogue::Catalogue;
use sealmark_protocol::{MediaRecord, MediaState, TenantId, UserId};
use sealmark_tests::{
    faulty_http::{Exchange, FaultyHttp},
    line::{Line, Options, root, sample},
    proxy::Proxy,
};
use serde_json::json;
use tempfile::TempDir;

use super::{
    chromium::{Chromium, Seen},
    row::{AT_ONCE, DEAD, PART, Row, Sees, Server, Step, Subject, Twice},
};

/// Longest wait for anything in a row.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes around a file in a form.
const FORM_BYTES: u64 = 16 * 1024;
const USER: &str = "visitor";

pub(super) struct Scene {
    chromium: Chromium,
    store: Link,
    api: Link,
    catalogue: Catalogue,
    line: Line,
    // Held so that it is there for as long as the API serves it.
    _www: TempDir,
}

/// Browser, then the TCP proxy, then the HTTP relay, then the server.
struct Link {
    proxy: Proxy,
    relay: FaultyHttp,
}

impl Link {
    async fn new() -> Result<Self> {
        let relay = FaultyHttp::start().await?;
        Ok(Self { proxy: Proxy::before(relay.port()).await?, relay })
    }
}

/// What a row came to.
pub(super) struct Outcome {
    pub(super) saw: String,
    pub(super) size_bytes: u64,
    pub(super) sent_bytes: u64,
    pub(super) took: Duration,
    pub(super) wrongs: Vec<String>,
}

/// A row on its way.
struct Run<'a> {
    row: &'a Row,
    tenant: TenantId,
    file: PathBuf,
    size_bytes: u64,
    sent_before: u64,
    begun: Instant,
}

impl Scene {
    pub(super) async fn start() -> Result<Self> {
        let (store, api) = (Link::new().await?, Link::new().await?);
        let www = www()?;
        let line = Line::start_with(Options {
            settings: vec![
                ("store", "public_endpoint", format!("{:?}", store.proxy.origin())),
                ("http", "origins", format!("[{:?}]", api.proxy.origin())),
                ("http", "www", format!("{:?}", www.path())),
                ("policy", "max_file_bytes", (1_u64 << 40).to_string()),
            ],
            ..Options::default()
        })
        .await?;
        store.relay.towards(line.browser_store_proxy.port());
        api.relay.towards(line.api_proxy.port());
        let chromium = Chromium::start(&api.proxy.origin())?;
        Ok(Self { chromium, store, api, catalogue: line.catalogue().await?, line, _www: www })
    }

    pub(super) fn logs(&self) -> String {
        self.line.logs()
    }

    /// Plays a row from begin to end; what goes wrong is in the outcome.
    pub(super) async fn play(&mut self, number: usize, row: &Row) -> Result<Outcome> {
        for link in [&self.store, &self.api] {
            link.proxy.open();
            link.relay.begin_again();
        }
        let tenant = format!("row-{number}");
        let file = self.line.folder().join(format!("{tenant}.jpg"));
        let size_bytes = make(&file, &row.file, number as u8)?;
        let mut run = Run {
            row,
            tenant: TenantId::new(&*tenant)?,
            file,
            size_bytes,
            sent_before: self.store.proxy.sent_bytes(),
            begun: Instant::now(),
        };
        let mut wrongs = Vec::new();
        let mut seen = Seen::default();
        if let Err(error) = self.go(&mut run).await {
            wrongs.push(format!("{error:#}"));
        }
        match self.chromium.look().await {
            Ok(now) => seen = now,
            Err(error) => wrongs.push(format!("{error:#}")),
        }
        wrongs.extend(seen.wrongs.iter().cloned());
        let exchanges = self.store.relay.exchanges();
        if wrongs.is_empty() {
            wrongs.extend(self.check_pages(&run, &seen));
            wrongs.extend(check_bytes(&run, &exchanges));
            if let Err(error) = self.check_server(&run, &seen).await {
                wrongs.push(format!("{error:#}"));
            }
        }
        let shown = seen.shown.iter().map(|shown| match &shown.code {
            Some(code) => format!("{} {code}", shown.state),
            None => shown.state.clone(),
        });
        let _ = fs::remove_file(&run.file).or_else(|_| fs::remove_dir(&run.file));
        Ok(Outcome {
            saw: shown.collect::<Vec<_>>().join(", "),
            size_bytes,
            sent_bytes: exchanges.iter().filter(|exchange| exchange.brings_bytes()).map(|one| one.body_bytes).sum(),
            took: run.begun.elapsed(),
            wrongs,
        })
    }

    async fn go(&mut self, run: &mut Run<'_>) -> Result<()> {
        let row = run.row;
        self.chromium.call(json!({ "command": "begin", "query": self.query(run)? })).await?;
        row.store.iter().for_each(|rule| self.store.relay.add(rule.clone()));
        row.api.iter().for_each(|rule| self.api.relay.add(rule.clone()));
        for step in &row.steps {
            self.step(run, *step).await.with_context(|| format!("at {step:?}"))?;
        }
        let pages = row.steps.iter().filter(|step| matches!(step, Step::AddInSecondTab)).count() + 1;
        self.until(run, |_, _, seen| seen.shown.len() >= pages && seen.shown.iter().all(|shown| shown.is_final())).await
    }

    /// What the page is told in its address.
    fn query(&self, run: &Run<'_>) -> Result<String> {
        let mut options = json!({ "concurrency": AT_ONCE, "partSize": PART });
        if run.row.dead_api {
            options["api"] = json!([DEAD, ""]);
        }
        let options = options.to_string();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("options", &options).append_pair("speed", &run.row.speed.to_string());
        if run.row.stale_token {
            query.append_pair("token", &self.line.token_until(run.tenant.as_str(), USER, 1_000_000_000)?);
        }
        query.append_pair("token", &self.line.token(run.tenant.as_str(), USER)?);
        Ok(format!("{}&{}", query.finish(), run.row.surroundings))
    }

    async fn step(&mut self, run: &mut Run<'_>, step: Step) -> Result<()> {
        let name = run.row.called.as_deref();
        match step {
            Step::Add => self.chromium.add(0, &run.file, name).await,
            Step::AddInSecondTab => {
                self.chromium.call(json!({ "command": "open" })).await?;
                self.chromium.add(1, &run.file, name).await
            }
            Step::Drop => self.tell(json!({ "command": "drop", "file": run.file })).await,
            Step::Store(change) => {
                change(&self.store.proxy);
                Ok(())
            }
            Step::Api(change) => {
                change(&self.api.proxy);
                Ok(())
            }
            Step::Heal => {
                self.store.relay.heal();
                self.api.relay.heal();
                Ok(())
            }
            Step::Sent(bytes) => {
                self.until(run, |scene, run, _| scene.store.proxy.sent_bytes() >= run.sent_before + bytes).await
            }
            Step::Acknowledged(bytes) => {
                self.until(run, |_, _, seen| seen.shown.iter().any(|shown| shown.number("acknowledged_bytes") >= bytes))
                    .await
            }
            Step::Known => {
                self.until(run, |_, _, seen| seen.shown.iter().any(|shown| shown.snapshot["upload_id"].is_string()))
                    .await?;
                self.check_plan(run).await
            }
            Step::Struck(times) => {
                self.until(run, |scene, _, _| scene.store.relay.struck() + scene.api.relay.struck() >= times).await
            }
            Step::Minutes(minutes) => {
                let (begun, speed) = (Instant::now(), run.row.speed as u32);
                self.until(run, move |_, _, _| begun.elapsed() * speed >= Duration::from_secs(minutes * 60)).await
            }
            Step::State(state) => {
                self.until(run, |_, _, seen| seen.shown.iter().all(|shown| shown.state == state)).await
            }
            Step::Still => {
                self.until(run, |scene, _, _| scene.store.relay.exchanges().iter().all(|one| one.ended)).await
            }
            Step::Tell(what) => self.tell(json!({ "command": "tell", "what": what })).await,
            Step::Reload => self.tell(json!({ "command": "reload" })).await,
            Step::Crash => self.tell(json!({ "command": "crash" })).await,
            Step::Offline(offline) => self.tell(json!({ "command": "offline", "offline": offline })).await,
            Step::Quota(bytes) => self.tell(json!({ "command": "quota", "bytes": bytes })).await,
            Step::Change => Ok(fs::write(&run.file, vec![0x5a; run.size_bytes as usize])?),
            Step::Delete => Ok(fs::remove_file(&run.file)?),
        }
    }

    async fn tell(&mut self, command: serde_json::Value) -> Result<()> {
        self.chromium.call(command).await.map(drop)
    }

    /// Waits for a condition; an upload that has ended as it should not ends the wait.
    async fn until(&mut self, run: &Run<'_>, condition: impl Fn(&Self, &Run<'_>, &Seen) -> bool) -> Result<()> {
        let begun = Instant::now();
        loop {
            let seen = self.chromium.look().await?;
            if condition(self, run, &seen) {
                return Ok(());
            }
            if let Some(failed) = seen.shown.iter().find(|shown| shown.state == "failed")
                && run.row.never.contains(&"failed")
            {
                bail!("{} ({})", failed.text, failed.code.as_deref().unwrap_or("no code"));
            }
            if begun.elapsed() > PATIENCE {
                let last: Vec<_> = seen.shown.iter().map(|shown| &shown.text).collect();
                bail!("not in {PATIENCE:?}; the page shows {last:?}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn check_pages(&self, run: &Run<'_>, seen: &Seen) -> Vec<String> {
        let mut wrongs = Vec::new();
        for shown in &seen.shown {
            let is_right = match run.row.sees {
                Sees::Ready => shown.state == "ready",
                Sees::Cancelled => shown.state == "cancelled",
                Sees::Failed(code) => shown.state == "failed" && shown.code.as_deref() == Some(code),
            };
            if !is_right {
                wrongs.push(format!("expected {:?}, the page shows {}", run.row.sees, shown.text));
            }
            if run.row.sees == Sees::Ready && shown.number("acknowledged_bytes") != run.size_bytes {
                wrongs.push(format!("{} bytes are acknowledged", shown.number("acknowledged_bytes")));
            }
            if let Some(state) = run.row.never.iter().find(|state| shown.seen.iter().any(|seen| seen == *state)) {
                wrongs.push(format!("the page went through {:?}, {state} among them", shown.seen));
            }
        }
        if run.row.dead_api && self.api.relay.struck() == 0 {
            wrongs.push("the first address was not tried".to_owned());
        }
        if run.row.stale_token && !seen.questions.iter().any(|question| question["expired"] == true) {
            wrongs.push("no new token was asked for".to_owned());
        }
        wrongs
    }

    async fn check_plan(&self, run: &Run<'_>) -> Result<()> {
        let open = self.open(&run.tenant).await?;
        let plan = open.first().context("the server does not know the upload")?.plan;
        ensure!(plan.part_count <= 10_000, "{plan:?}");
        ensure!(plan.part_size_bytes * u64::from(plan.part_count) >= run.size_bytes, "{plan:?}");
        Ok(())
    }

    async fn open(&self, tenant: &TenantId) -> Result<Vec<sealmark_catalogue::UploadRow>> {
        let open = self.catalogue.open_uploads(i64::MAX, 1_000).await?;
        Ok(open.into_iter().filter(|row| row.tenant == *tenant).collect())
    }

    async fn check_server(&mut self, run: &Run<'_>, seen: &Seen) -> Result<()> {
        if run.row.server == Server::UntilGivenUp {
            ensure!(self.open(&run.tenant).await?.len() == 1, "there is no upload that could be retried");
            self.chromium.call(json!({ "command": "tell", "what": "cancel" })).await?;
        }
        let begun = Instant::now();
        // The browser has its answer before the server's record is looked at, but giving up is only on its way.
        while !self.open(&run.tenant).await?.is_empty() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "an open upload is left behind");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let media = self.catalogue.list_media(&run.tenant, &UserId::new(USER)?, 100).await?;
        if run.row.server != Server::Completed {
            ensure!(media.is_empty(), "left behind: {media:?}");
            return Ok(());
        }
        let [record] = &media[..] else { bail!("{} pictures instead of one", media.len()) };
        check_record(run, record, seen)
    }
}

fn check_record(run: &Run<'_>, record: &MediaRecord, seen: &Seen) -> Result<()> {
    ensure!(record.size_bytes == run.size_bytes, "the object has {} bytes", record.size_bytes);
    ensure!(record.uploaded_at_ms.is_some(), "the object is not whole: {record:?}");
    if run.row.sees == Sees::Ready {
        ensure!(record.state == MediaState::Ready, "{record:?}");
    }
    let shown = seen.shown.iter().all(|shown| shown.snapshot["file_name"] == record.file_name.as_str());
    ensure!(shown, "the server calls it {:?}", record.file_name);
    if let Some(name) = &run.row.called {
        ensure!(record.file_name == *name, "it was called {name:?} and is called {:?}", record.file_name);
    }
    Ok(())
}

/// No byte of a part goes twice once the store has acknowledged it, and no more in all than the row allows.
fn check_bytes(run: &Run<'_>, exchanges: &[Exchange]) -> Vec<String> {
    let sends: Vec<&Exchange> = exchanges.iter().filter(|exchange| exchange.brings_bytes()).collect();
    let mut wrongs = Vec::new();
    for late in &sends {
        let stored = |early: &&Exchange| {
            early.is_acknowledged() && early.part() == late.part() && early.answered_at < Some(late.begun_at)
        };
        if late.body_bytes > 0 && sends.iter().copied().any(|early| stored(&early)) {
            wrongs.push(format!("part {} was sent again though the store had acknowledged it", late.part().1));
        }
    }
    let longest = sends.iter().map(|exchange| exchange.length).max().unwrap_or(0);
    if longest > PART + FORM_BYTES {
        wrongs.push(format!("a part of {longest} bytes, {PART} were asked for"));
    }
    if run.row.sees == Sees::Ready {
        let allowed = match run.row.twice {
            Twice::Nothing => 0,
            Twice::InFlight => AT_ONCE * longest,
            Twice::Parts(parts) => parts * longest,
        };
        let more = sends.iter().map(|exchange| exchange.body_bytes).sum::<u64>().saturating_sub(run.size_bytes);
        if more > allowed + FORM_BYTES * sends.len() as u64 {
            wrongs.push(format!("{more} bytes were sent twice, {allowed} may be"));
        }
    }
    wrongs
}

/// The bare page and the package beside it, as a folder to serve.
fn www() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("sealmark-faults-").tempdir()?;
    for file in fs::read_dir(root().join("tests/browser/pages"))? {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::copy(file.path(), folder.path().join(file.file_name()))?;
        }
    }
    std::os::unix::fs::symlink(root().join("www/pkg"), folder.path().join("pkg"))?;
    Ok(folder)
}

/// Makes the file; its size. `seed` makes its bytes its own.
fn make(path: &Path, subject: &Subject, seed: u8) -> Result<u64> {
    let size = match subject {
        Subject::Directory => {
            fs::create_dir(path)?;
            return Ok(0);
        }
        Subject::Sparse(size) => {
            fs::File::create(path)?.set_len(*size)?;
            return Ok(*size);
        }
        Subject::Photo(size) | Subject::Bytes(size) => *size,
    };
    let mut bytes = if matches!(subject, Subject::Photo(_)) { fs::read(sample("rocket.jpg"))? } else { Vec::new() };
    ensure!(bytes.len() as u64 <= size, "the photo is larger than {size}");
    // Every part differs from every other, so that a mixed-up one would show.
    let filling = (bytes.len() as u64..size).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed);
    bytes.extend(filling);
    fs::write(path, bytes)?;
    Ok(size)
}
