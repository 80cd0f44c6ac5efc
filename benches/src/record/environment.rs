//! The machine and the versions, as far as they can be found out.

use std::fs;
use std::process::{Command, Stdio};

use mcpring::ring::{self, Choice, RingConfig};

use super::Environment;
use crate::binaries::root;
use crate::fault::Fault;

impl Environment {
    /// What can be found out here, with the driver that `choice` comes to. To be asked before the
    /// thread is bound to a core, or it sees only that one.
    pub fn find(choice: Choice) -> Result<Self, Fault> {
        let config = RingConfig { connections_max: 1, ..RingConfig::default() };
        let (_, driver) =
            ring::open(choice, &config).map_err(|error| Fault::Invalid(error.to_string()))?;
        let own = ("mcpring".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let rustc = first_line(Command::new("rustc").arg("--version"));
        let rustc = rustc.map(|line| ("rustc".to_owned(), line.replace("rustc ", "")));
        Ok(Self {
            os: format!("Linux {}", read("/proc/sys/kernel/osrelease")),
            processor: value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory_mib(),
            governor: Some(read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
                .filter(|governor| !governor.is_empty()),
            driver,
            git_revision: git_revision(),
            versions: [Some(own), rustc].into_iter().flatten().collect(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.into(),
        })
    }

    /// Whether figures made in both can be set side by side, or what differs.
    pub fn differs_from(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, here: &str, there: &str| {
            if here != there {
                differences.push(format!("{what}: {here} and {there}"));
            }
        };
        compare("processor", &self.processor, &other.processor);
        compare("cores", &self.cores.to_string(), &other.cores.to_string());
        compare("operating system", &self.os, &other.os);
        compare("build", &self.build, &other.build);
        let driver = |line: &str| line.split_whitespace().next().unwrap_or("").to_owned();
        compare("driver", &driver(&self.driver), &driver(&other.driver));
        differences
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The value behind `name` and a colon, in the first line that has it.
fn value(path: &str, name: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':'));
    line.map(|value| value.trim().to_owned())
}

fn memory_mib() -> u64 {
    let total = value("/proc/meminfo", "MemTotal").unwrap_or_default();
    total.trim_end_matches(" kB").parse::<u64>().unwrap_or(0) >> 10
}

/// The revision of the sources, where they are a git checkout.
fn git_revision() -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root()).args(["describe", "--always", "--exclude=*", "--dirty=+"]);
    first_line(&mut git)
}

/// The first line that a program prints, if it is there and content.
fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next().filter(|_| output.status.success())?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_found_and_equals_itself() {
        let here = Environment::find(Choice::Auto).expect("a driver");
        assert!(here.os.len() > "Linux ".len() && here.memory_mib > 0 && here.cores > 0);
        assert!(here.driver.contains("io_uring") || here.driver.contains("epoll"), "{here:?}");
        assert_eq!(here.differs_from(&here), Vec::<String>::new());
        let other = Environment { processor: "abacus".into(), ..here.clone() };
        assert_eq!(here.differs_from(&other).len(), 1);
    }
}
