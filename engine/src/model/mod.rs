//! What a server describes and answers, as plain data that knows no protocol version, and how each
//! piece is written.
//!
//! One model serves every version: a value is built once and [`Fields`] says which of its optional
//! members exist where it is going. What a reader there would not understand (audio before it
//! existed, a resource link) is written as the nearest thing it does understand, not dropped.
//! Nothing here decides *which* version is spoken, and nothing here reads a message.

mod annotation;
mod base64;
mod capability;
mod completion;
mod content;
mod fields;
mod implementation;
mod logging;
mod meta;
mod prompt;
mod resource;
#[cfg(test)]
mod tests;
mod tool;
mod write;

pub use annotation::{Annotations, Icon, Role, Theme};
pub use capability::Capabilities;
pub use completion::Completion;
pub use content::{Content, ResourceLink};
pub use fields::Fields;
pub use implementation::Implementation;
pub use logging::LogLevel;
pub use meta::{Meta, MetaExtra};
pub use prompt::{PromptArgument, PromptInfo, PromptMessage, PromptResult};
pub use resource::{Body, ResourceContents, ResourceInfo, TemplateInfo};
pub use tool::{ToolAnnotations, ToolInfo, ToolResult};

/// A piece of JSON kept as its text.
pub type RawJson = serde_json::value::RawValue;

/// Text that is either part of the program or owned.
pub type Text = std::borrow::Cow<'static, str>;
