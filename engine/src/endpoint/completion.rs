//! Completions: what an argument of a prompt or a variable of a template could be.

use std::sync::Arc;

use super::Core;
use super::call::{invalid, object_param, shown};
use super::lifecycle::Carried;
use super::message::Incoming;
use super::task::Manner;
use crate::json::{Kind, Value};
use crate::mcp::{Admitted, Refusal};
use crate::model::Completion;
use crate::rpc::Request;
use crate::server::{Call, Feature, Features, Outcome};

impl Core {
    /// `completion/complete`. Who asks for an argument that nothing completes gets no values: that
    /// is no fault of a client that asks for every argument.
    pub(super) fn complete(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let server = self.server.clone();
        let argument = member(request, "argument")?;
        let name = text(argument, "argument", "name")?;
        let partial = text(argument, "argument", "value")?;
        let completer = completer(server.features(), member(request, "ref")?, &name)?;
        let context = object_param(request, "context")?;
        let resolved = context
            .filter(|_| admitted.version.fields().completion_context)
            .and_then(|context| context.get("arguments"));
        if resolved.is_some_and(|resolved| resolved.kind() != Kind::Object) {
            return Err(invalid("params.context.arguments must be an object".into()));
        }
        let Some(completer) = completer else {
            let (outcome, origin) = (Outcome::Completion(Completion::default()), incoming.origin);
            let Admitted { row, version, .. } = *admitted;
            return Ok(Some(self.write_outcome(origin, request.id, row, version, outcome)));
        };
        self.run(incoming, request, admitted, completer, Manner::Plain, |source| {
            Call::completion(completer, &partial, resolved, source)
        })
    }
}

/// What completes `argument` of the thing that `reference` names, if anything does.
fn completer<'s>(
    features: &'s Features,
    reference: Value<'_>,
    argument: &str,
) -> Result<Option<&'s Arc<Feature>>, Refusal> {
    let kind = text(reference, "ref", "type")?;
    match &*kind {
        "ref/prompt" => {
            let name = text(reference, "ref", "name")?;
            let prompt = features.prompts().find(&name);
            let prompt =
                prompt.ok_or_else(|| invalid(format!("unknown prompt: {}", shown(&name))))?;
            Ok(prompt.completers().find(argument))
        }
        "ref/resource" => {
            let uri = text(reference, "ref", "uri")?;
            if let Some(template) = features.templates().find(&uri) {
                return Ok(template.completers().find(argument));
            }
            match features.resources().find(&uri) {
                // It is whole: there is nothing to complete.
                Some(_resource) => Ok(None),
                None => Err(invalid(format!("unknown resource template: {}", shown(&uri)))),
            }
        }
        _ => Err(invalid("params.ref.type must be ref/prompt or ref/resource".into())),
    }
}

fn member<'p>(request: &Request<'p>, name: &str) -> Result<Value<'p>, Refusal> {
    object_param(request, name)?.ok_or_else(|| invalid(format!("params.{name} is missing")))
}

fn text<'p>(value: Value<'p>, of: &str, name: &str) -> Result<std::borrow::Cow<'p, str>, Refusal> {
    let text = value.get(name).and_then(Value::as_str);
    text.ok_or_else(|| invalid(format!("params.{of}.{name} is missing or no string")))
}
