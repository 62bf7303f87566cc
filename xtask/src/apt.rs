//! Debian packages: installed where that is allowed, named exactly where it is not.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{places, shell};

/// Installs packages that are not there yet.
///
/// # Errors
/// Where apt-get is missing or neither root nor sudo is at hand; the message is the line to run.
pub(crate) fn install(packages: &[&str], usually: &str) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {}", missing.join(" "));
    if places::in_path("apt-get").is_none() {
        bail!(
            "this machine has no apt-get. Install what Debian calls: {}\nthen run the same command again.",
            missing.join(" ")
        );
    }
    let mut prefix: Vec<&str> = Vec::new();
    if !nix::unistd::geteuid().is_root() {
        if places::in_path("sudo").is_none() {
            bail!("Debian packages are missing and neither root nor sudo is at hand. Run as root:\n\n    {line}\n");
        }
        prefix.push("sudo");
    }
    // sudo does not pass variables on, so env sets them behind it; another apt-get that runs is waited for.
    prefix.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
    shell::announce(&format!("Installing Debian packages: {}", missing.join(", ")), usually);
    let run = |arguments: &[&str]| {
        let words: Vec<&str> = prefix.iter().chain(arguments).copied().collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        shell::run(&mut command)
    };
    run(&["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"])?;
    let mut arguments = vec![
        "apt-get",
        "-qq",
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Dpkg::Use-Pty=0",
        "install",
        "-y",
        "--no-install-recommends",
    ];
    arguments.extend(&missing);
    run(&arguments).map_err(|error| error.context(format!("by hand it would be:\n\n    {line}\n")))
}

/// Whether dpkg has the package installed.
pub(crate) fn is_installed(package: &str) -> bool {
    shell::first_line("dpkg-query", &["-W", "-f=${db:Status-Status}", package]).as_deref() == Some("installed")
}
