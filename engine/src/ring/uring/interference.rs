//! Faults between the kernel and the driver, by a plan, for the tests of the driver.
//!
//! What the driver is told stays true: an op that it shall believe ended is ended for real, by a
//! cancellation of which it never hears, and only then is its last answer handed on, changed. So
//! driver and kernel agree about which ops stand at every moment.

use std::cell::Cell;
use std::rc::Rc;

use io_uring::cqueue;

use super::queue::{Answer, Queue};
use crate::ring::token::{Kind, Token};
use crate::slot::Slot;

/// `IORING_CQE_F_MORE`.
const MORE: u32 = 1 << 1;

/// What is done to an op.
#[derive(Clone, Copy, Debug)]
pub(in crate::ring) enum Act {
    /// This answer, a good one, is the op's last.
    EndWithThis,
    /// Behind this answer the op fails with that error number.
    EndWith(i32),
    /// Behind this answer comes one like it for the user that had the place before.
    EchoStale,
}

/// When it is done: at the `nth` good answer of an op of this kind, counted from one.
#[derive(Clone, Copy, Debug)]
pub(in crate::ring) struct Rule {
    pub(in crate::ring) kind: Kind,
    pub(in crate::ring) nth: u32,
    pub(in crate::ring) act: Act,
}

/// An op that is being ended.
struct Ending {
    word: u64,
    /// The error to report; none: the answer held back is reported as the last.
    errno: Option<i32>,
    held: Option<Answer>,
}

/// All that is to be done, and what was.
#[derive(Default)]
pub(in crate::ring) struct Plan {
    rules: Vec<Rule>,
    /// Good answers so far, of each kind.
    seen: Vec<(Kind, u32)>,
    endings: Vec<Ending>,
    done: Rc<Cell<u32>>,
}

impl Plan {
    /// A plan, and where it counts what it has done.
    pub(in crate::ring) fn new(rules: &[Rule]) -> (Self, Rc<Cell<u32>>) {
        let plan = Self { rules: rules.to_vec(), ..Self::default() };
        let done = Rc::clone(&plan.done);
        (plan, done)
    }

    fn count(&mut self, kind: Kind) -> u32 {
        if let Some((_, count)) = self.seen.iter_mut().find(|(seen, _)| *seen == kind) {
            *count += 1;
            return *count;
        }
        self.seen.push((kind, 1));
        1
    }

    fn act_on(&mut self, answer: Answer) -> Option<Act> {
        let kind = Token::unpack(answer.word)?.kind;
        if answer.result < 0 || (kind == Kind::Receive && answer.result == 0) {
            return None;
        }
        let nth = self.count(kind);
        let mut rules = self.rules.iter();
        rules.find(|rule| rule.kind == kind && rule.nth == nth).map(|rule| rule.act)
    }
}

impl Queue {
    /// Changes the answers from `before` on as the plan says.
    pub(super) fn interfere(&mut self, before: usize, answers: &mut Vec<Answer>) {
        if self.plan.rules.is_empty() {
            return;
        }
        for answer in answers.split_off(before) {
            match self.plan.endings.iter().position(|ending| ending.word == answer.word) {
                Some(at) => self.go_on_ending(at, answer, answers),
                None => self.begin(answer, answers),
            }
        }
    }

    fn begin(&mut self, answer: Answer, answers: &mut Vec<Answer>) {
        let stands = cqueue::more(answer.flags);
        let (errno, held) = match self.plan.act_on(answer) {
            Some(Act::EndWithThis) if stands => (None, Some(answer)),
            Some(Act::EndWith(errno)) if stands => (Some(errno), None),
            Some(Act::EchoStale) => {
                self.plan.done.set(self.plan.done.get() + 1);
                answers.push(answer);
                return answers.extend(stale(answer));
            }
            _ => return answers.push(answer),
        };
        if held.is_none() {
            answers.push(answer);
        }
        let word = answer.word;
        self.plan.endings.push(Ending { word, errno, held });
        if let Some(token) = Token::unpack(word) {
            self.cancel(token);
        }
    }

    /// One more answer of an op that is being ended, perhaps its last.
    fn go_on_ending(&mut self, at: usize, answer: Answer, answers: &mut Vec<Answer>) {
        let is_good = answer.result > 0 || cqueue::buffer_select(answer.flags).is_some();
        let ending = &mut self.plan.endings[at];
        if cqueue::more(answer.flags) {
            answers.extend(ending.held.take());
            if ending.errno.is_none() {
                ending.held = Some(answer);
            } else {
                answers.push(answer);
            }
            return;
        }
        let Ending { word, errno, held } = self.plan.endings.swap_remove(at);
        self.plan.done.set(self.plan.done.get() + 1);
        match (errno, held) {
            (None, Some(held)) if !is_good => {
                answers.push(Answer { flags: held.flags & !MORE, ..held });
            }
            (Some(errno), _) => {
                if is_good {
                    answers.push(Answer { flags: answer.flags | MORE, ..answer });
                }
                answers.push(Answer { word, result: -errno, flags: 0 });
            }
            // It ended by itself meanwhile.
            (None, held) => {
                answers.extend(held);
                answers.push(answer);
            }
        }
    }
}

/// The same for the user before; without a buffer, for that went with the first.
fn stale(answer: Answer) -> Option<Answer> {
    let Token { kind, slot } = Token::unpack(answer.word)?;
    let before = Slot::new(slot.index, slot.generation.wrapping_sub(1));
    Some(Answer { word: Token::new(kind, before).pack(), result: answer.result, flags: 0 })
}
