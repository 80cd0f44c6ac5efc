//! What completes the arguments of prompts and the variables of templates.

use std::ffi::c_void;
use std::sync::Arc;

use mcpring::Completer;

use super::{Desk, mcpring_execution};
use crate::answering::{Answerer, Place};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, mcpring_destroy_fn, mcpring_str};

/// Suggests values for one argument of a prompt or one variable of a template.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_completer {
    /// Which argument or variable.
    pub name: mcpring_str,
    /// Fixed values, of which those are suggested that begin with what was typed; or
    pub values: *const mcpring_str,
    /// How many they are.
    pub value_count: usize,
    /// Where call runs.
    pub execution: mcpring_execution,
    /// suggests values for each request: it reads MCPRING_FACT_PARTIAL.
    pub call: mcpring_call_fn,
    /// Handed to call and destroy.
    pub user_data: *mut c_void,
    /// Called once when the completer is gone and no call of it runs any more, also when adding
    /// fails.
    pub destroy: mcpring_destroy_fn,
}

/// A completer that was read, to be made more than once.
pub(super) struct Completing {
    name: String,
    how: How,
}

enum How {
    Values(Vec<String>),
    Call(Answerer, Place),
}

/// The completers of a feature with their user data, which is the library's whatever becomes of
/// them.
pub(super) struct Given<'a> {
    all: Vec<(&'a mcpring_completer, Arc<UserData>)>,
}

impl<'a> Given<'a> {
    pub(super) fn take(
        c: &'a Contract,
        completers: *const mcpring_completer,
        count: usize,
    ) -> Result<Self, Failure> {
        let completers = c.array(completers, count, "completers")?;
        let own = |it: &'a mcpring_completer| (it, Arc::new(c.user_data(it.user_data, it.destroy)));
        Ok(Self { all: completers.iter().map(own).collect() })
    }

    pub(super) fn read(&self, desk: &Desk<'_>) -> Result<Vec<Completing>, Failure> {
        self.all.iter().map(|(completer, user)| Completing::read(desk, completer, user)).collect()
    }
}

impl Completing {
    fn read(
        desk: &Desk<'_>,
        completer: &mcpring_completer,
        user: &Arc<UserData>,
    ) -> Result<Self, Failure> {
        let name = desk.required(completer.name, "name of a completer")?;
        let how = if let Some((handler, place)) =
            desk.answerer(completer.call, completer.execution, user)?
        {
            How::Call(handler, place)
        } else {
            let values = desk.c.array(completer.values, completer.value_count, "values")?;
            let text = |value: &mcpring_str| Ok(desk.c.text(*value, "value")?.to_owned());
            How::Values(values.iter().map(text).collect::<Result<_, Failure>>()?)
        };
        Ok(Self { name, how })
    }

    /// The name, and the engine's form.
    pub(super) fn make(&self) -> (String, Completer) {
        let completer = match &self.how {
            How::Values(values) => Completer::values(values.clone()),
            How::Call(handler, place) => {
                Completer::handler(handler.clone()).execution(place.execution())
            }
        };
        (self.name.clone(), completer)
    }
}
