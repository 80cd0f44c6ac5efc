//! What a server offers, and whether a workload can be measured on it.

use serde_json::Value;

use super::Conversation;
use crate::fault::Fault;
use crate::workload::{RequestSpec, Workload};

/// What a server listed.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// What it announced when the conversation was opened.
    pub capabilities: Value,
    /// Its tools, as it describes them.
    pub tools: Vec<Value>,
    /// Its resources.
    pub resources: Vec<Value>,
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
        Ok(Self { capabilities: capabilities.clone(), tools, resources, prompts })
    }

    /// Whether it has what `workload` asks for, or what is missing.
    pub fn covers(&self, workload: &Workload) -> Result<(), String> {
        if let Some(request) = &workload.request {
            return self.covers_request(request);
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
            // A resource may come from a template, so only the capability is sure.
            method => match method.split_once('/') {
                Some((area @ ("tools" | "resources" | "prompts" | "completions"), _)) => {
                    announced(area)
                }
                _ => Ok(()),
            },
        }
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

    fn check(method: &str, params: Value, want: Result<(), &str>) {
        let offers = Offers {
            capabilities: json!({ "tools": {}, "resources": {} }),
            tools: vec![json!({ "name": "echo" })],
            ..Offers::default()
        };
        let Value::Object(params) = params else { panic!("an object") };
        let (generate, replies) = (None, Map::new());
        let request =
            RequestSpec { method: method.into(), params, generate, progress: false, replies };
        assert_eq!(offers.covers_request(&request), want.map_err(str::to_owned), "{method}");
    }

    #[test]
    fn what_is_not_listed_is_not_offered() {
        check("tools/call", json!({ "name": "echo" }), Ok(()));
        check("tools/call", json!({ "name": "add" }), Err("has no tool `add`"));
        check("prompts/get", json!({ "name": "p" }), Err("has no prompt `p`"));
        check("prompts/list", json!({}), Err("has no prompts"));
        check("resources/read", json!({ "uri": "a:b" }), Ok(()));
        check("ping", json!({}), Ok(()));
    }
}
