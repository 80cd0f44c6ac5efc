//! Resource templates.

use std::ffi::c_void;
use std::sync::Arc;

use mcpring::ResourceTemplate;

use super::completer::Given;
use super::{
    Described, Desk, Run, cache_hint, describe, mcpring_completer, mcpring_execution, run,
};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, enter, mcpring_destroy_fn, mcpring_str, options};
use crate::model;
use crate::recipe::{Make, Recipe};
use crate::server::mcpring_server;
use crate::status::mcpring_status;

/// All resources whose URIs have one form. Begin with MCPRING_TEMPLATE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_template {
    /// sizeof(mcpring_template).
    pub struct_size: usize,
    /// The form (RFC 6570): "demo://users/{id}". call reads id with mcpring_call_variable.
    pub uri_template: mcpring_str,
    /// What it is called.
    pub name: mcpring_str,
    /// The name for people.
    pub title: mcpring_str,
    /// What they hold.
    pub description: mcpring_str,
    /// Their media type.
    pub mime_type: mcpring_str,
    /// JSON: {"audience":["user"], "priority":0.5, "lastModified"}.
    pub annotations: mcpring_str,
    /// JSON: [{"src":URL, "mimeType", "sizes", "theme"}].
    pub icons: mcpring_str,
    /// JSON: an object.
    pub meta: mcpring_str,
    /// The scopes that a reader needs, with spaces between.
    pub scopes: mcpring_str,
    /// How long clients may keep what they read, in milliseconds; 0: not at all.
    pub cache_ttl_ms: u64,
    /// Whether they may keep it for others too.
    pub cache_public: bool,
    /// How long a read may take, in milliseconds; 0: as long as the server's calls.
    pub timeout_ms: u64,
    /// Where call runs.
    pub execution: mcpring_execution,
    /// Answers reads.
    pub call: mcpring_call_fn,
    /// Handed to call and destroy.
    pub user_data: *mut c_void,
    /// Called once when the template is gone and no read of it runs any more, also when adding
    /// fails.
    pub destroy: mcpring_destroy_fn,
    /// What completes its variables.
    pub completers: *const mcpring_completer,
    /// How many they are.
    pub completer_count: usize,
}
options!(mcpring_template);

/// Adds a resource template, at once when the server runs.
///
/// Ownership: as mcpring_server_add_tool, also the user data of each completer.
/// Threads: any, also inside callbacks.
/// Errors: as mcpring_server_add_tool; MCPRING_ERR_USAGE also for templates that fit the same URI,
/// before the start when it starts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_add_template(
    server: *mut mcpring_server,
    template_: *const mcpring_template,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let template = c.options(template_, "template")?;
        let user = Arc::new(c.user_data(template.user_data, template.destroy));
        let given = Given::take(c, template.completers, template.completer_count)?;
        let desk = Desk::new(c, server, template.call)?;
        let recipe = recipe(&desk, &template, &user, &given)?;
        desk.host.add(recipe)
    })
}

fn recipe(
    desk: &Desk<'_>,
    template: &mcpring_template,
    user: &Arc<UserData>,
    given: &Given<'_>,
) -> Result<Recipe, Failure> {
    let mcpring_template { title, description, icons, meta, .. } = *template;
    let described = Described::read(desk, title, description, icons, meta)?;
    let form = desk.required(template.uri_template, "uri_template")?;
    let name = desk.required(template.name, "name")?;
    let (handler, place) = desk.answers(template.call, template.execution, user)?;
    let how = Run::read(desk, place, template.timeout_ms, template.scopes)?;
    let mime_type = desk.optional(template.mime_type, "mime_type")?;
    let hints = desk.c.optional(template.annotations, "annotations")?;
    let hints = hints.map(model::annotations).transpose()?;
    let cache = cache_hint(template.cache_ttl_ms, template.cache_public);
    let completers = given.read(desk)?;
    let key = form.clone();
    let make = move || {
        let template = ResourceTemplate::handler(form.clone(), name.clone(), handler.clone());
        let mut template = run!(describe!(template, described), how);
        if let Some(mime_type) = &mime_type {
            template = template.mime_type(mime_type.clone());
        }
        if let Some(hints) = &hints {
            template = template.annotations(hints.clone());
        }
        if let Some(cache) = cache {
            template = template.cache_hint(cache);
        }
        for (name, completer) in completers.iter().map(super::completer::Completing::make) {
            template = template.completer(name, completer);
        }
        template
    };
    Ok(Recipe { key, make: Make::Template(Box::new(make)), library: desk.library.clone() })
}
