//! The kernel's account of a process: its CPU clock, and what `/proc` says.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// From one look at what a process was started with to the next, and how many there are.
const LOOK: Duration = Duration::from_millis(1);
const LOOKS_MAX: usize = 20;

/// Time of a process, as the scheduler counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// On a core, user and kernel.
    pub cpu: Duration,
    /// Ready to run while something else was on the core: the machine was not ours alone.
    pub waited: Duration,
}

impl Usage {
    /// What the scheduler gave the calling thread.
    pub fn of_this_thread() -> Result<Self, Fault> {
        const FILE: &str = "/proc/thread-self/schedstat";
        let account = Self::read(&fs::read_to_string(FILE).map_err(Fault::harness(FILE))?);
        let clock = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        let cpu = clock.map_err(|error| Fault::Invalid(format!("read a CPU clock: {error}")))?;
        Ok(Self { cpu: cpu.into(), ..account })
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            waited: self.waited.saturating_sub(before.waited),
        }
    }

    /// The account of work that waits for nothing but a core, with threads of its own on the same one.
    /// Their waiting for each other, which the kernel counts too, says nothing; but when the process was
    /// on no core in `elapsed`, something else was on it.
    #[must_use]
    pub fn of_busy_work(process_cpu: Duration, elapsed: Duration) -> Self {
        Self { cpu: process_cpu, waited: elapsed.saturating_sub(process_cpu) }
    }

    fn read(schedstat: &str) -> Self {
        let mut times = schedstat.split(' ').map(|word| word.trim().parse().unwrap_or(0));
        let mut next = || Duration::from_nanos(times.next().unwrap_or(0));
        Self { cpu: next(), waited: next() }
    }
}

/// Context switches of all threads of a process that live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// A thread had nothing to do and waited.
    pub voluntary: u64,
    /// A thread was taken off its core.
    pub involuntary: u64,
}

impl Switches {
    /// Both kinds.
    pub fn all(self) -> u64 {
        self.voluntary + self.involuntary
    }
}

/// A process under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process(
    /// Its id.
    pub u32,
);

impl Process {
    /// What the scheduler gave it: CPU time of all its threads, and how long those that live waited.
    ///
    /// The CPU time is that of its clock: what the files of `/proc` say of a thread that runs is as
    /// old as the last tick, which is much beside a run of a few milliseconds.
    pub fn usage(self) -> Result<Usage, Fault> {
        let cpu = clock_getcpuclockid(Pid::from_raw(self.0.cast_signed())).and_then(clock_gettime);
        let cpu = cpu.map_err(|error| Fault::Target(format!("process {}: {error}", self.0)))?;
        let mut usage = Usage { cpu: cpu.into(), waited: Duration::ZERO };
        self.each_thread("schedstat", |text| usage.waited += Usage::read(text).waited)?;
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
                threads.push(Usage::read(&read("schedstat")).cpu);
            }
        }
        Ok(threads)
    }

    /// Context switches of all its threads that live.
    pub fn switches(self) -> Result<Switches, Fault> {
        let mut switches = Switches::default();
        self.each_thread("status", |text| {
            switches.voluntary += field(text, "voluntary_ctxt_switches:").unwrap_or(0);
            switches.involuntary += field(text, "nonvoluntary_ctxt_switches:").unwrap_or(0);
        })?;
        Ok(switches)
    }

    /// Calls of the kind read and write that it made. Others are not counted by the kernel: neither
    /// waits, nor sends and receives of sockets, nor what a ring does.
    pub fn read_write_calls(self) -> Result<u64, Fault> {
        let text = self.read("io")?;
        let calls = field(&text, "syscr:").zip(field(&text, "syscw:"));
        calls.map(|(reads, writes)| reads + writes).ok_or_else(|| missing("calls", "io"))
    }

    /// Memory in RAM, exactly: the sum over its mappings and not the kernel's running estimate.
    pub fn resident_bytes(self) -> Result<u64, Fault> {
        let text = self.read("smaps_rollup")?;
        let kib = field(&text, "Rss:").ok_or_else(|| missing("Rss", "smaps_rollup"))?;
        Ok(kib << 10)
    }

    /// Memory in RAM by the kernel's running estimate, which costs next to nothing to read and is
    /// off by some pages for each thread.
    pub fn resident_bytes_about(self) -> Result<u64, Fault> {
        let text = self.read("statm")?;
        let pages: Option<u64> = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
        pages
            .zip(page)
            .map(|(pages, page)| pages * page as u64)
            .ok_or_else(|| missing("resident pages", "statm"))
    }

    /// File descriptors open.
    pub fn descriptors(self) -> Result<usize, Fault> {
        let path = format!("/proc/{}/fd", self.0);
        Ok(fs::read_dir(&path).map_err(Fault::target(&path))?.count())
    }

    /// The highest number of file descriptors it may open, by its soft limit.
    pub fn descriptors_max(self) -> Result<u64, Fault> {
        let text = self.read("limits")?;
        field(&text, "Max open files").ok_or_else(|| missing("limit of open files", "limits"))
    }

    /// Those that it started and that live, or have ended and nobody has asked how; and those that it
    /// was given when who started them had ended.
    pub fn children(self) -> Result<Vec<Self>, Fault> {
        let mut children = Vec::new();
        self.each_thread("children", |text| {
            children.extend(text.split_whitespace().filter_map(|id| id.parse().ok().map(Self)));
        })?;
        Ok(children)
    }

    /// It and all processes that it started, and they, and so on: a server that forks workers.
    pub fn tree(self) -> Result<Vec<Self>, Fault> {
        let mut tree = vec![self];
        tree.extend(self.children()?);
        let mut at = 1;
        while at < tree.len() {
            // A worker may end between the listing and the look; the first one may not.
            tree.extend(tree[at].children().unwrap_or_default());
            at += 1;
        }
        Ok(tree)
    }

    /// Whether it has not ended, asked how or not.
    pub fn lives(self) -> bool {
        let stat = self.read("stat").unwrap_or_default();
        // The name before the state may hold anything.
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
        state.is_some_and(|state| !"ZX".contains(state))
    }

    /// Whether it was started with the variable `entry`, `NAME=VALUE`. One that is just becoming
    /// another program shows nothing for a moment, and is looked at again.
    pub fn was_given(self, entry: &str) -> bool {
        for _ in 0..LOOKS_MAX {
            let variables = fs::read(format!("/proc/{}/environ", self.0)).unwrap_or_default();
            if !variables.is_empty() || !self.lives() {
                let mut variables = variables.split(|byte| *byte == 0);
                return variables.any(|variable| variable == entry.as_bytes());
            }
            thread::sleep(LOOK);
        }
        false
    }

    /// Hands out `file` of each thread.
    fn each_thread(self, file: &str, mut read: impl FnMut(&str)) -> Result<(), Fault> {
        let tasks = format!("/proc/{}/task", self.0);
        for task in fs::read_dir(&tasks).map_err(Fault::target(&tasks))? {
            let path = task.map_err(Fault::target(&tasks))?.path().join(file);
            // A thread may end between the listing and the look.
            if let Ok(text) = fs::read_to_string(path) {
                read(&text);
            }
        }
        Ok(())
    }

    fn read(self, file: &str) -> Result<String, Fault> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).map_err(Fault::target(&path))
    }
}

/// The first number behind `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn missing(what: &str, file: &str) -> Fault {
    Fault::Invalid(format!("no {what} in {file} of /proc"))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn this_process_has_an_account() {
        let own = Process(std::process::id());
        let held = vec![1_u8; 8 << 20];
        let exact = own.resident_bytes().expect("own memory");
        assert!(exact > held.len() as u64);
        // Threads of other tests come and go; the two must only agree roughly.
        let about = own.resident_bytes_about().expect("own memory");
        assert!(about > held.len() as u64, "{about} beside {exact}");
        assert!(own.descriptors().expect("own descriptors") >= 3);
        assert!(own.descriptors_max().expect("own limit") >= 3);
        assert!(own.usage().expect("own time").cpu > Duration::ZERO);
        assert!(!own.threads("").expect("own threads").is_empty());
        assert_eq!(own.threads("no thread is called so").expect("own threads"), []);
        assert!(own.switches().expect("own switches").all() > 0);
        assert!(own.read_write_calls().expect("own calls") > 0);
        assert_eq!(Process(u32::MAX).usage().expect_err("no such process").exit_code(), 4);
    }

    #[test]
    fn a_thread_has_an_account_of_its_own() {
        let before = Usage::of_this_thread().expect("own time");
        thread::spawn(|| ()).join().expect("a thread");
        let after = Usage::of_this_thread().expect("own time");
        assert!(after.since(before).cpu > Duration::ZERO);
    }

    #[test]
    fn a_process_is_found_below_who_started_it() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a program");
        let process = Process(child.id());
        let tree = Process(std::process::id()).tree().expect("own tree");
        assert!(tree.contains(&process) && process.lives(), "{tree:?}");
        drop(child.stdin.take());
        child.wait().expect("its end");
        assert!(!process.lives());
    }

    #[test]
    fn a_process_shows_what_it_was_given() {
        let mut child = Command::new("cat");
        let mut child = child.env("GIVEN", "1").stdin(Stdio::piped()).spawn().expect("a program");
        let process = Process(child.id());
        for (entry, want) in [("GIVEN=1", true), ("GIVEN=", false), ("IVEN=1", false)] {
            assert_eq!(process.was_given(entry), want, "{entry}");
        }
        drop(child.stdin.take());
        child.wait().expect("its end");
    }
}
