//! The fixture every peer offers, typed as a user of rmcp would type them.
//!
//! The router is built once and borrowed by every request: building it anew for each stateless
//! request, as short examples do, would measure the example and not the library.

use std::{sync::LazyLock, time::Duration};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{
        router::tool::ToolRouter,
        tool::InputResponses,
        wrapper::Parameters,
    },
    model::{
        CallToolResponse, GetPromptRequestParams, GetPromptResponse, JsonObject, ListPromptsResult,
        ListResourcesResult, PaginatedRequestParams, ProgressNotificationParam,
        ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
        SubscribeRequestParams, SubscriptionFilter,
    },
    schemars,
    service::{RequestContext, SubscriptionContext},
    tool, tool_handler, tool_router,
};

use crate::{
    forms::{Form5, Form20},
    prompts, resources, sampling,
    subscribers::{self, Subscriber},
};

static ROUTER: LazyLock<ToolRouter<Peer>> = LazyLock::new(Peer::tool_router);

/// The server; it holds nothing, so that the copy rmcp makes for each request is free.
#[derive(Clone, Copy)]
pub struct Peer;

/// Arguments of `echo`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Echo {
    message: String,
}

/// Arguments of `add`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Add {
    a: i64,
    b: i64,
}

/// Arguments of `update_resource`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Update {
    uri: String,
}

/// Arguments of `sleep`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Sleep {
    ms: u64,
}

/// Arguments of `count_up`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct CountUp {
    steps: u32,
}

/// Arguments of `ask_model`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct AskModel {
    prompt: String,
}

#[tool_router]
impl Peer {
    #[tool(description = "Returns its message")]
    fn echo(&self, Parameters(arguments): Parameters<Echo>) -> String {
        arguments.message
    }

    #[tool(description = "Adds two integers")]
    fn add(&self, Parameters(arguments): Parameters<Add>) -> String {
        (arguments.a + arguments.b).to_string()
    }

    #[tool(description = "Returns its message, from a thread that may block")]
    async fn echo_pooled(
        &self,
        Parameters(arguments): Parameters<Echo>,
    ) -> Result<String, ErrorData> {
        on_pool(move || arguments.message).await
    }

    #[tool(description = "Blocks a thread for some milliseconds")]
    async fn sleep(
        &self,
        Parameters(Sleep { ms }): Parameters<Sleep>,
    ) -> Result<String, ErrorData> {
        on_pool(move || {
            std::thread::sleep(Duration::from_millis(ms));
            format!("slept {ms} ms")
        })
        .await
    }

    #[tool(description = "Takes five fields with bounds and returns a summary")]
    fn form5(&self, Parameters(arguments): Parameters<Form5>) -> Result<String, ErrorData> {
        arguments
            .summary()
            .map_err(|wrong| ErrorData::invalid_params(wrong, None))
    }

    #[tool(description = "Takes twenty fields and returns a summary")]
    fn form20(&self, Parameters(arguments): Parameters<Form20>) -> String {
        arguments.summary()
    }

    #[tool(description = "Takes an object of any fields and returns how many there are")]
    fn form1000(&self, Parameters(fields): Parameters<JsonObject>) -> String {
        format!("{} fields", fields.len())
    }

    #[tool(description = "Tells every subscriber of a resource that it changed")]
    async fn update_resource(&self, Parameters(Update { uri }): Parameters<Update>) -> String {
        subscribers::tell(&uri).await;
        "updated".into()
    }

    #[tool(description = "Reports each step to the caller's progress token")]
    async fn count_up(
        &self,
        Parameters(CountUp { steps }): Parameters<CountUp>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let token = context.meta.get_progress_token();
        for step in 1..=steps {
            let Some(token) = token.clone() else { break };
            let progress = ProgressNotificationParam::new(token, f64::from(step));
            let told = context.peer.notify_progress(progress.with_total(f64::from(steps)));
            told.await.map_err(failed)?;
        }
        Ok(format!("counted {steps}"))
    }

    #[tool(description = "Asks the caller's model and returns what it says")]
    async fn ask_model(
        &self,
        Parameters(AskModel { prompt }): Parameters<AskModel>,
        InputResponses(replies): InputResponses,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        sampling::ask(prompt, replies, &context).await
    }
}

/// Runs `work` where tokio runs what blocks.
async fn on_pool(work: impl FnOnce() -> String + Send + 'static) -> Result<String, ErrorData> {
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// What went wrong inside of the server.
pub fn failed(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

#[tool_handler(router = ROUTER)]
impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe();
        ServerConfig::new(capabilities.build())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(request.uri).map(Into::into)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request).map(Into::into)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        subscribers::add(request.uri, Subscriber::Session(context.peer));
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let uris = context.accepted().resource_subscriptions.iter().flatten();
        for uri in uris {
            subscribers::add(uri.clone(), Subscriber::Stream(context.sink().clone()));
        }
        context.cancelled().await;
        Ok(())
    }
}
