//! URI templates (RFC 6570): expanding one, matching a URI against one, and finding the one of many.
//!
//! - [`Template`] is the parsed text. Anything RFC 6570 allows parses and expands.
//! - [`Matcher`] is the part of it that can be read backwards. RFC 6570 defines expansion only, and
//!   most templates can be read backwards in more than one way; those are refused when a resource
//!   is registered instead of being guessed at for every request. What is accepted matches in one
//!   pass without backtracking, so no URI is slow to refuse.
//! - [`Router`] keeps many templates in a radix tree over their literal prefixes; [`Linear`] tries
//!   them in turn, to measure what the tree is worth.
//!
//! Values are percent-decoded exactly once, must then be UTF-8, and are screened against path
//! traversal unless a template asks not to be ([`Screen`]).
//!
//! Not here: URI normalisation. Literals compare byte by byte, as MCP's resource URIs do.

mod expand;
mod linear;
mod matcher;
mod percent;
mod router;
mod template;

pub use expand::{Value, Variables};
pub use linear::Linear;
pub use matcher::{Bindings, Matcher, Screen};
pub use router::Router;
pub use template::{Template, TemplateError, TemplateErrorKind};
