//! The work of a part with its process's account of it: in this process, or in one of its own.
//!
//! Where the memory of a process happens to lie makes some of this work a fifth dearer, for as long as
//! the process lives. Repetitions in processes of their own show that.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Amount, Outcome};
use crate::fault::Fault;
use crate::interrupt;
use crate::measure::process::{Process, Usage};
use crate::workload::InsideSpec;

/// The command of `mcpring-bench` that does work for another one.
pub const COMMAND: &str = "inside";

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// Which part.
    pub spec: InsideSpec,
    /// How much.
    pub amount: Amount,
}

/// What it came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The part's own figures.
    pub outcome: Outcome,
    /// The time of all of it, also of what a part does untimed.
    pub elapsed: Duration,
    /// What the scheduler gave it in that time.
    pub usage: Usage,
    /// The process in which it was done.
    pub process: Process,
    /// That one's resident memory before and after.
    pub resident_bytes: [u64; 2],
}

impl Work {
    /// Does it in this process.
    pub fn here(&self) -> Result<Account, Fault> {
        let process = Process(std::process::id());
        let before = process.resident_bytes()?;
        let (outcome, elapsed, usage) = accounted(|| super::run(&self.spec, self.amount))?;
        let resident_bytes = [before, process.resident_bytes()?];
        Ok(Account { outcome, elapsed, usage, process, resident_bytes })
    }

    /// Has it done by `program`, which is `mcpring-bench`, on the cores of this thread.
    pub fn apart(&self, program: &Path) -> Result<Account, Fault> {
        let invalid = |error: serde_json::Error| Fault::Invalid(format!("hand work on: {error}"));
        let work = serde_json::to_string(self).map_err(invalid)?;
        let mut command = Command::new(program);
        command.args([COMMAND, &work]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = program.display();
        let output = interrupt::spawn(&mut command)
            .and_then(Child::wait_with_output)
            .map_err(Fault::harness(format!("start {shown}")))?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout).map_err(invalid);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(Fault::Target(words.trim().to_owned()))
    }
}

/// Does `work` and says how long it took, and for how much of that it was kept off its core by
/// something else. The threads that it may have, such as those of a pool, share the core with this
/// one: they are the work, and nothing else.
fn accounted<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<(T, Duration, Usage), Fault> {
    let own = Process(std::process::id());
    let (process, begin) = (own.usage()?, Instant::now());
    let came = work()?;
    let elapsed = begin.elapsed();
    let process = own.usage()?.since(process);
    Ok((came, elapsed, Usage::of_busy_work(process.cpu, elapsed)))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    use super::*;

    /// What the other thread of the work spends on the core.
    const WORK: Duration = Duration::from_millis(30);

    /// Binds this thread, and those that it starts, to one core.
    fn share_a_core() {
        let all = sched_getaffinity(Pid::from_raw(0)).expect("cores");
        let first = (0..CpuSet::count()).find(|core| all.is_set(*core) == Ok(true));
        let mut one = CpuSet::new();
        one.set(first.expect("a core")).expect("a number of a core");
        sched_setaffinity(Pid::from_raw(0), &one).expect("its own core");
    }

    /// Both threads are always ready to run, so that one waits while the other has the core.
    #[test]
    fn threads_of_the_work_do_not_keep_it_off_its_core() {
        share_a_core();
        let own_cpu = || Usage::of_this_thread().expect("own time").cpu;
        let (on, elapsed, usage) = accounted(|| {
            let before = own_cpu();
            let other = thread::spawn(move || while own_cpu() < WORK {});
            while !other.is_finished() {}
            Ok(own_cpu().saturating_sub(before))
        })
        .expect("an account");
        let off = elapsed.saturating_sub(on);
        // The clocks of the threads and of the wall are not one.
        let is_shared = off >= WORK * 9 / 10;
        assert!(is_shared, "on one core the work was done meanwhile: {off:?} of {elapsed:?}");
        // Whatever else has kept it off: the other thread's time is not part of that, but for what
        // passes between the readings of the clocks.
        let kept_off = usage.waited;
        assert!(kept_off + WORK / 2 <= off, "{kept_off:?} of {off:?}: the work is something else");
    }
}
