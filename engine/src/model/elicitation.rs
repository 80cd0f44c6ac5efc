//! Elicitation: questions to the person, as a form or at a URL, and their answers.
//!
//! Whether a client can be asked at all, and in which way, is for whoever sends the question to
//! check; [`Elicitation::is_supported`] says what the protocol version has.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Fields, Property, RawJson, Text, write};
use crate::json::Writer;

/// A question to the person.
#[derive(Clone, Debug)]
pub struct Elicitation {
    message: Text,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Form(Vec<Property>),
    Raw(Box<RawJson>),
    Url { url: Text, id: Text },
}

impl Elicitation {
    /// A form with these words above it; [`Self::property`] adds what it asks for. Never ask for a
    /// secret in a form.
    pub fn form(message: impl Into<Text>) -> Self {
        Self { message: message.into(), way: Way::Form(Vec::new()) }
    }

    /// A form whose schema is given as JSON text: a flat object of simple properties. It is sent
    /// as it is, at every version.
    pub fn raw(message: impl Into<Text>, schema: Box<RawJson>) -> Self {
        Self { message: message.into(), way: Way::Raw(schema) }
    }

    /// Asks the person to visit `url`, where the question is dealt with out of the client's sight.
    /// The URL must not carry anything secret of the person's. `id` names the question in
    /// `notifications/elicitation/complete`.
    pub fn url(message: impl Into<Text>, url: impl Into<Text>, id: impl Into<Text>) -> Self {
        Self { message: message.into(), way: Way::Url { url: url.into(), id: id.into() } }
    }

    /// Adds a property to a form; one of the same name is replaced. Only forms made by
    /// [`Self::form`] have properties, others stay as they are.
    pub fn property(mut self, property: impl Into<Property>) -> Self {
        if let Way::Form(properties) = &mut self.way {
            let property = property.into();
            properties.retain(|present| present.name() != property.name());
            properties.push(property);
        }
        self
    }

    /// Whether the person is sent to a URL.
    pub fn is_url(&self) -> bool {
        matches!(self.way, Way::Url { .. })
    }

    /// The id of a question at a URL.
    pub fn id(&self) -> Option<&str> {
        match &self.way {
            Way::Url { id, .. } => Some(id),
            Way::Form(_) | Way::Raw(_) => None,
        }
    }

    /// Whether the question can be put where `fields` is the row.
    pub fn is_supported(&self, fields: &Fields) -> bool {
        match &self.way {
            Way::Form(properties) => {
                fields.elicitation && properties.iter().all(|one| one.is_supported(fields))
            }
            Way::Raw(_) => fields.elicitation,
            Way::Url { .. } => fields.url_elicitation,
        }
    }

    /// Writes the parameters of `elicitation/create`.
    pub fn encode_params(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        if fields.url_elicitation {
            w.member_string("mode", if self.is_url() { "url" } else { "form" });
        }
        w.member_string("message", &self.message);
        match &self.way {
            Way::Form(properties) => {
                w.key("requestedSchema");
                encode_form(properties, w, fields);
            }
            Way::Raw(schema) => write::raw(w, "requestedSchema", Some(schema)),
            Way::Url { url, id } => {
                if fields.elicitation_id {
                    w.member_string("elicitationId", id);
                }
                w.member_string("url", url);
            }
        }
        w.end_object();
    }

    /// The `data` of the error −32042: the questions at URLs that have to be dealt with before the
    /// request can succeed. Forms have no place in it.
    pub fn required_data(questions: &[Self]) -> Box<RawJson> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        w.begin_object();
        w.key("elicitations");
        w.begin_array();
        for question in questions.iter().filter(|question| question.is_url()) {
            question.encode_params(&mut w, &Fields::V2025_11_25);
        }
        w.end_array();
        w.end_object();
        let text = String::from_utf8(out).ok().and_then(|text| RawJson::from_string(text).ok());
        text.unwrap_or_else(|| RawJson::NULL.to_owned())
    }
}

fn encode_form(properties: &[Property], w: &mut Writer<'_>, fields: &Fields) {
    w.begin_object();
    w.member_string("type", "object");
    w.key("properties");
    w.begin_object();
    for property in properties {
        w.key(property.name());
        property.encode(w, fields);
    }
    w.end_object();
    if properties.iter().any(Property::is_required) {
        w.key("required");
        w.begin_array();
        for property in properties.iter().filter(|one| one.is_required()) {
            w.string(property.name());
        }
        w.end_array();
    }
    w.end_object();
}

/// What the person did with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ElicitAction {
    /// Answered it, or agreed to visit the URL.
    Accept,
    /// Said no.
    Decline,
    /// Closed it without a choice.
    Cancel,
}

/// The answer to a question to the person. What it holds was made elsewhere and is unchecked.
#[derive(Clone, Debug, Deserialize)]
pub struct ElicitAnswer {
    /// What the person did.
    pub action: ElicitAction,
    /// The form's values, a JSON object; only accepted forms have them.
    #[serde(default)]
    pub content: Option<Box<RawJson>>,
}

impl ElicitAnswer {
    /// Reads the result of `elicitation/create`.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether the person accepted.
    pub fn is_accepted(&self) -> bool {
        self.action == ElicitAction::Accept
    }

    /// The form's values as a type; without values it is read from `{}`.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.content.as_ref().map_or("{}", |content| content.get()))
    }

    /// One value as text; a number or a flag by its JSON text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            serde_json::Value::String(text) => Some(text),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
                Some(value.to_string())
            }
            _ => None,
        }
    }

    /// One flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// One number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.value(name)?.as_f64()
    }

    /// The picked values of a choice of several; where the version knew only choices of one, that
    /// one.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(serde_json::Value::Array(items)) => {
                items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect()
            }
            Some(serde_json::Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    fn value(&self, name: &str) -> Option<serde_json::Value> {
        self.get::<serde_json::Map<String, serde_json::Value>>().ok()?.remove(name)
    }
}
