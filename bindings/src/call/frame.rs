//! A call inside its callback, and how every function finds the call it is given.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use mcpring::Outcome;
use mcpring::server::FeatureKind;

use super::draft::Draft;
use super::kept::{self, Kept, KeptCall};
use super::mcpring_call;
use super::seat::{self, Seat};
use super::subject::Subject;
use crate::answering::Answering;
use crate::failure::Failure;
use crate::ffi::{Contract, enter, lend, lent, mcpring_str};
use crate::handle::{pointer, unknown};
use crate::log::{self, MCPRING_LEVEL_WARNING};
use crate::plugin::Library;
use crate::site::Site;
use crate::status::{MCPRING_ERR_DONE, MCPRING_OK, mcpring_status, name};

/// How far a call is while its callback runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not answered.
    Open,
    /// Answered; what comes is refused.
    Answered,
    /// Kept: to be found among the kept ones.
    Kept,
}

/// What a call has gathered, wherever it is.
#[derive(Default)]
pub(crate) struct Common {
    /// What was put together of the answer; made with its first part.
    draft: Option<Box<Draft>>,
    /// Texts that were decoded for the program, by argument.
    texts: BTreeMap<Box<str>, Box<str>>,
}

/// A call inside its callback; on the stack of whoever runs it.
pub(crate) struct Frame<'f> {
    number: u64,
    state: Cell<State>,
    subject: RefCell<&'f mut (dyn Subject + 'f)>,
    common: RefCell<Common>,
    outcome: Cell<Option<Outcome>>,
    /// What was lent is good as long as the callback runs, also when the call is kept and answered
    /// meanwhile: it goes with this.
    kept: OnceCell<Arc<Kept>>,
    answering: &'f Answering,
    outer: Cell<*const Frame<'static>>,
}

/// A call that is not answered, to be looked into.
pub(crate) struct Open<'a> {
    /// What was asked.
    pub(crate) subject: &'a dyn Subject,
    /// Where it was asked.
    pub(crate) site: &'a Site,
    common: &'a mut Common,
}

impl Open<'_> {
    /// What is put together of the answer.
    pub(crate) fn draft(&mut self) -> &mut Draft {
        self.common.draft.get_or_insert_default()
    }

    /// The same, to be used up.
    pub(crate) fn take_draft(&mut self) -> Draft {
        self.common.draft.take().map_or_else(Draft::default, |draft| *draft)
    }

    /// Puts back what turned out to be of no use yet.
    pub(crate) fn put_draft(&mut self, draft: Draft) {
        self.common.draft = Some(Box::new(draft));
    }

    /// Whether anything was put together.
    pub(crate) fn has_draft(&self) -> bool {
        self.common.draft.is_some()
    }

    /// The same as it is, if there is any.
    pub(crate) fn seen_draft(&self) -> Option<&Draft> {
        self.common.draft.as_deref()
    }

    /// Keeps the decoded text of the argument `name` as long as the call. The one that was lent
    /// before stays where it is.
    pub(crate) fn keep_text(&mut self, name: &str, text: String) -> mcpring_str {
        let kept = self.common.texts.entry(name.into()).or_insert_with(|| text.into_boxed_str());
        mcpring_str::of(kept.as_bytes())
    }
}

impl<'f> Frame<'f> {
    /// Runs the callback of `answering` for the call `subject`.
    pub(crate) fn run(answering: &'f Answering, subject: &'f mut (dyn Subject + 'f)) -> Outcome {
        let kind = subject.kind();
        let frame = Self {
            number: seat::number(),
            state: Cell::new(State::Open),
            subject: RefCell::new(subject),
            common: RefCell::default(),
            outcome: Cell::new(None),
            kept: OnceCell::new(),
            answering,
            outer: Cell::new(std::ptr::null()),
        };
        let seat = Seat::take(frame.number);
        let status = lend(&frame, || answering.callback().run(frame.handle()));
        drop(seat);
        match (status, frame.state.get()) {
            (Some(MCPRING_OK), State::Answered) => {
                frame.outcome.take().unwrap_or_else(|| failed(kind))
            }
            (Some(MCPRING_OK), State::Kept) => Outcome::Deferred,
            (Some(MCPRING_OK), State::Open) => frame.left_open(kind),
            (status, state) => frame.broken(kind, status, state),
        }
    }

    /// The callback says that all is well, and has not answered: it may have asked.
    fn left_open(&self, kind: FeatureKind) -> Outcome {
        let draft = self.common.borrow_mut().draft.take();
        if let Some(ask) = draft.and_then(|draft| draft.into_ask()) {
            Outcome::Ask(ask)
        } else {
            self.complain(format_args!("it returned MCPRING_OK without an answer"));
            failed(kind)
        }
    }

    /// The callback failed or panicked.
    #[cold]
    fn broken(&self, kind: FeatureKind, status: Option<mcpring_status>, state: State) -> Outcome {
        let outcome = if let Some(status) = status {
            self.complain(format_args!(
                "it returned {} ({status})",
                name(status).to_string_lossy()
            ));
            failed(kind)
        } else {
            self.complain(format_args!("it panicked"));
            kind.failed(format!("the {} panicked", kind.as_str()))
        };
        if state != State::Kept {
            return outcome;
        }
        kept::fail(self.handle(), outcome);
        Outcome::Deferred
    }

    fn complain(&self, words: fmt::Arguments<'_>) {
        let (kind, name) = match self.state.get() {
            State::Kept => ("kept call", String::new()),
            State::Open | State::Answered => {
                let subject = self.subject.borrow();
                (subject.kind().as_str(), format!(" {:?}", subject.name()))
            }
        };
        log::line(
            MCPRING_LEVEL_WARNING,
            "callback",
            format_args!("the callback of {kind}{name} failed its call: {words}"),
        );
    }

    /// Its number, which is its handle.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The plugin whose callback runs, if it is one's.
    pub(crate) fn library(&self) -> Option<&Arc<Library>> {
        self.answering.library()
    }

    fn handle(&self) -> *mut mcpring_call {
        pointer(self.number)
    }

    /// The frame of the callback around this one's.
    #[inline]
    pub(crate) fn outer(&self) -> *const Frame<'static> {
        self.outer.get()
    }

    /// Says which frame is around this one.
    pub(crate) fn set_outer(&self, outer: *const Frame<'static>) {
        self.outer.set(outer);
    }

    fn look<R>(&self, act: impl FnOnce(&mut Open<'_>) -> Result<R, Failure>) -> Result<R, Failure> {
        let (subject, mut common) = (self.subject.borrow(), self.common.borrow_mut());
        act(&mut Open { subject: &**subject, site: self.answering.site(), common: &mut common })
    }

    fn keep(&self) -> Result<(), Failure> {
        let deferred = self.subject.borrow_mut().defer();
        let deferred = deferred.ok_or_else(|| Failure::state("this call cannot be kept"))?;
        let common = self.common.take();
        let site = Arc::clone(self.answering.site());
        let kept = Kept::new(KeptCall { deferred, common }, site, self.library().cloned());
        let kept = self.kept.get_or_init(|| kept);
        seat::keep(self.number);
        kept::insert(self.handle(), Arc::clone(kept));
        self.state.set(State::Kept);
        Ok(())
    }
}

/// What is answered when the callback does not say.
fn failed(kind: FeatureKind) -> Outcome {
    kind.failed(format!("the {} failed", kind.as_str()))
}

/// Acts on the call of that handle, if it can still be answered. `act` must not call out of the
/// library: the call is in use.
#[inline]
pub(crate) fn with<R>(
    call: *mut mcpring_call,
    act: impl FnOnce(&mut Open<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut act = Some(act);
    let found = lent(call.addr() as u64, |frame| match frame.state.get() {
        State::Open => act.take().map(|act| frame.look(act)),
        State::Answered => Some(Err(done())),
        State::Kept => None,
    });
    match (found.flatten(), act) {
        (Some(outcome), _) => outcome,
        (None, Some(act)) => {
            let kept = kept::get(call).ok_or_else(|| missing(call))?;
            let mut inner = kept.lock();
            let KeptCall { deferred, common } = inner.as_mut().ok_or_else(|| missing(call))?;
            act(&mut Open { subject: deferred, site: kept.site(), common })
        }
        (None, None) => Err(missing(call)),
    }
}

/// Answers the call of that handle with what `make` makes; when that fails the call stays open.
#[inline]
pub(crate) fn answer(
    call: *mut mcpring_call,
    make: impl FnOnce(&mut Open<'_>) -> Result<Outcome, Failure>,
) -> Result<(), Failure> {
    let mut make = Some(make);
    let found = lent(call.addr() as u64, |frame| match frame.state.get() {
        State::Open => make.take().map(|make| {
            frame.outcome.set(Some(frame.look(make)?));
            frame.state.set(State::Answered);
            Ok(())
        }),
        State::Answered => Some(Err(done())),
        State::Kept => None,
    });
    match (found.flatten(), make) {
        (Some(outcome), _) => outcome,
        (None, Some(make)) => kept::answer(call, make).unwrap_or_else(|| Err(missing(call))),
        (None, None) => Err(missing(call)),
    }
}

impl<'a> Open<'a> {
    /// A kept call.
    pub(super) fn of_kept(call: &'a mut KeptCall, site: &'a Site) -> Self {
        Self { subject: &call.deferred, site, common: &mut call.common }
    }
}

#[cold]
fn done() -> Failure {
    Failure::new(MCPRING_ERR_DONE, "the call was answered already")
}

/// Why there is no such call here.
#[cold]
fn missing(call: *mut mcpring_call) -> Failure {
    if seat::is_inside(call.addr() as u64) {
        return Failure::thread(
            "the call is inside its callback on another thread; mcpring_call_keep lets others \
             have it",
        );
    }
    unknown(call)
}

/// Keeps a call beyond its callback: the same handle is good on every thread until the call is
/// answered. What was added to it so far stays. Views that were handed out before are good until
/// the callback returns; ask for them again afterwards.
///
/// Ownership: the call is the program's from now on, and has to be answered by it.
/// Threads: inside the callback, on its thread. Kept already it does nothing.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_keep(call: *mut mcpring_call) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        let kept = lent(call.addr() as u64, |frame| match frame.state.get() {
            State::Open => Some(frame.keep()),
            State::Answered => Some(Err(done())),
            State::Kept => None,
        });
        match kept.flatten() {
            Some(kept) => kept,
            None => kept::get(call).map(drop).ok_or_else(|| missing(call)),
        }
    })
}
