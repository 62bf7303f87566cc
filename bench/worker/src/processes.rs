//! CPU time by process.

use std::fs;

use anyhow::{Context, Result};
use nix::{
    sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    },
    unistd::{SysconfVar, sysconf},
};

/// User and system time of this process so far, in milliseconds.
///
/// # Errors
/// When the system does not tell.
pub(crate) fn own_cpu_ms() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1_000.0)
}

/// User and system time of a process so far, in milliseconds; to a hundredth of a second.
///
/// # Errors
/// When there is no such process.
///
/// Source: proc(5), `/proc/pid/stat`, fields 14 and 15.
pub(crate) fn cpu_ms(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The name in brackets may hold anything; the state behind it is field 3.
    let fields: Vec<&str> = stat.rsplit_once(") ").context("no name in stat")?.1.split(' ').collect();
    let ticks = |field: usize| -> Result<f64> { Ok(fields.get(field - 3).context("a short stat")?.parse()?) };
    let a_second = sysconf(SysconfVar::CLK_TCK)?.context("no clock ticks")? as f64;
    Ok((ticks(14)? + ticks(15)?) * 1_000.0 / a_second)
}
