//! The server: its tools, ten resources and three prompts, by the traits that the macros of
//! turbomcp stand for. Lists are made once, and one entry is found without making the list.

use std::sync::LazyLock;

use turbomcp::{
    CallToolContext, GetPromptContext, Implementation, ListPromptsContext, ListResourcesContext,
    ListToolsContext, McpError, McpResult, McpServerCore, ReadResourceContext, WithPrompts,
    WithResources, WithTools,
    neutral::{
        CallToolParams, CallToolResult, GetPromptParams, GetPromptResult, ListParams,
        ListPromptsResult, ListResourcesResult, ListToolsResult, Prompt, PromptArgument,
        PromptMessage, ReadResourceParams, ReadResourceResult, Resource, ResourceContents, Tool,
    },
};

use crate::tools;

const KIND: &str = "text/plain";
const ITEMS: u32 = 8;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";
const SIMPLE: &str = "Summarize what was said so far.";

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(tools::list);
static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(resources);
static PROMPTS: LazyLock<Vec<Prompt>> = LazyLock::new(prompts);

/// The server; it holds nothing, so that the copy made for each request is free.
#[derive(Clone, Copy)]
pub struct Peer;

impl McpServerCore for Peer {
    fn server_info(&self) -> Implementation {
        Implementation::new("turbomcp-peer", "1")
    }
}

impl WithTools for Peer {
    async fn lookup_tool(&self, _: &ListToolsContext, name: String) -> McpResult<Option<Tool>> {
        Ok(TOOLS.iter().find(|tool| tool.name == name).cloned())
    }

    async fn list_tools(&self, _: &ListToolsContext, _: ListParams) -> McpResult<ListToolsResult> {
        Ok(ListToolsResult::new(TOOLS.clone()))
    }

    async fn call_tool(
        &self,
        context: &CallToolContext,
        call: CallToolParams,
    ) -> McpResult<CallToolResult> {
        tools::call(context, call).await.map(CallToolResult::text)
    }
}

impl WithResources for Peer {
    async fn lookup_resource(
        &self,
        _: &ListResourcesContext,
        uri: String,
    ) -> McpResult<Option<Resource>> {
        Ok(RESOURCES.iter().find(|resource| resource.uri == uri).cloned())
    }

    async fn list_resources(
        &self,
        _: &ListResourcesContext,
        _: ListParams,
    ) -> McpResult<ListResourcesResult> {
        Ok(ListResourcesResult::new(RESOURCES.clone()))
    }

    async fn read_resource(
        &self,
        _: &ReadResourceContext,
        ReadResourceParams { uri, .. }: ReadResourceParams,
    ) -> McpResult<ReadResourceResult> {
        let text = text(&uri).ok_or_else(|| McpError::resource_not_found(uri.as_str()))?;
        let contents = ResourceContents::text(uri, text).with_mime_type(KIND);
        Ok(ReadResourceResult::new(vec![contents]))
    }
}

impl WithPrompts for Peer {
    async fn lookup_prompt(
        &self,
        _: &ListPromptsContext,
        name: String,
    ) -> McpResult<Option<Prompt>> {
        Ok(PROMPTS.iter().find(|prompt| prompt.name == name).cloned())
    }

    async fn list_prompts(
        &self,
        _: &ListPromptsContext,
        _: ListParams,
    ) -> McpResult<ListPromptsResult> {
        Ok(ListPromptsResult::new(PROMPTS.clone()))
    }

    async fn get_prompt(
        &self,
        _: &GetPromptContext,
        request: GetPromptParams,
    ) -> McpResult<GetPromptResult> {
        let prompt = PROMPTS.iter().find(|prompt| prompt.name == request.name);
        let prompt = prompt.ok_or_else(|| McpError::invalid_params("no such prompt"))?;
        let pair = |argument: &PromptArgument| match request.arguments.get(&argument.name) {
            Some(value) => Ok(format!("{}={value}", argument.name)),
            None => Err(McpError::invalid_params(format!("{} is missing", argument.name))),
        };
        let text = match prompt.arguments.as_slice() {
            [] => SIMPLE.to_owned(),
            all => all.iter().map(pair).collect::<McpResult<Vec<_>>>()?.join("; "),
        };
        Ok(GetPromptResult::new(vec![PromptMessage::user_text(text)]))
    }
}

fn resources() -> Vec<Resource> {
    let named = ["left", "right"].map(|name| (format!("bench:///{name}"), name.to_owned()));
    let items = (0..ITEMS).map(|item| (format!("bench:///item/{item}"), format!("item {item}")));
    let resource = |(uri, name): (String, String)| {
        let mut resource = Resource::new(uri, name);
        resource.mime_type = Some(KIND.into());
        resource
    };
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

fn prompts() -> Vec<Prompt> {
    let prompt = |(name, count): (&str, usize)| {
        let argument = |at| PromptArgument::new(format!("a{at:02}")).required(true);
        let mut prompt = Prompt::new(name);
        prompt.arguments = (0..count).map(argument).collect();
        prompt
    };
    [("prompt_simple", 0), ("prompt_medium", 10), ("prompt_complex", 50)].map(prompt).into()
}
