//! What a server offers, and whether a workload can be measured on it.

use serde_json::Value;

use super::Conversation;
use crate::fault::Fault;
use crate::workload::{AnswerSpec, RequestSpec, Workload};

/// What a server listed.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// What it announced when the conversation was opened.
    pub capabilities: Value,
    /// Its tools, as it describes them.
    pub tools: Vec<Value>,
    /// Its resources.
    pub resources: Vec<Value>,
    /// Whether it has templates, from which more resources may come.
    pub has_templates: bool,
    /// Its prompts.
    pub prompts: Vec<Value>,
}

impl Offers {
    /// Asks for every list whose capability is announced.
    pub(super) fn hear(capabilities: &Value, talk: &mut Conversation) -> Result<Self, Fault> {
        let mut list = |name: &str| match capabilities.get(name) {
            Some(_) => talk.list(&format!("{name}/list"), name),
            None => Ok(Vec::new()),
        };
        let (tools, resources) = (list("tools")?, list("resources")?);
        let prompts = list("prompts")?;
        // Not every server that has resources knows of templates.
        let templates = capabilities
            .get("resources")
            .and_then(|_| talk.list("resources/templates/list", "resourceTemplates").ok());
        let has_templates = templates.is_some_and(|templates| !templates.is_empty());
        Ok(Self { capabilities: capabilities.clone(), tools, resources, has_templates, prompts })
    }

    /// Whether it has what `workload` asks for, or what is missing.
    pub fn covers(&self, workload: &Workload) -> Result<(), String> {
        if let Some(request) = &workload.request {
            self.covers_request(request)?;
            return self.lists(request, workload.answer.as_ref());
        }
        if workload.fanout.is_some() {
            if self.capabilities["resources"]["subscribe"] != true {
                return Err("has no subscriptions to resources".into());
            }
            has(&self.tools, "tool", "name", "update_resource")?;
            for uri in crate::tools::RESOURCES {
                has(&self.resources, "resource", "uri", uri)?;
            }
        }
        Ok(())
    }

    fn covers_request(&self, request: &RequestSpec) -> Result<(), String> {
        let named = |member: &str| request.params.get(member).and_then(Value::as_str);
        let announced = |capability: &str| match self.capabilities.get(capability) {
            Some(_) => Ok(()),
            None => Err(format!("has no {capability}")),
        };
        match request.method.as_str() {
            "tools/call" => has(&self.tools, "tool", "name", named("name").unwrap_or("")),
            "prompts/get" => has(&self.prompts, "prompt", "name", named("name").unwrap_or("")),
            "resources/read" if !self.has_templates => {
                has(&self.resources, "resource", "uri", named("uri").unwrap_or(""))
            }
            method => match method.split_once('/') {
                Some((area @ ("tools" | "resources" | "prompts" | "completions"), _)) => {
                    announced(area)
                }
                _ => Ok(()),
            },
        }
    }

    /// Whether the items of a list that is asked for are in it.
    fn lists(&self, request: &RequestSpec, answer: Option<&AnswerSpec>) -> Result<(), String> {
        let (items, what, member) = match request.method.as_str() {
            "tools/list" => (&self.tools, "tool", "name"),
            "resources/list" => (&self.resources, "resource", "uri"),
            "prompts/list" => (&self.prompts, "prompt", "name"),
            _ => return Ok(()),
        };
        let wanted = answer.and_then(|answer| answer.result[&format!("{what}s")].as_array());
        let mut names = wanted.into_iter().flatten().filter_map(|item| item[member].as_str());
        names.try_for_each(|name| has(items, what, member, name))
    }
}

fn has(items: &[Value], what: &str, member: &str, name: &str) -> Result<(), String> {
    if items.iter().any(|item| item[member] == name) {
        return Ok(());
    }
    Err(format!("has no {what} `{name}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[track_caller]
    fn check(method: &str, params: Value, answer: Value, has_templates: bool, want: &str) {
        let offers = Offers {
            capabilities: json!({ "tools": {}, "resources": {} }),
            tools: vec![json!({ "name": "echo" })],
            resources: vec![json!({ "uri": "a:b" })],
            has_templates,
            ..Offers::default()
        };
        let Value::Object(params) = params else { panic!("an object") };
        let (generate, replies) = (None, Map::new());
        let request =
            RequestSpec { method: method.into(), params, generate, progress: false, replies };
        let answer = AnswerSpec { result: answer, events: 0 };
        let request_only = offers.covers_request(&request);
        let covered = request_only.and_then(|()| offers.lists(&request, Some(&answer)));
        assert_eq!(covered.err().unwrap_or_default(), want, "{method}");
    }

    #[test]
    fn what_is_not_listed_is_not_offered() {
        let any = || json!({});
        check("tools/call", json!({ "name": "echo" }), any(), false, "");
        check("tools/call", json!({ "name": "add" }), any(), false, "has no tool `add`");
        check("prompts/get", json!({ "name": "p" }), any(), false, "has no prompt `p`");
        check("prompts/list", any(), any(), false, "has no prompts");
        check("resources/read", json!({ "uri": "a:b" }), any(), false, "");
        check("resources/read", json!({ "uri": "a:c" }), any(), false, "has no resource `a:c`");
        check("resources/read", json!({ "uri": "a:c" }), any(), true, "");
        let listed = |uri: &str| json!({ "resources": [{ "uri": uri }] });
        check("resources/list", any(), listed("a:b"), false, "");
        check("resources/list", any(), listed("a:c"), true, "has no resource `a:c`");
        check("ping", any(), any(), false, "");
    }
}
