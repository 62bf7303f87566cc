//! Child processes that end with us, whatever ends us.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How long a child may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(20);

struct Running {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// The children in the order they were started; stopped in the opposite one.
pub(crate) struct Children {
    running: Vec<Running>,
    stop: Arc<AtomicBool>,
}

impl Children {
    /// No children yet; `stop` is set when the user wants to end.
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        Self { running: Vec::new(), stop }
    }

    /// Starts a program, its output in `logs/NAME.log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(&mut self, name: &'static str, command: &Command, logs: &Path) -> Result<()> {
        let log = logs.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log)?;
        // setpriv asks the kernel to end the child when we are killed and cannot do it ourselves; it then becomes the
        // program, so the process id stays.
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
        for (variable, value) in command.get_envs() {
            if let Some(value) = value {
                wrapped.env(variable, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        let child = wrapped
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            // Its own group: Ctrl-C reaches us alone, and we stop the children in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        self.running.push(Running { name, child, log });
        Ok(())
    }

    /// Checks that all still run and that nobody wants to stop.
    ///
    /// # Errors
    /// Names the first that has ended, with the end of its log; or says that the user stopped us.
    pub(crate) fn check(&mut self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            bail!("Stopped before everything was up.");
        }
        for running in &mut self.running {
            if let Some(status) = running.child.try_wait()? {
                let text = std::fs::read_to_string(&running.log).unwrap_or_default();
                let lines: Vec<&str> = text.lines().rev().take(12).collect();
                let tail: Vec<&str> = lines.into_iter().rev().collect();
                bail!("{} ended with {status}. {} ends:\n{}", running.name, running.log.display(), tail.join("\n"));
            }
        }
        Ok(())
    }

    /// Stops all, the last started first: SIGTERM, and SIGKILL for one that does not heed it in time.
    pub(crate) fn stop(&mut self) {
        while let Some(mut running) = self.running.pop() {
            let _ = kill(Pid::from_raw(running.child.id() as i32), Signal::SIGTERM);
            let begun = Instant::now();
            while matches!(running.child.try_wait(), Ok(None)) {
                if begun.elapsed() > GRACE {
                    let _ = running.child.kill();
                    let _ = running.child.wait();
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}
