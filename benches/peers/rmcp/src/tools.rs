//! The tools every peer offers, typed as a user of rmcp would type them.
//!
//! The router is built once and borrowed by every request: building it anew for each stateless
//! request, as short examples do, would measure the example and not the library.

use std::sync::LazyLock;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    model::{
        JsonObject, ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter,
    },
    schemars,
    service::{RequestContext, SubscriptionContext},
    tool, tool_handler, tool_router,
};

use crate::subscribers::{self, Subscriber};

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

/// Arguments of `form20`: twenty fields of four types, in the order the benchmarks send them.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Form20 {
    name: String,
    email: String,
    street: String,
    city: String,
    country: String,
    phone: String,
    company: String,
    title: String,
    note: String,
    reference: String,
    age: u32,
    quantity: u32,
    floor: i64,
    year: u32,
    price: f64,
    discount: f64,
    weight: f64,
    active: bool,
    verified: bool,
    newsletter: bool,
}

impl Form20 {
    /// Reads every field, so that none of the decoding can be left out.
    fn summary(&self) -> String {
        let words: usize = [
            &self.name,
            &self.email,
            &self.street,
            &self.city,
            &self.country,
            &self.phone,
            &self.company,
            &self.title,
            &self.note,
            &self.reference,
        ]
        .iter()
        .map(|word| word.len())
        .sum();
        let whole =
            i64::from(self.age) + i64::from(self.quantity) + self.floor + i64::from(self.year);
        let part = self.price + self.discount + self.weight;
        let flags = [self.active, self.verified, self.newsletter]
            .iter()
            .filter(|on| **on)
            .count();
        format!("{words} bytes, {whole}, {part}, {flags} set")
    }
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
}

#[tool_handler(router = ROUTER)]
impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe();
        ServerConfig::new(capabilities.build())
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
