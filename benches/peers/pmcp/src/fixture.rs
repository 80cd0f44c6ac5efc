//! The server: its tools, ten resources and three prompts.

use std::{collections::HashMap, sync::LazyLock};

use pmcp::{
    Content, Error, GetPromptResult, ListResourcesResult, PromptMessage, ProtocolVersion,
    ReadResourceResult, RequestHandlerExtra, ResourceHandler, ResourceInfo, Result, Server,
    ServerBuilder, ServerCapabilities, SyncPrompt, async_trait, types::PromptArgument,
};

use crate::tools;

const KIND: &str = "text/plain";
const ITEMS: u32 = 8;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";
const SIMPLE: &str = "Summarize what was said so far.";
/// Both eras; without being told, it speaks the older one alone.
const VERSIONS: [&str; 2] = ["2026-07-28", "2025-11-25"];

static LISTED: LazyLock<Vec<ResourceInfo>> = LazyLock::new(listed);

/// The server with everything it offers.
pub fn server() -> Result<Server> {
    let builder = Server::builder()
        .name("pmcp-peer")
        .version("1")
        .with_supported_protocol_versions(VERSIONS.map(|version| ProtocolVersion(version.into())))
        .capabilities(ServerCapabilities::resources_only())
        .resources(Resources);
    tools::offer(prompts(builder)).build()
}

struct Resources;

#[async_trait]
impl ResourceHandler for Resources {
    async fn list(&self, _: Option<String>, _: RequestHandlerExtra) -> Result<ListResourcesResult> {
        Ok(ListResourcesResult::new(LISTED.clone()))
    }

    async fn read(&self, uri: &str, _: RequestHandlerExtra) -> Result<ReadResourceResult> {
        let text = text(uri).ok_or_else(|| Error::not_found(format!("no resource {uri}")))?;
        Ok(ReadResourceResult::new(vec![Content::resource_with_text(uri, text, KIND)]))
    }
}

fn listed() -> Vec<ResourceInfo> {
    let named = ["left", "right"].map(|name| (format!("bench:///{name}"), name.to_owned()));
    let items = (0..ITEMS).map(|item| (format!("bench:///item/{item}"), format!("item {item}")));
    let resource =
        |(uri, name): (String, String)| ResourceInfo::new(uri, name).with_mime_type(KIND);
    named.into_iter().chain(items).map(resource).collect()
}

fn text(uri: &str) -> Option<String> {
    match uri.strip_prefix("bench:///")? {
        name @ ("left" | "right") => Some(name.to_owned()),
        item => {
            let item: u32 = item.strip_prefix("item/")?.parse().ok()?;
            (item < ITEMS).then(|| format!("item {item}: {}", ALPHABET.repeat(7)))
        }
    }
}

fn prompts(builder: ServerBuilder) -> ServerBuilder {
    let all = [("prompt_simple", 0), ("prompt_medium", 10), ("prompt_complex", 50)];
    all.into_iter().fold(builder, |builder, (name, count)| {
        let names: Vec<String> = (0..count).map(|at| format!("a{at:02}")).collect();
        let arguments = names.iter().map(|name| PromptArgument::new(name).required()).collect();
        let prompt = SyncPrompt::new(name, move |given| Ok(message(&names, &given)));
        builder.prompt(name, prompt.with_arguments(arguments))
    })
}

/// One message of `a00=VALUE; a01=VALUE; …`. That all are given was checked before.
fn message(names: &[String], given: &HashMap<String, String>) -> GetPromptResult {
    let pair = |name: &String| Some(format!("{name}={}", given.get(name)?));
    let text = match names {
        [] => SIMPLE.to_owned(),
        names => names.iter().filter_map(pair).collect::<Vec<_>>().join("; "),
    };
    GetPromptResult::new(vec![PromptMessage::user(Content::text(text))], None)
}
