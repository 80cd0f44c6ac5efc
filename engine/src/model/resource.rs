//! Resources and templates as they are listed, and the contents a read answers.

use std::sync::Arc;

use bytes::Bytes;

use super::spot::{self, Spot};
use super::{Annotations, CacheHint, Fields, Icon, Meta, MetaExtra, Text, base64, write};
use crate::error::Error;
use crate::json::Writer;

/// A resource as it is listed.
#[derive(Clone, Debug)]
pub struct ResourceInfo {
    /// Where it is.
    pub uri: Text,
    /// What it is called.
    pub name: Text,
    /// The name for people.
    pub title: Option<Text>,
    /// What it holds.
    pub description: Option<Text>,
    /// Its media type.
    pub mime_type: Option<Text>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Pictures for it.
    pub icons: Vec<Icon>,
    /// Hints for the reader.
    pub annotations: Option<Annotations>,
    /// Open members.
    pub meta: Option<Meta>,
}

impl ResourceInfo {
    /// A resource at `uri`, called `name`.
    pub fn new(uri: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            icons: Vec::new(),
            annotations: None,
            meta: None,
        }
    }

    /// Writes the resource as a list shows it.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.encode_as(w, fields, "uri");
    }

    fn encode_as(&self, w: &mut Writer<'_>, fields: &Fields, address: &str) {
        w.begin_object();
        write::text(w, address, Some(&self.uri));
        write::text(w, "name", Some(&self.name));
        write::text(w, "title", self.title.as_deref().filter(|_| fields.titles));
        write::text(w, "description", self.description.as_deref());
        write::text(w, "mimeType", self.mime_type.as_deref());
        if let Some(size) = self.size {
            w.key("size");
            w.uint(size);
        }
        Annotations::encode_member(self.annotations.as_ref(), w, fields);
        Icon::encode_member(&self.icons, w, fields);
        Meta::encode_member(self.meta.as_ref().filter(|_| fields.item_meta), w, &[]);
        w.end_object();
    }
}

/// A resource template as it is listed: the same members, addressed by a URI template.
#[derive(Clone, Debug)]
pub struct TemplateInfo(
    /// The members; `uri` holds the template and `size` stays unset.
    pub ResourceInfo,
);

impl TemplateInfo {
    /// Writes the template as a list shows it.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.0.encode_as(w, fields, "uriTemplate");
    }
}

/// What a resource holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// Text made for this read.
    Text(String),
    /// Text many reads share.
    Shared(Arc<str>),
    /// Bytes, written as base64.
    Blob(Bytes),
}

/// The contents of one resource, or of one part of it.
#[derive(Clone, Debug)]
pub struct ResourceContents {
    /// Which resource; may name a part of the one that was read.
    pub uri: Text,
    /// Its media type.
    pub mime_type: Option<Text>,
    /// The text or the bytes.
    pub body: Body,
    /// Open members.
    pub meta: Option<Meta>,
}

impl ResourceContents {
    /// Text at `uri`.
    pub fn text(uri: impl Into<Text>, text: impl Into<String>) -> Self {
        Self::new(uri, Body::Text(text.into()))
    }

    /// Bytes at `uri`.
    pub fn blob(uri: impl Into<Text>, bytes: impl Into<Bytes>) -> Self {
        Self::new(uri, Body::Blob(bytes.into()))
    }

    /// A body at `uri`.
    pub fn new(uri: impl Into<Text>, body: Body) -> Self {
        Self { uri: uri.into(), mime_type: None, body, meta: None }
    }

    /// Sets the media type.
    pub fn mime_type(mut self, mime_type: impl Into<Text>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Sets the open members.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.meta = Some(meta);
        self
    }

    /// Reads the contents of one resource in an answer.
    pub(super) fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        let body = match (spot.optional("text")?, spot.optional("blob")?) {
            (Some(text), None) => Body::Text(text.text()?),
            (None, Some(blob)) => Body::Blob(blob.bytes()?.into()),
            (None, None) => return Err(spot.fault("has neither text nor blob")),
            (Some(_), Some(_)) => return Err(spot.fault("has both text and blob")),
        };
        Ok(Self {
            mime_type: spot.text_if("mimeType")?,
            meta: spot.decode_if("_meta")?,
            ..Self::new(spot.text_of("uri")?, body)
        })
    }

    /// Writes the contents object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        write::text(w, "uri", Some(&self.uri));
        write::text(w, "mimeType", self.mime_type.as_deref());
        match &self.body {
            Body::Text(text) => write::text(w, "text", Some(text)),
            Body::Shared(text) => write::text(w, "text", Some(text)),
            Body::Blob(bytes) => {
                w.key("blob");
                base64::encode(w, bytes);
            }
        }
        Meta::encode_member(self.meta.as_ref().filter(|_| fields.item_meta), w, &[]);
        w.end_object();
    }
}

/// What a read answered.
#[derive(Clone, Debug, Default)]
pub struct ResourceResult {
    /// The contents: of the resource, or of its parts.
    pub contents: Vec<ResourceContents>,
    /// How long a client may keep them; unset means what the resource says.
    pub cache: Option<CacheHint>,
    /// Open members.
    pub meta: Option<Meta>,
}

impl ResourceResult {
    /// The given contents.
    pub fn new(contents: Vec<ResourceContents>) -> Self {
        Self { contents, ..Self::default() }
    }

    /// Reads the protocol's result: `contents` and `_meta`; other members are ignored. A cache
    /// hint is not read.
    ///
    /// # Errors
    /// Usage: what is missing or of another type, by its path.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        spot::read("result", json, |spot| {
            Ok(Self {
                contents: spot.required("contents")?.items(ResourceContents::read)?,
                cache: None,
                meta: spot.decode_if("_meta")?,
            })
        })
    }

    /// Says how long a client may keep them.
    pub fn cache(mut self, hint: CacheHint) -> Self {
        self.cache = Some(hint);
        self
    }

    /// Sets the open members.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.meta = Some(meta);
        self
    }

    /// Writes the members into an object the caller opened, with `extra` added to `_meta`. Cache
    /// hints are left to whoever knows whether they exist.
    pub fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields, extra: &MetaExtra<'_>) {
        w.key("contents");
        w.begin_array();
        for part in &self.contents {
            part.encode(w, fields);
        }
        w.end_array();
        Meta::encode_member(self.meta.as_ref(), w, extra);
    }
}

impl From<Vec<ResourceContents>> for ResourceResult {
    fn from(contents: Vec<ResourceContents>) -> Self {
        Self::new(contents)
    }
}
