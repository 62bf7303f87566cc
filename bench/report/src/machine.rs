//! The machine and its programs.

use std::{fs, process::Command};

/// Looks at this machine: date, processors and memory, load, and the commit that is measured.
pub fn describe() -> Vec<(String, String)> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total_kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let machine = format!(
        "{cores} × {}, {} GiB, {}",
        model.map_or("unknown processor", |(_, name)| name.trim()),
        total_kib.div_ceil(1 << 20),
        first_line(Command::new("uname").arg("-sr")),
    );
    [
        ("date", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        ("machine", machine),
        ("load before", load.split(' ').next().unwrap_or_default().to_owned()),
        ("commit", first_line(Command::new("git").args(["describe", "--always", "--dirty"]))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The first line that a program prints; empty where it cannot be run.
pub fn first_line(command: &mut Command) -> String {
    let text = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_run_has_no_first_line() {
        assert_eq!(first_line(Command::new("printf").arg(" one \\ntwo")), "one");
        assert_eq!(first_line(&mut Command::new("/nowhere/at-all")), "");
    }

    #[test]
    fn every_report_tells_the_load_before() {
        let names: Vec<String> = describe().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["date", "machine", "load before", "commit"]);
    }
}
