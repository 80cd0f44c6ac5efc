//! What a server describes and answers, as plain data that knows no protocol version, and how each
//! piece is written.
//!
//! One model serves every version: a value is built once and [`Fields`] says which of its optional
//! members exist where it is going. What a reader there would not understand (audio before it
//! existed, a resource link) is written as the nearest thing it does understand, not dropped.
//! Nothing here decides *which* version is spoken, and nothing here reads a message; what a client
//! answers to a question is read, because a program wants it as data, and what a program says as
//! JSON about its features or for an answer.

mod annotation;
mod base64;
mod cache;
mod capability;
mod completion;
mod content;
mod elicitation;
mod fields;
mod implementation;
mod logging;
mod meta;
mod prompt;
mod property;
mod read;
mod resource;
mod root;
mod sampling;
mod sampling_content;
mod spot;
mod task;
#[cfg(test)]
mod tests;
mod timestamp;
mod tool;
mod write;

pub use annotation::{Annotations, Icon, Role, Theme};
pub use cache::{CacheHint, CacheScope};
pub use capability::Capabilities;
pub use completion::Completion;
pub use content::{Content, ResourceLink};
pub use elicitation::{ElicitAction, ElicitAnswer, Elicitation};
pub use fields::Fields;
pub use implementation::Implementation;
pub use logging::LogLevel;
pub use meta::{Meta, MetaExtra};
pub use prompt::{PromptArgument, PromptInfo, PromptMessage, PromptResult};
pub use property::{
    ChoiceProperty, FlagProperty, ManyProperty, NumberProperty, Property, TextFormat, TextProperty,
};
pub use resource::{Body, ResourceContents, ResourceInfo, ResourceResult, TemplateInfo};
pub use root::Root;
pub use sampling::{IncludeContext, ModelPreferences, Sampling, SamplingAnswer, ToolChoice};
pub use sampling_content::{SamplingContent, SamplingMessage};
pub use task::{Task, TaskStatus, TaskSupport};
pub use timestamp::Timestamp;
pub use tool::{ToolAnnotations, ToolInfo, ToolResult};

/// A piece of JSON kept as its text.
pub type RawJson = serde_json::value::RawValue;

/// Text that is either part of the program or owned.
pub type Text = std::borrow::Cow<'static, str>;
