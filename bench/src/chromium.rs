//! Chromium, spoken to by its own protocol over a pipe: no driver, and nothing that listens to the network.

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

/// A call of the protocol that is not a page's own work is over at once.
const PATIENCE: Duration = Duration::from_secs(60);
/// A name that leads to this machine, and is not one of those that browsers trust without TLS.
pub(crate) const INSECURE_HOST: &str = "bench.test";

/// What the browser itself notes of every request; the query may be a credential.
const REQUESTS: &str = "performance.getEntriesByType('resource').map(entry => ({ url: entry.name.split('?')[0], \
    began: entry.startTime, sent: entry.requestStart, ended: entry.responseEnd }))";

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;
/// Session of a worker, by the session of its page.
type Workers = Arc<Mutex<Vec<(String, String)>>>;

/// A running browser with a profile of its own; both end when it is dropped.
pub(crate) struct Browser {
    _child: Child,
    to_browser: tokio::sync::Mutex<ChildStdin>,
    waiting: Waiting,
    workers: Workers,
    last: AtomicU64,
    _profile: TempDir,
}

impl Browser {
    /// Starts one, its complaints in `log`.
    ///
    /// # Errors
    /// When it is not installed or does not answer.
    pub(crate) async fn start(log: &Path) -> Result<Arc<Self>> {
        let profile = tempfile::Builder::new().prefix("sealmark-chromium-").tempdir()?;
        let mut child = Command::new("sh")
            // The pipe's ends are file descriptors 3 and 4, whatever the process got as 0 and 1.
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh", "chromium"])
            .args(["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--mute-audio", "--disable-dev-shm-usage"])
            .args(nix::unistd::Uid::effective().is_root().then_some("--no-sandbox"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(log)?)
            .kill_on_drop(true)
            .spawn()
            .context("starting chromium")?;
        let to_browser = child.stdin.take().context("no standard input")?;
        let from_browser = child.stdout.take().context("no standard output")?;
        let (waiting, workers) = (Waiting::default(), Workers::default());
        tokio::spawn(listen(from_browser, waiting.clone(), workers.clone()));
        let browser = Arc::new(Self {
            _child: child,
            to_browser: tokio::sync::Mutex::new(to_browser),
            waiting,
            workers,
            last: AtomicU64::new(0),
            _profile: profile,
        });
        browser.call(None, "Browser.getVersion", json!({})).await?;
        Ok(browser)
    }

    /// Calls a method and waits for its result.
    async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        timeout(PATIENCE, self.call_for_long(session, method, params))
            .await
            .with_context(|| format!("{method} hangs"))?
    }

    async fn call_for_long(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let id = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answered, answer) = oneshot::channel();
        lock(&self.waiting).insert(id, answered);
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        {
            let mut to_browser = self.to_browser.lock().await;
            to_browser.write_all(&bytes).await?;
            to_browser.flush().await?;
        }
        let mut answer = answer.await.context("Chromium has ended")?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    /// Its version.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) async fn version(&self) -> Result<String> {
        let answer = self.call(None, "Browser.getVersion", json!({})).await?;
        Ok(answer["product"].as_str().unwrap_or_default().to_owned())
    }

    /// Processor time that its processes have taken so far, in seconds: `browser`, `renderer`, `network`.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) async fn processor_s(&self) -> Result<HashMap<String, f64>> {
        let processes = self.call(None, "SystemInfo.getProcessInfo", json!({})).await?;
        let mut times = HashMap::new();
        for process in processes["processInfo"].as_array().into_iter().flatten() {
            let kind = process["type"].as_str().unwrap_or_default();
            // Services go by their interface: "network.mojom.NetworkService".
            let kind = kind.split('.').next().unwrap_or_default().to_lowercase();
            *times.entry(kind).or_default() += process["cpuTime"].as_f64().unwrap_or(0.0);
        }
        Ok(times)
    }

    /// Opens a page in a context of its own (no cookies, records or connections of another page) and waits for its
    /// `window.bench`.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) async fn open(self: &Arc<Self>, url: &str) -> Result<Page> {
        let context = self.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = text(&context, "browserContextId")?;
        let target = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(&self.call(None, "Target.createTarget", target).await?, "targetId")?;
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text(&self.call(None, "Target.attachToTarget", attach).await?, "sessionId")?;
        let page = Page { browser: self.clone(), context, session };
        page.go(url).await?;
        Ok(page)
    }
}

/// One page.
pub(crate) struct Page {
    browser: Arc<Browser>,
    context: String,
    session: String,
}

impl Page {
    async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.browser.call(Some(&self.session), method, params).await
    }

    /// Loads an address, anew if it is the same.
    ///
    /// # Errors
    /// When `window.bench` does not appear.
    pub(crate) async fn go(&self, url: &str) -> Result<()> {
        let answer = self.call("Page.navigate", json!({ "url": url })).await?;
        if let Some(error) = answer.get("errorText").and_then(Value::as_str) {
            bail!("{url}: {error}");
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let ready = format!(
                "location.href === {} && document.readyState === 'complete' && !!globalThis.bench",
                Value::from(url)
            );
            // Between two documents there is nothing to ask.
            if self.evaluate(&ready).await.is_ok_and(|ready| ready == Value::Bool(true)) {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("{url} does not come up")
    }

    /// The value of an expression; of a promise, what it resolves to, for as long as `within`.
    ///
    /// # Errors
    /// When it throws, or takes longer.
    pub(crate) async fn evaluate_within(&self, expression: &str, within: Duration) -> Result<Value> {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let call = self.browser.call_for_long(Some(&self.session), "Runtime.evaluate", params);
        let mut answer =
            timeout(within, call).await.map_err(|_| anyhow!("not done after {} s", within.as_secs()))??;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let what = &thrown["exception"]["description"];
            bail!("{}", what.as_str().unwrap_or("the page threw something"));
        }
        Ok(answer["result"]["value"].take())
    }

    /// As [`evaluate_within`](Self::evaluate_within), for what is over at once.
    ///
    /// # Errors
    /// When it throws, or hangs.
    pub(crate) async fn evaluate(&self, expression: &str) -> Result<Value> {
        self.evaluate_within(expression, PATIENCE).await
    }

    /// Chooses files on disk in the page's file chooser.
    ///
    /// # Errors
    /// When the page has none.
    pub(crate) async fn choose(&self, files: &[&Path]) -> Result<()> {
        let input = self.call("Runtime.evaluate", json!({ "expression": "document.querySelector('input')" })).await?;
        let input = text(&input["result"], "objectId")?;
        self.call("DOM.setFileInputFiles", json!({ "files": files, "objectId": input })).await?;
        Ok(())
    }

    /// Looks after the page's workers from now on, for [`memory`](Self::memory).
    ///
    /// # Errors
    /// When the page is gone.
    pub(crate) async fn watch_workers(&self) -> Result<()> {
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
        self.call("Target.setAutoAttach", attach).await?;
        Ok(())
    }

    fn sessions(&self) -> Vec<String> {
        let workers = lock(&self.browser.workers);
        let own = workers.iter().filter(|(page, _)| *page == self.session).map(|(_, worker)| worker.clone());
        std::iter::once(self.session.clone()).chain(own).collect()
    }

    /// What the page and its workers hold now.
    ///
    /// # Errors
    /// When the page is gone.
    pub(crate) async fn memory(&self) -> Result<Memory> {
        let mut memory = Memory::default();
        for session in self.sessions() {
            // A worker may have ended since.
            let Ok(usage) = self.browser.call(Some(&session), "Runtime.getHeapUsage", json!({})).await else {
                continue;
            };
            let number = |name: &str| usage[name].as_f64().unwrap_or(0.0) as u64;
            memory.heap_bytes += number("usedSize") + number("embedderHeapUsedSize");
            memory.buffers_bytes += number("backingStorageSize");
        }
        let processes = self.browser.call(None, "SystemInfo.getProcessInfo", json!({})).await?;
        for process in processes["processInfo"].as_array().into_iter().flatten() {
            let Some(id) = process["id"].as_u64().filter(|_| process["type"] == "renderer") else { continue };
            memory.renderer_bytes = memory.renderer_bytes.max(resident_bytes(id));
        }
        Ok(memory)
    }

    /// Records where the page's and its workers' time goes while `work` runs: of the page, then of each worker, a CPU
    /// profile, and under `requests` when each request began and ended, in milliseconds.
    ///
    /// # Errors
    /// When the page is gone.
    pub(crate) async fn profile<T>(&self, work: impl Future<Output = T>) -> Result<(T, Vec<Value>)> {
        self.call("Profiler.enable", json!({})).await?;
        self.call("Profiler.start", json!({})).await?;
        let begin = async {
            // Workers that the work starts are found while it runs.
            let mut started = Vec::new();
            loop {
                for session in self.sessions().into_iter().skip(1) {
                    if !started.contains(&session) {
                        let more = json!({ "expression": "performance.setResourceTimingBufferSize(10000)" });
                        let _ = self.browser.call(Some(&session), "Runtime.evaluate", more).await;
                        let _ = self.browser.call(Some(&session), "Profiler.enable", json!({})).await;
                        let _ = self.browser.call(Some(&session), "Profiler.start", json!({})).await;
                        started.push(session);
                    }
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let done = tokio::select! {
            done = work => done,
            () = begin => bail!("the profile has ended by itself"),
        };
        let mut profiles = Vec::new();
        for session in self.sessions() {
            if let Ok(mut answer) = self.browser.call(Some(&session), "Profiler.stop", json!({})).await {
                let asked = json!({ "expression": REQUESTS, "returnByValue": true });
                let requests = self.browser.call(Some(&session), "Runtime.evaluate", asked).await.unwrap_or_default();
                let mut profile = answer["profile"].take();
                profile["requests"] = requests["result"]["value"].clone();
                profiles.push(profile);
            }
        }
        Ok((done, profiles))
    }

    /// Closes the page with all that it kept.
    pub(crate) async fn close(self) {
        let context = json!({ "browserContextId": self.context });
        let _ = self.browser.call(None, "Target.disposeBrowserContext", context).await;
        lock(&self.browser.workers).retain(|(page, _)| *page != self.session);
    }
}

/// Memory at one moment, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Objects of the page's and its workers' heaps.
    pub(crate) heap_bytes: u64,
    /// Array buffers and wasm memories of both.
    pub(crate) buffers_bytes: u64,
    /// The largest renderer process, resident.
    pub(crate) renderer_bytes: u64,
}

fn resident_bytes(process: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

async fn listen(from_browser: ChildStdout, waiting: Waiting, workers: Workers) {
    let mut from_browser = BufReader::new(from_browser);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match from_browser.read_until(0, &mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        bytes.pop();
        let Ok(message) = serde_json::from_slice::<Value>(&bytes) else { continue };
        if let Some(id) = message["id"].as_u64() {
            if let Some(waiting) = lock(&waiting).remove(&id) {
                let _ = waiting.send(message);
            }
        } else if message["method"] == "Target.attachedToTarget"
            && message["params"]["targetInfo"]["type"] == "worker"
            && let (Some(page), Some(worker)) = (message["sessionId"].as_str(), message["params"]["sessionId"].as_str())
        {
            lock(&workers).push((page.to_owned(), worker.to_owned()));
        }
    }
    // Whoever still waits learns that nothing will come.
    lock(&waiting).clear();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn text(value: &Value, field: &str) -> Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {value}"))
}
