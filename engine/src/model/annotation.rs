//! Hints for whoever shows a thing to a person: audience, priority, icons.

use serde::Deserialize;

use super::spot::Spot;
use super::{Fields, Text, read, write};
use crate::error::Error;
use crate::json::Writer;

/// Who speaks in a conversation, and for whom something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The model.
    Assistant,
    /// The person.
    User,
}

impl Role {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::User => "user",
        }
    }
}

/// Hints on content and resources.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Annotations {
    /// For whom it is meant; empty means unsaid.
    #[serde(default)]
    pub audience: Vec<Role>,
    /// From 0 (least) to 1 (required).
    pub priority: Option<f64>,
    /// When it last changed, as an ISO 8601 text.
    pub last_modified: Option<Text>,
}

impl Annotations {
    /// Reads the protocol's object: `audience`, `priority`, `lastModified`, and no other member.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let hints: Self = read::value("annotations", json)?;
        match hints.fault() {
            None => Ok(hints),
            Some(fault) => Err(Error::usage(fault)),
        }
    }

    /// Reads the hints of something in an answer: unlike [`Self::from_json`] past other members.
    pub(super) fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        let hints = Self {
            audience: spot.decode_if("audience")?.unwrap_or_default(),
            priority: spot.decode_if("priority")?,
            last_modified: spot.text_if("lastModified")?,
        };
        match hints.fault() {
            None => Ok(hints),
            Some(_) => Err(spot.fault("has a priority outside 0 to 1")),
        }
    }

    /// What a reader may refuse about the hints.
    pub fn fault(&self) -> Option<&'static str> {
        let is_fitting = self.priority.is_none_or(|priority| (0.0..=1.0).contains(&priority));
        (!is_fitting).then_some("the priority of its annotations lies outside 0 to 1")
    }

    /// Writes `"annotations": {…}` when a hint is set that exists there.
    pub(super) fn encode_member(own: Option<&Self>, w: &mut Writer<'_>, fields: &Fields) {
        let Some(own) = own else { return };
        let last_modified = own.last_modified.as_deref().filter(|_| fields.last_modified);
        if own.audience.is_empty() && own.priority.is_none() && last_modified.is_none() {
            return;
        }
        w.key("annotations");
        w.begin_object();
        if !own.audience.is_empty() {
            w.key("audience");
            w.begin_array();
            for role in &own.audience {
                w.string(role.as_str());
            }
            w.end_array();
        }
        write::float(w, "priority", own.priority);
        write::text(w, "lastModified", last_modified);
        w.end_object();
    }
}

/// The background an icon is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// A dark background.
    Dark,
    /// A light background.
    Light,
}

/// A picture that stands for a feature or a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Icon {
    /// Where it is: an `http`, `https` or `data` URI.
    pub src: Text,
    /// Its media type.
    pub mime_type: Option<Text>,
    /// Its sizes, as `48x48` or `any`; empty means unsaid.
    #[serde(default)]
    pub sizes: Vec<Text>,
    /// The background it is made for.
    pub theme: Option<Theme>,
}

impl Icon {
    /// An icon at `src`.
    pub fn new(src: impl Into<Text>) -> Self {
        Self { src: src.into(), mime_type: None, sizes: Vec::new(), theme: None }
    }

    /// Reads the protocol's array of objects: `src`, `mimeType`, `sizes`, `theme`, and no other
    /// member. What is wrong with an address is found when the server is built.
    pub fn list_from_json(json: &str) -> Result<Vec<Self>, Error> {
        read::value("icons", json)
    }

    /// Reads a picture in an answer: past members that are not known.
    pub(super) fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        let icon = Self {
            src: spot.text_of("src")?,
            mime_type: spot.text_if("mimeType")?,
            sizes: spot.list("sizes", |size| Ok(size.text()?.into()))?,
            theme: spot.decode_if("theme")?,
        };
        match icon.fault() {
            None => Ok(icon),
            Some(_) => Err(spot.required("src")?.fault("is no http, https or data URI")),
        }
    }

    /// Sets the media type.
    pub fn mime_type(mut self, mime_type: impl Into<Text>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds a size: `48x48` or `any`.
    pub fn size(mut self, size: impl Into<Text>) -> Self {
        self.sizes.push(size.into());
        self
    }

    /// Sets the background it is made for.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    /// What a reader must refuse about the picture: readers fetch `http`, `https` and `data` URIs
    /// only, because any other could run something or reach into their machine.
    pub fn fault(&self) -> Option<&'static str> {
        let is_from = |scheme: &str| {
            self.src.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        };
        let is_known = ["https://", "http://", "data:"].into_iter().any(is_from);
        (!is_known).then_some("the address of its icon is no http, https or data URI")
    }

    fn encode(&self, w: &mut Writer<'_>) {
        w.begin_object();
        write::text(w, "src", Some(&self.src));
        write::text(w, "mimeType", self.mime_type.as_deref());
        if !self.sizes.is_empty() {
            w.key("sizes");
            w.begin_array();
            for size in &self.sizes {
                w.string(size);
            }
            w.end_array();
        }
        let theme = self.theme.map(|theme| match theme {
            Theme::Dark => "dark",
            Theme::Light => "light",
        });
        write::text(w, "theme", theme);
        w.end_object();
    }

    /// Writes `"icons": […]` where icons exist.
    pub(super) fn encode_member(icons: &[Self], w: &mut Writer<'_>, fields: &Fields) {
        if icons.is_empty() || !fields.icons {
            return;
        }
        w.key("icons");
        w.begin_array();
        for icon in icons {
            icon.encode(w);
        }
        w.end_array();
    }
}
