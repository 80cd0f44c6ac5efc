//! Tools.

use std::ffi::c_void;
use std::sync::Arc;

use mcpring::{TaskSupport, Tool};

use super::{Described, Desk, Run, describe, mcpring_execution, run};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, enter, mcpring_destroy_fn, mcpring_str, options};
use crate::model;
use crate::recipe::{Make, Recipe};
use crate::server::mcpring_server;
use crate::status::mcpring_status;

/// Calls never become tasks.
pub const MCPRING_TASK_FORBIDDEN: u32 = 0;
/// A call becomes a task when its client wants that.
pub const MCPRING_TASK_OPTIONAL: u32 = 1;
/// Every call becomes a task.
pub const MCPRING_TASK_REQUIRED: u32 = 2;

/// A tool. Begin with MCPRING_TOOL_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_tool {
    /// sizeof(mcpring_tool).
    pub struct_size: usize,
    /// What it is called by: 1 to 128 of A-Z a-z 0-9 _ . - /
    pub name: mcpring_str,
    /// The name for people.
    pub title: mcpring_str,
    /// What it does, for the model.
    pub description: mcpring_str,
    /// The JSON Schema of its arguments, "type":"object" at its root; absent: any object.
    pub input_schema: mcpring_str,
    /// The JSON Schema of its structured content; absent: none.
    pub output_schema: mcpring_str,
    /// JSON: {"readOnlyHint":true, "destructiveHint", "idempotentHint", "openWorldHint", "title"}.
    pub annotations: mcpring_str,
    /// JSON: [{"src":URL, "mimeType", "sizes", "theme"}].
    pub icons: mcpring_str,
    /// JSON: an object.
    pub meta: mcpring_str,
    /// The scopes that a caller needs, with spaces between.
    pub scopes: mcpring_str,
    /// How long a call may take, in milliseconds; 0: as long as the server's.
    pub timeout_ms: u64,
    /// Where call runs.
    pub execution: mcpring_execution,
    /// MCPRING_TASK_FORBIDDEN, MCPRING_TASK_OPTIONAL or MCPRING_TASK_REQUIRED.
    pub task_support: u32,
    /// Whether call says itself when a call becomes a task: mcpring_call_become_task.
    pub task_by_handler: bool,
    /// Answers calls.
    pub call: mcpring_call_fn,
    /// Handed to call and destroy.
    pub user_data: *mut c_void,
    /// Called once when the tool is gone and no call of it runs any more, also when adding fails.
    pub destroy: mcpring_destroy_fn,
}
options!(mcpring_tool);

/// Adds a tool, at once when the server runs: its clients are told, if it has the setting
/// list_changes.
///
/// Ownership: the struct is read and copied; user_data is the library's until destroy, which is
/// called also when this fails (unless the struct itself cannot be read).
/// Threads: any, also inside callbacks.
/// Errors: MCPRING_ERR_USAGE for a bad name or schema, a name that is taken, and on a running
/// server that offers no tools; MCPRING_ERR_ARGUMENT for NULL, what is not UTF-8, malformed JSON and
/// unknown constants; MCPRING_ERR_UNSUPPORTED for MCPRING_RUN_HOST where nobody can poll, as in
/// `mcpring serve`; MCPRING_ERR_STATE when the server has ended; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_add_tool(
    server: *mut mcpring_server,
    tool: *const mcpring_tool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let tool = c.options(tool, "tool")?;
        let user = Arc::new(c.user_data(tool.user_data, tool.destroy));
        let desk = Desk::new(c, server, tool.call)?;
        let recipe = recipe(&desk, &tool, &user)?;
        desk.host.add(recipe)
    })
}

fn recipe(desk: &Desk<'_>, tool: &mcpring_tool, user: &Arc<UserData>) -> Result<Recipe, Failure> {
    let name = desk.required(tool.name, "name")?;
    let described = Described::read(desk, tool.title, tool.description, tool.icons, tool.meta)?;
    let input = desk.optional(tool.input_schema, "input_schema")?;
    let input = input.unwrap_or_else(|| r#"{"type":"object"}"#.to_owned());
    let output = desk.optional(tool.output_schema, "output_schema")?;
    let annotations = desk.c.optional(tool.annotations, "annotations")?;
    let annotations = annotations.map(model::tool_annotations).transpose()?;
    let (handler, place) = desk.answers(tool.call, tool.execution, user)?;
    let how = Run::read(desk, place, tool.timeout_ms, tool.scopes)?;
    let tasks = match tool.task_support {
        MCPRING_TASK_FORBIDDEN => TaskSupport::Forbidden,
        MCPRING_TASK_OPTIONAL => TaskSupport::Optional,
        MCPRING_TASK_REQUIRED => TaskSupport::Required,
        other => return Err(Failure::argument(format!("there is no task_support {other}"))),
    };
    let by_handler = tool.task_by_handler;
    let key = name.clone();
    let make = move || {
        let tool = Tool::handler(name.clone(), input.clone(), handler.clone());
        let mut tool = run!(describe!(tool, described), how).task_support(tasks);
        if let Some(output) = &output {
            tool = tool.output_schema(output.clone());
        }
        if let Some(annotations) = &annotations {
            tool = tool.annotations(annotations.clone());
        }
        if by_handler { tool.task_by_handler() } else { tool }
    };
    Ok(Recipe { key, make: Make::Tool(Box::new(make)), library: desk.library.clone() })
}
