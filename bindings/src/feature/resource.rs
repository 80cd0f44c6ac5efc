//! Resources.

use std::ffi::c_void;
use std::sync::Arc;

use bytes::Bytes;
use mcpring::Resource;
use mcpring::model::Annotations;

use super::{Described, Desk, Run, cache_hint, describe, mcpring_execution, run};
use crate::answering::{Answerer, Place};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, enter, mcpring_destroy_fn, mcpring_str, options};
use crate::model;
use crate::recipe::{Make, Recipe};
use crate::server::mcpring_server;
use crate::status::mcpring_status;

/// A resource: what it holds is fixed, or made by call for each read. Begin with
/// MCPRING_RESOURCE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_resource {
    /// sizeof(mcpring_resource).
    pub struct_size: usize,
    /// Where it is: "file:///notes.txt", "demo://clock".
    pub uri: mcpring_str,
    /// What it is called.
    pub name: mcpring_str,
    /// The name for people.
    pub title: mcpring_str,
    /// What it holds.
    pub description: mcpring_str,
    /// Its media type; absent: text/plain of fixed text, application/octet-stream of fixed bytes.
    pub mime_type: mcpring_str,
    /// JSON: {"audience":["user"], "priority":0.5, "lastModified"}.
    pub annotations: mcpring_str,
    /// JSON: [{"src":URL, "mimeType", "sizes", "theme"}].
    pub icons: mcpring_str,
    /// JSON: an object.
    pub meta: mcpring_str,
    /// The scopes that a reader needs, with spaces between.
    pub scopes: mcpring_str,
    /// Fixed text, or
    pub text: mcpring_str,
    /// fixed bytes, when call is NULL.
    pub blob: mcpring_str,
    /// The size in bytes that is listed; 0: none, or that of what is fixed.
    pub size: u64,
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
    /// Called once when the resource is gone and no read of it runs any more, also when adding
    /// fails.
    pub destroy: mcpring_destroy_fn,
}
options!(mcpring_resource);

/// Adds a resource, at once when the server runs.
///
/// Ownership: as mcpring_server_add_tool; fixed content is copied.
/// Threads: any, also inside callbacks.
/// Errors: as mcpring_server_add_tool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_add_resource(
    server: *mut mcpring_server,
    resource: *const mcpring_resource,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let resource = c.options(resource, "resource")?;
        let user = Arc::new(c.user_data(resource.user_data, resource.destroy));
        let desk = Desk::new(c, server, resource.call)?;
        let recipe = recipe(&desk, &resource, &user)?;
        desk.host.add(recipe)
    })
}

/// What a resource holds.
enum Content {
    Text(Arc<str>),
    Blob(Bytes),
    Handler(Answerer),
}

impl Content {
    fn read(
        desk: &Desk<'_>,
        resource: &mcpring_resource,
        user: &Arc<UserData>,
    ) -> Result<(Self, Place), Failure> {
        if let Some((handler, place)) = desk.answerer(resource.call, resource.execution, user)? {
            return Ok((Self::Handler(handler), place));
        }
        let text = desk.c.optional(resource.text, "text")?;
        let has_blob = !resource.blob.data.is_null();
        let content = match (text, has_blob) {
            (Some(_), true) => {
                return Err(Failure::argument("a resource has text or blob, not both"));
            }
            (Some(text), false) => Self::Text(text.into()),
            (None, true) => {
                Self::Blob(Bytes::copy_from_slice(desk.c.bytes(resource.blob, "blob")?))
            }
            (None, false) => {
                return Err(Failure::argument("a resource needs text, blob or call"));
            }
        };
        // Handing out what is fixed cannot block.
        Ok((content, Place::Inline))
    }
}

fn recipe(
    desk: &Desk<'_>,
    resource: &mcpring_resource,
    user: &Arc<UserData>,
) -> Result<Recipe, Failure> {
    let mcpring_resource { title, description, icons, meta, .. } = *resource;
    let described = Described::read(desk, title, description, icons, meta)?;
    let uri = desk.required(resource.uri, "uri")?;
    let name = desk.required(resource.name, "name")?;
    let (content, place) = Content::read(desk, resource, user)?;
    let how = Run::read(desk, place, resource.timeout_ms, resource.scopes)?;
    let mime_type = desk.optional(resource.mime_type, "mime_type")?;
    let hints = desk.c.optional(resource.annotations, "annotations")?;
    let hints: Option<Annotations> = hints.map(model::annotations).transpose()?;
    let cache = cache_hint(resource.cache_ttl_ms, resource.cache_public);
    let size = (resource.size > 0).then_some(resource.size);
    let key = uri.clone();
    let make = move || {
        let (uri, name) = (uri.clone(), name.clone());
        let resource = match &content {
            Content::Text(text) => Resource::text(uri, name, Arc::clone(text)),
            Content::Blob(bytes) => Resource::blob(uri, name, bytes.clone()),
            Content::Handler(handler) => Resource::handler(uri, name, handler.clone()),
        };
        let mut resource = run!(describe!(resource, described), how);
        if let Some(mime_type) = &mime_type {
            resource = resource.mime_type(mime_type.clone());
        }
        if let Some(hints) = &hints {
            resource = resource.annotations(hints.clone());
        }
        if let Some(cache) = cache {
            resource = resource.cache_hint(cache);
        }
        match size {
            Some(size) => resource.size(size),
            None => resource,
        }
    };
    Ok(Recipe { key, make: Make::Resource(Box::new(make)), library: desk.library.clone() })
}
