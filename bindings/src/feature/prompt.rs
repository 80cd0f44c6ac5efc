//! Prompts.

use std::ffi::c_void;
use std::sync::Arc;

use mcpring::{Prompt, PromptArgument};

use super::completer::Given;
use super::{Described, Desk, Run, describe, mcpring_completer, mcpring_execution, run};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, enter, mcpring_destroy_fn, mcpring_str, options};
use crate::recipe::{Make, Recipe};
use crate::server::mcpring_server;
use crate::status::mcpring_status;

/// One argument of a prompt; its value is text.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_argument {
    /// What it is called by.
    pub name: mcpring_str,
    /// The name for people.
    pub title: mcpring_str,
    /// What it means.
    pub description: mcpring_str,
    /// Whether the prompt cannot do without it.
    pub required: bool,
}

/// A prompt. Begin with MCPRING_PROMPT_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_prompt {
    /// sizeof(mcpring_prompt).
    pub struct_size: usize,
    /// What it is called by.
    pub name: mcpring_str,
    /// The name for people.
    pub title: mcpring_str,
    /// What it is for.
    pub description: mcpring_str,
    /// JSON: [{"src":URL, "mimeType", "sizes", "theme"}].
    pub icons: mcpring_str,
    /// JSON: an object.
    pub meta: mcpring_str,
    /// The scopes that a caller needs, with spaces between.
    pub scopes: mcpring_str,
    /// What it takes, in the order a form would ask.
    pub arguments: *const mcpring_argument,
    /// How many they are.
    pub argument_count: usize,
    /// How long a call may take, in milliseconds; 0: as long as the server's.
    pub timeout_ms: u64,
    /// Where call runs.
    pub execution: mcpring_execution,
    /// Makes the messages.
    pub call: mcpring_call_fn,
    /// Handed to call and destroy.
    pub user_data: *mut c_void,
    /// Called once when the prompt is gone and no call of it runs any more, also when adding fails.
    pub destroy: mcpring_destroy_fn,
    /// What completes its arguments.
    pub completers: *const mcpring_completer,
    /// How many they are.
    pub completer_count: usize,
}
options!(mcpring_prompt);

/// Adds a prompt, at once when the server runs.
///
/// Ownership: as mcpring_server_add_tool, also the user data of each completer.
/// Threads: any, also inside callbacks.
/// Errors: as mcpring_server_add_tool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_add_prompt(
    server: *mut mcpring_server,
    prompt: *const mcpring_prompt,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let prompt = c.options(prompt, "prompt")?;
        let user = Arc::new(c.user_data(prompt.user_data, prompt.destroy));
        let given = Given::take(c, prompt.completers, prompt.completer_count)?;
        let desk = Desk::new(c, server, prompt.call)?;
        let recipe = recipe(&desk, &prompt, &user, &given)?;
        desk.host.add(recipe)
    })
}

fn recipe(
    desk: &Desk<'_>,
    prompt: &mcpring_prompt,
    user: &Arc<UserData>,
    given: &Given<'_>,
) -> Result<Recipe, Failure> {
    let mcpring_prompt { title, description, icons, meta, .. } = *prompt;
    let described = Described::read(desk, title, description, icons, meta)?;
    let name = desk.required(prompt.name, "name")?;
    let arguments = desk.c.array(prompt.arguments, prompt.argument_count, "arguments")?;
    let arguments = arguments.iter().map(|it| argument(desk, it));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    let (handler, place) = desk.answers(prompt.call, prompt.execution, user)?;
    let how = Run::read(desk, place, prompt.timeout_ms, prompt.scopes)?;
    let completers = given.read(desk)?;
    let key = name.clone();
    let make = move || {
        let prompt = Prompt::handler(name.clone(), handler.clone());
        let mut prompt = run!(describe!(prompt, described), how);
        for argument in &arguments {
            prompt = prompt.argument(argument.clone());
        }
        for (name, completer) in completers.iter().map(super::completer::Completing::make) {
            prompt = prompt.completer(name, completer);
        }
        prompt
    };
    Ok(Recipe { key, make: Make::Prompt(Box::new(make)), library: desk.library.clone() })
}

fn argument(desk: &Desk<'_>, argument: &mcpring_argument) -> Result<PromptArgument, Failure> {
    let name = desk.required(argument.name, "name of an argument")?;
    let mut own = if argument.required {
        PromptArgument::required(name)
    } else {
        PromptArgument::optional(name)
    };
    own.title = desk.optional(argument.title, "title")?.map(Into::into);
    own.description = desk.optional(argument.description, "description")?.map(Into::into);
    Ok(own)
}
