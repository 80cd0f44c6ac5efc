//! Content blocks: what tools answer and prompts say.
//!
//! A block that does not exist for a reader is written as text that says what it was.

use bytes::Bytes;

use super::spot::Spot;
use super::{Annotations, Fields, Icon, Meta, ResourceContents, Text, base64, write};
use crate::error::Error;
use crate::json::Writer;

/// One block of content.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Plain text.
    Text {
        /// The text.
        text: Text,
        /// Hints for the reader.
        annotations: Option<Annotations>,
        /// Open members.
        meta: Option<Meta>,
    },
    /// A picture.
    Image {
        /// The file's bytes.
        data: Bytes,
        /// Its media type.
        mime_type: Text,
        /// Hints for the reader.
        annotations: Option<Annotations>,
        /// Open members.
        meta: Option<Meta>,
    },
    /// A sound.
    Audio {
        /// The file's bytes.
        data: Bytes,
        /// Its media type.
        mime_type: Text,
        /// Hints for the reader.
        annotations: Option<Annotations>,
        /// Open members.
        meta: Option<Meta>,
    },
    /// A resource the reader may fetch.
    ResourceLink(Box<ResourceLink>),
    /// A resource, whole.
    Embedded {
        /// The resource's contents.
        resource: ResourceContents,
        /// Hints for the reader.
        annotations: Option<Annotations>,
        /// Open members.
        meta: Option<Meta>,
    },
}

impl Content {
    /// A block of plain text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text { text: text.into(), annotations: None, meta: None }
    }

    /// A picture of the given media type.
    pub fn image(data: impl Into<Bytes>, mime_type: impl Into<Text>) -> Self {
        Self::Image {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: None,
            meta: None,
        }
    }

    /// A sound of the given media type.
    pub fn audio(data: impl Into<Bytes>, mime_type: impl Into<Text>) -> Self {
        Self::Audio {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: None,
            meta: None,
        }
    }

    /// A resource, whole.
    pub fn embedded(resource: ResourceContents) -> Self {
        Self::Embedded { resource, annotations: None, meta: None }
    }

    /// A link to a resource.
    pub fn link(uri: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self::ResourceLink(Box::new(ResourceLink::new(uri, name)))
    }

    /// Sets the hints for the reader.
    pub fn annotations(mut self, hints: Annotations) -> Self {
        match &mut self {
            Self::Text { annotations, .. }
            | Self::Image { annotations, .. }
            | Self::Audio { annotations, .. }
            | Self::Embedded { annotations, .. } => *annotations = Some(hints),
            Self::ResourceLink(link) => link.annotations = Some(hints),
        }
        self
    }

    /// Sets the open members.
    pub fn meta(mut self, members: Meta) -> Self {
        match &mut self {
            Self::Text { meta, .. }
            | Self::Image { meta, .. }
            | Self::Audio { meta, .. }
            | Self::Embedded { meta, .. } => *meta = Some(members),
            Self::ResourceLink(link) => link.meta = Some(members),
        }
        self
    }

    /// Reads one block of an answer.
    pub(super) fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        let media = || -> Result<_, Error> {
            Ok((spot.required("data")?.bytes()?, spot.text_of("mimeType")?))
        };
        let kind = spot.required("type")?;
        let mut content = match &*kind.text()? {
            "text" => Self::text(spot.text_of("text")?),
            "image" => media().map(|(data, mime_type)| Self::image(data, mime_type))?,
            "audio" => media().map(|(data, mime_type)| Self::audio(data, mime_type))?,
            "resource_link" => ResourceLink::read(spot)?.into(),
            "resource" => Self::embedded(ResourceContents::read(&spot.required("resource")?)?),
            _ => {
                return Err(kind.fault("is none of text, image, audio, resource_link, resource"));
            }
        };
        if let Some(hints) = spot.part("annotations", Annotations::read)? {
            content = content.annotations(hints);
        }
        if let Some(meta) = spot.decode_if("_meta")? {
            content = content.meta(meta);
        }
        Ok(content)
    }

    /// Writes the block.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        match self {
            Self::Text { text, annotations, meta } => {
                w.spelled(r#""type":"text","text":"#);
                w.string(text);
                Self::encode_tail(w, fields, annotations.as_ref(), meta.as_ref());
            }
            Self::Image { data, mime_type, annotations, meta } => {
                write::text(w, "type", Some("image"));
                Self::encode_media(w, data, mime_type);
                Self::encode_tail(w, fields, annotations.as_ref(), meta.as_ref());
            }
            Self::Audio { data, mime_type, annotations, meta } => {
                if fields.audio {
                    write::text(w, "type", Some("audio"));
                    Self::encode_media(w, data, mime_type);
                } else {
                    write::text(w, "type", Some("text"));
                    let stand_in = format!("[audio, {mime_type}, {} bytes]", data.len());
                    write::text(w, "text", Some(&stand_in));
                }
                Self::encode_tail(w, fields, annotations.as_ref(), meta.as_ref());
            }
            Self::ResourceLink(link) => link.encode_members(w, fields),
            Self::Embedded { resource, annotations, meta } => {
                write::text(w, "type", Some("resource"));
                w.key("resource");
                resource.encode(w, fields);
                Self::encode_tail(w, fields, annotations.as_ref(), meta.as_ref());
            }
        }
        w.end_object();
    }

    fn encode_media(w: &mut Writer<'_>, data: &[u8], mime_type: &str) {
        w.key("data");
        base64::encode(w, data);
        write::text(w, "mimeType", Some(mime_type));
    }

    fn encode_tail(
        w: &mut Writer<'_>,
        fields: &Fields,
        annotations: Option<&Annotations>,
        meta: Option<&Meta>,
    ) {
        Annotations::encode_member(annotations, w, fields);
        Meta::encode_member(meta.filter(|_| fields.item_meta), w, &[]);
    }
}

impl<T: Into<Text>> From<T> for Content {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

/// A link to a resource, with what a reader needs to decide whether to fetch it.
#[derive(Clone, Debug)]
pub struct ResourceLink {
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

impl ResourceLink {
    /// A link to `uri`, called `name`.
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

    /// The link alone; its hints and open members are read as those of any block.
    fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        Ok(Self {
            title: spot.text_if("title")?,
            description: spot.text_if("description")?,
            mime_type: spot.text_if("mimeType")?,
            size: spot.decode_if("size")?,
            icons: spot.list("icons", Icon::read)?,
            ..Self::new(spot.text_of("uri")?, spot.text_of("name")?)
        })
    }

    fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        if !fields.resource_links {
            write::text(w, "type", Some("text"));
            write::text(w, "text", Some(&format!("{}: {}", self.name, self.uri)));
            return Annotations::encode_member(self.annotations.as_ref(), w, fields);
        }
        write::text(w, "type", Some("resource_link"));
        write::text(w, "uri", Some(&self.uri));
        write::text(w, "name", Some(&self.name));
        write::text(w, "title", self.title.as_deref());
        write::text(w, "description", self.description.as_deref());
        write::text(w, "mimeType", self.mime_type.as_deref());
        if let Some(size) = self.size {
            w.key("size");
            w.uint(size);
        }
        Icon::encode_member(&self.icons, w, fields);
        Content::encode_tail(w, fields, self.annotations.as_ref(), self.meta.as_ref());
    }
}

impl From<ResourceLink> for Content {
    fn from(link: ResourceLink) -> Self {
        Self::ResourceLink(Box::new(link))
    }
}
