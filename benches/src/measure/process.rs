//! The kernel's account of a process, read from `/proc`.

use std::fs;
use std::time::Duration;

use crate::fault::Fault;

/// Time of a process, as the scheduler counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// On a core, user and kernel.
    pub cpu: Duration,
    /// Ready to run while something else was on the core: the machine was not ours alone.
    pub waited: Duration,
}

/// How often a process left its core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Because it waited for something.
    pub voluntary: u64,
    /// Because something else was to run.
    pub involuntary: u64,
}

impl Switches {
    /// Both kinds.
    pub fn all(self) -> u64 {
        self.voluntary + self.involuntary
    }
}

/// A process under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(
    /// Its id.
    pub u32,
);

impl Process {
    /// What the scheduler gave all its threads that live, to the nanosecond.
    ///
    /// A thread that ended takes its time with it; servers here keep theirs.
    pub fn usage(self) -> Result<Usage, Fault> {
        let tasks = format!("/proc/{}/task", self.0);
        let mut usage = Usage::default();
        for task in fs::read_dir(&tasks).map_err(Fault::target(&tasks))? {
            let path = task.map_err(Fault::target(&tasks))?.path().join("schedstat");
            // A thread may end between the listing and the look.
            let Ok(text) = fs::read_to_string(path) else {
                continue;
            };
            let mut times = text.split(' ').map(|word| word.trim().parse().unwrap_or(0));
            usage.cpu += Duration::from_nanos(times.next().unwrap_or(0));
            usage.waited += Duration::from_nanos(times.next().unwrap_or(0));
        }
        Ok(usage)
    }

    /// What the scheduler gave each living thread whose name begins with `prefix`.
    pub fn threads(self, prefix: &str) -> Result<Vec<Duration>, Fault> {
        let tasks = format!("/proc/{}/task", self.0);
        let mut threads = Vec::new();
        for task in fs::read_dir(&tasks).map_err(Fault::target(&tasks))? {
            let path = task.map_err(Fault::target(&tasks))?.path();
            // A thread may end between the listing and the look.
            let read = |file| fs::read_to_string(path.join(file)).unwrap_or_default();
            if read("comm").starts_with(prefix) {
                let cpu = read("schedstat").split(' ').next().and_then(|time| time.parse().ok());
                threads.push(Duration::from_nanos(cpu.unwrap_or(0)));
            }
        }
        Ok(threads)
    }

    /// How often its living threads left their cores.
    pub fn switches(self) -> Result<Switches, Fault> {
        let tasks = format!("/proc/{}/task", self.0);
        let mut switches = Switches::default();
        for task in fs::read_dir(&tasks).map_err(Fault::target(&tasks))? {
            let path = task.map_err(Fault::target(&tasks))?.path().join("status");
            // A thread may end between the listing and the look.
            let text = fs::read_to_string(path).unwrap_or_default();
            let count = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|rest| rest.trim().parse::<u64>().ok()).unwrap_or(0)
            };
            switches.voluntary += count("voluntary_ctxt_switches:");
            switches.involuntary += count("nonvoluntary_ctxt_switches:");
        }
        Ok(switches)
    }

    /// Memory in RAM, exactly: the sum over its mappings and not the kernel's running estimate.
    pub fn resident_bytes(self) -> Result<u64, Fault> {
        let text = self.read("smaps_rollup")?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| Fault::Invalid("no Rss in smaps_rollup".into()))
    }

    /// File descriptors open.
    pub fn descriptors(self) -> Result<usize, Fault> {
        let path = format!("/proc/{}/fd", self.0);
        Ok(fs::read_dir(&path).map_err(Fault::target(&path))?.count())
    }

    /// The highest number of file descriptors it may open, by its soft limit.
    pub fn descriptors_max(self) -> Result<u64, Fault> {
        let text = self.read("limits")?;
        let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| Fault::Invalid("no limit of open files in /proc".into()))
    }

    fn read(self, file: &str) -> Result<String, Fault> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).map_err(Fault::target(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_an_account() {
        let own = Process(std::process::id());
        let held = vec![1_u8; 8 << 20];
        assert!(own.resident_bytes().expect("own memory") > held.len() as u64);
        assert!(own.descriptors().expect("own descriptors") >= 3);
        assert!(own.descriptors_max().expect("own limit") >= 3);
        assert!(own.usage().expect("own time").cpu > Duration::ZERO);
        assert!(!own.threads("").expect("own threads").is_empty());
        assert_eq!(own.threads("no thread is called so").expect("own threads"), []);
        assert!(own.switches().expect("own switches").all() > 0);
        assert_eq!(Process(u32::MAX).usage().expect_err("no such process").exit_code(), 4);
    }
}
