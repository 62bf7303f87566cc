//! Everything that runs on this machine for development: store, Redis, API, worker, in this order.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, FdFlag, Flock, FlockArg, fcntl};
use serde::{Deserialize, Serialize};

use crate::{
    children::Children,
    credentials::{Credentials, write_private},
    places, ready, shell,
};

const BUCKET: &str = "sealmark";

/// Ports of one data folder, kept so that they stay the same from run to run while they are free.
#[derive(Serialize, Deserialize)]
struct Ports {
    s3: u16,
    filer: u16,
    master: u16,
    volume: u16,
    admin: u16,
    redis: u16,
}

impl Ports {
    fn of(data: &Path) -> Result<Self> {
        let file = data.join("ports.json");
        if let Some(kept) = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok())
            && kept.all().into_iter().all(|port| ready::is_free(port) && ready::is_free(port + ready::GRPC_OFFSET))
        {
            return Ok(kept);
        }
        let [s3, filer, master, volume, admin, redis] = ready::free_ports()?;
        let made = Self { s3, filer, master, volume, admin, redis };
        fs::write(file, serde_json::to_vec_pretty(&made)?)?;
        Ok(made)
    }

    fn all(&self) -> [u16; 6] {
        [self.s3, self.filer, self.master, self.volume, self.admin, self.redis]
    }
}

/// A running stack; dropping it stops everything.
pub(crate) struct Stack {
    pub(crate) children: Children,
    pub(crate) url: String,
    pub(crate) config: PathBuf,
    pub(crate) programs: PathBuf,
    // Held for as long as we run: two stacks in one data folder would write over each other.
    _lock: Flock<File>,
}

/// Builds the services and the native client.
///
/// # Errors
/// When cargo fails.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    shell::announce(
        "Building the services",
        if release { "usually ten minutes the first time" } else { "usually five minutes the first time" },
    );
    let mut command = Command::new("cargo");
    command.args(["build", "--quiet", "--locked"]).current_dir(places::root());
    for program in ["presign-api", "watermark-worker", "sealmark-upload"] {
        command.args(["--bin", program]);
    }
    if release {
        command.arg("--release");
    }
    shell::run(&mut command)?;
    Ok(places::target().join(if release { "release" } else { "debug" }))
}

/// Starts everything and waits until it answers.
///
/// # Errors
/// When the data folder is in use, or a part does not come up; the message shows the end of its log.
pub(crate) fn start(data: &Path, port: u16, programs: PathBuf, stop: &Arc<AtomicBool>) -> Result<Stack> {
    for folder in ["logs", "store", "redis"] {
        fs::create_dir_all(data.join(folder))?;
    }
    let data = data.canonicalize().with_context(|| format!("finding {}", data.display()))?;
    let lock = File::create(data.join("lock"))?;
    // The children inherit it: while one of them still shuts down, nobody else may start in this folder.
    fcntl(&lock, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let Ok(lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else {
        bail!(
            "another `cargo xtask dev` runs with {}, or is still stopping. Stop it, or give --data another folder.",
            data.display()
        );
    };
    let credentials = Credentials::of(&data)?;
    let ports = Ports::of(&data)?;
    let url = format!("http://127.0.0.1:{port}");
    let logs = data.join("logs");
    let config = data.join("sealmark.toml");
    write_private(&config, &configuration(&data, port, &ports, &credentials))?;
    let mut children = Children::new(Arc::clone(stop));

    shell::announce("Starting store, Redis, API and worker", "usually five seconds");
    children.start("redis", &redis(&data, ports.redis), &logs)?;
    children.start("seaweedfs", &seaweedfs(&data, &ports, &credentials)?, &logs)?;
    ready::wait("Redis", ports.redis, "PING\r\n", "+PONG", &mut children)?;
    ready::wait("SeaweedFS", ports.s3, &ready::get("/"), "HTTP/1.1", &mut children)?;
    // S3 answers before the volumes are there, and until then every object fails.
    let volumes = ready::get("/dir/status");
    ready::wait("SeaweedFS's volumes", ports.master, &volumes, "\"DataNodes\":[{", &mut children)?;

    let service = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(programs.join(name));
        command.arg("--config").arg(&config).args(arguments).current_dir(places::root());
        command
    };
    shell::run_quietly(&mut service("presign-api", &["bucket-setup"]))?;
    children.start("presign-api", &service("presign-api", &["serve"]), &logs)?;
    children.start("watermark-worker", &service("watermark-worker", &["run"]), &logs)?;
    ready::wait("presign-api", port, &ready::get("/readyz"), "HTTP/1.1 200", &mut children)?;
    Ok(Stack { children, url, config, programs, _lock: lock })
}

fn redis(data: &Path, port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--appendonly", "yes", "--save", ""])
        .args(["--maxmemory-policy", "noeviction", "--dir"])
        .arg(data.join("redis"));
    command
}

fn seaweedfs(data: &Path, ports: &Ports, credentials: &Credentials) -> Result<Command> {
    let config = data.join("s3.json");
    let identities = serde_json::json!({ "identities": [{
        "name": "admin",
        "credentials": [{ "accessKey": credentials.access_key, "secretKey": credentials.secret_key }],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"],
    }]});
    write_private(&config, &identities.to_string())?;
    let mut command = Command::new(places::bin().join("weed"));
    command.args(["-logtostderr=true", "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.arg(format!("-dir={}", data.join("store").display()));
    command.arg(format!("-s3.config={}", config.display()));
    for (flag, port) in [
        ("s3.port", ports.s3),
        ("filer.port", ports.filer),
        ("master.port", ports.master),
        ("volume.port", ports.volume),
        ("admin.port", ports.admin),
    ] {
        command.arg(format!("-{flag}={port}"));
    }
    command.args(["-s3.autoCreateBucket=false", "-webdav=false", "-admin.ui=false", "-master.telemetry=false"]);
    command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.preStopSeconds=0"]);
    // With its old state the master holds an election first; the volumes may knock before it is over, and then try
    // again only after five seconds.
    command.arg("-master.resumeState=false");
    command.current_dir(data);
    Ok(command)
}

/// The configuration that both services read; an operator's own looks the same.
fn configuration(data: &Path, port: u16, ports: &Ports, credentials: &Credentials) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        r#"# Written by `cargo xtask dev` at each start. docs: presign-api --help, watermark-worker --help
[http]
listen = "127.0.0.1:{port}"
www = {www}

[database]
url = {database}

[redis]
url = "redis://127.0.0.1:{redis}"

[store]
endpoint = "http://127.0.0.1:{s3}"
region = "us-east-1"
bucket = "{BUCKET}"
access_key = "{access_key}"
secret_key = "{secret_key}"
path_style = true

[auth]
token_secret = "{token_secret}"
guest_tenant = "demo"

[worker]
template = {template}
"#,
        www = quoted(&places::root().join("www").display().to_string()),
        database = quoted(&format!("sqlite://{}", data.join("catalogue.db").display())),
        redis = ports.redis,
        s3 = ports.s3,
        access_key = credentials.access_key,
        secret_key = credentials.secret_key,
        token_secret = credentials.token_secret,
        template = quoted(&places::root().join("templates/catalogue.seal").display().to_string()),
    )
}
