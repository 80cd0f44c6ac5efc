//! Pieces of an answer as C describes them, and what they become.

use bytes::Bytes;
use mcpring::model::{Content, PromptMessage, ResourceContents, ResourceLink, Role, Text};
use mcpring::server::FeatureKind;

use super::{Open, mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str, options};
use crate::model;
use crate::status::{MCPRING_ERR_UNSUPPORTED, mcpring_status};

/// What a piece of content is.
pub type mcpring_content_kind = u32;

/// Text.
pub const MCPRING_CONTENT_TEXT: mcpring_content_kind = 0;
/// A picture: data and mime_type.
pub const MCPRING_CONTENT_IMAGE: mcpring_content_kind = 1;
/// A sound: data and mime_type.
pub const MCPRING_CONTENT_AUDIO: mcpring_content_kind = 2;
/// A resource, whole, whose content is text: uri, data, mime_type.
pub const MCPRING_CONTENT_RESOURCE_TEXT: mcpring_content_kind = 3;
/// A resource, whole, whose content is bytes: uri, data, mime_type.
pub const MCPRING_CONTENT_RESOURCE_BLOB: mcpring_content_kind = 4;
/// A resource that the reader may fetch: uri, name, title, description, mime_type.
pub const MCPRING_CONTENT_LINK: mcpring_content_kind = 5;

/// Of a prompt's message: the person says it.
pub const MCPRING_ROLE_USER: u32 = 0;
/// Of a prompt's message: the model says it.
pub const MCPRING_ROLE_ASSISTANT: u32 = 1;

/// One piece of an answer. Begin with MCPRING_CONTENT_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_content {
    /// sizeof(mcpring_content).
    pub struct_size: usize,
    /// What it is.
    pub kind: mcpring_content_kind,
    /// Of a prompt's message: who says it.
    pub role: u32,
    /// The text, or the bytes (not base64).
    pub data: mcpring_str,
    /// The media type.
    pub mime_type: mcpring_str,
    /// Of a resource or a link: where it is.
    pub uri: mcpring_str,
    /// Of a link: what it is called.
    pub name: mcpring_str,
    /// Of a link: the name for people.
    pub title: mcpring_str,
    /// Of a link: what it holds.
    pub description: mcpring_str,
    /// JSON: {"audience":["user"],"priority":0.5}.
    pub annotations: mcpring_str,
    /// A JSON object.
    pub meta: mcpring_str,
}
options!(mcpring_content);

impl mcpring_content {
    /// Bytes of everything that is copied.
    fn bytes(&self) -> usize {
        let Self { data, mime_type, uri, name, title, description, annotations, meta, .. } = self;
        let views = [data, mime_type, uri, name, title, description, annotations, meta];
        views.into_iter().fold(0, |bytes: usize, view| bytes.saturating_add(view.len))
    }
}

/// Adds one piece to the answer of a call. Of a tool it is one block; of a prompt one message; of a
/// resource one of its contents (RESOURCE_TEXT or TEXT, RESOURCE_BLOB; without uri it is the one
/// that is read); of a completion one value (TEXT).
///
/// Ownership: everything is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT;
/// MCPRING_ERR_LIMIT when the answer gets longer than frame_bytes_max.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_add(
    call: *mut mcpring_call,
    content: *const mcpring_content,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let content = c.options(content, "content")?;
        with(call, |open| add(c, open, &content))
    })
}

/// Adds text to the answer of a call: a tool's block, what a prompt's user says, a resource's text
/// or a completion's value.
///
/// Ownership: the text is copied.
/// Threads: as the call.
/// Errors: as mcpring_call_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_add_text(
    call: *mut mcpring_call,
    text: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = c.text(text, "text")?;
        with(call, |open| add_text(open, text))
    })
}

/// Adds text in the form of what was asked.
pub(super) fn add_text(open: &mut Open<'_>, text: &str) -> Result<(), Failure> {
    let (subject, site) = (open.subject, open.site);
    let draft = open.draft();
    draft.reserve(site, text.len())?;
    match subject.kind() {
        FeatureKind::Tool => draft.blocks.push(Content::text(text.to_owned())),
        FeatureKind::Prompt => draft.messages.push(PromptMessage::user(text.to_owned())),
        FeatureKind::Completion => draft.values.push(text.to_owned()),
        FeatureKind::Resource => {
            let mut contents = ResourceContents::text(subject.uri().to_owned(), text);
            contents.mime_type = subject.mime_type().map(|text| text.to_owned().into());
            draft.contents.push(contents);
        }
        FeatureKind::Hook => return Err(no_content()),
    }
    Ok(())
}

/// No hook is called through this library.
fn no_content() -> Failure {
    Failure::new(MCPRING_ERR_UNSUPPORTED, "a hook is not answered with content")
}

fn add(c: &Contract, open: &mut Open<'_>, content: &mcpring_content) -> Result<(), Failure> {
    let (subject, site) = (open.subject, open.site);
    let bytes = content.bytes();
    match subject.kind() {
        FeatureKind::Tool => {
            let block = block(c, content)?;
            open.draft().reserve(site, bytes)?;
            open.draft().blocks.push(block);
        }
        FeatureKind::Prompt => {
            let role = match content.role {
                MCPRING_ROLE_USER => Role::User,
                MCPRING_ROLE_ASSISTANT => Role::Assistant,
                other => return Err(Failure::argument(format!("there is no role {other}"))),
            };
            let message = PromptMessage { role, content: block(c, content)? };
            open.draft().reserve(site, bytes)?;
            open.draft().messages.push(message);
        }
        FeatureKind::Resource => {
            let mut part = contents(c, content, Some(subject.uri()))?;
            let registered = || subject.mime_type().map(|text| text.to_owned().into());
            part.mime_type = part.mime_type.or_else(registered);
            part.meta = c.optional(content.meta, "meta")?.map(model::meta).transpose()?;
            open.draft().reserve(site, bytes)?;
            open.draft().contents.push(part);
        }
        FeatureKind::Completion => {
            if content.kind != MCPRING_CONTENT_TEXT {
                return Err(Failure::argument("a completion has values of text only"));
            }
            let value = c.text(content.data, "data")?.to_owned();
            open.draft().reserve(site, bytes)?;
            open.draft().values.push(value);
        }
        FeatureKind::Hook => return Err(no_content()),
    }
    Ok(())
}

/// A block of a tool's answer or of a message.
fn block(c: &Contract, content: &mcpring_content) -> Result<Content, Failure> {
    let media = |make: fn(Bytes, String) -> Content| -> Result<Content, Failure> {
        let mime_type = c.required(content.mime_type, "mime_type")?.to_owned();
        Ok(make(Bytes::copy_from_slice(c.bytes(content.data, "data")?), mime_type))
    };
    let mut block = match content.kind {
        MCPRING_CONTENT_TEXT => Content::text(c.text(content.data, "data")?.to_owned()),
        MCPRING_CONTENT_IMAGE => media(Content::image)?,
        MCPRING_CONTENT_AUDIO => media(Content::audio)?,
        MCPRING_CONTENT_RESOURCE_TEXT | MCPRING_CONTENT_RESOURCE_BLOB => {
            Content::embedded(contents(c, content, None)?)
        }
        MCPRING_CONTENT_LINK => link(c, content)?.into(),
        other => return Err(unknown(other)),
    };
    if let Some(hints) = c.optional(content.annotations, "annotations")? {
        block = block.annotations(model::annotations(hints)?);
    }
    if let Some(meta) = c.optional(content.meta, "meta")? {
        block = block.meta(model::meta(meta)?);
    }
    Ok(block)
}

/// The contents of one resource; without a URI of their own they are `uri`'s.
fn contents(
    c: &Contract,
    content: &mcpring_content,
    uri: Option<&str>,
) -> Result<ResourceContents, Failure> {
    let own = c.optional(content.uri, "uri")?.filter(|own| !own.is_empty());
    let uri = own.or(uri).ok_or_else(|| Failure::argument("a resource needs a uri"))?.to_owned();
    let mut part = match content.kind {
        MCPRING_CONTENT_TEXT | MCPRING_CONTENT_RESOURCE_TEXT => {
            ResourceContents::text(uri, c.text(content.data, "data")?)
        }
        MCPRING_CONTENT_RESOURCE_BLOB => {
            ResourceContents::blob(uri, Bytes::copy_from_slice(c.bytes(content.data, "data")?))
        }
        MCPRING_CONTENT_IMAGE | MCPRING_CONTENT_AUDIO | MCPRING_CONTENT_LINK => {
            return Err(Failure::argument(
                "a resource holds RESOURCE_TEXT or RESOURCE_BLOB, whatever their media type",
            ));
        }
        other => return Err(unknown(other)),
    };
    let mime_type = c.optional(content.mime_type, "mime_type")?;
    part.mime_type = mime_type.map(|text| text.to_owned().into());
    Ok(part)
}

fn link(c: &Contract, content: &mcpring_content) -> Result<ResourceLink, Failure> {
    let uri = c.required(content.uri, "uri")?.to_owned();
    let mut link = ResourceLink::new(uri, c.required(content.name, "name")?.to_owned());
    let text = |view, what| -> Result<Option<Text>, Failure> {
        Ok(c.optional(view, what)?.map(|text| text.to_owned().into()))
    };
    link.title = text(content.title, "title")?;
    link.description = text(content.description, "description")?;
    link.mime_type = text(content.mime_type, "mime_type")?;
    Ok(link)
}

fn unknown(kind: mcpring_content_kind) -> Failure {
    Failure::argument(format!("there is no kind of content {kind}"))
}
