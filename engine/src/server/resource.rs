//! Resources and resource templates: how a program registers them, and what the engine keeps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::completer::{Completer, Completers};
use super::features::Listed;
use super::setters::{completer_setters, info_setters, resource_setters, run_setters};
use super::{Call, Deferred, Execution, Feature, FeatureKind, Handler, Outcome, ResourceReturn};
use crate::auth::check_scopes;
use crate::error::Error;
use crate::json::Writer;
use crate::limits;
use crate::model::{
    Annotations, Body, CacheHint, Fields, Icon, ResourceContents, ResourceInfo, TemplateInfo, Text,
};
use crate::uri::{Screen, Template};

/// A resource to register: one URI, listed.
pub struct Resource {
    info: ResourceInfo,
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    cache: Option<CacheHint>,
    content: Content,
}

/// Where a resource's contents come from.
enum Content {
    Fixed(Body),
    Handler(Arc<dyn Handler>),
}

impl Resource {
    /// A resource that always holds this text.
    pub fn text(uri: impl Into<Text>, name: impl Into<Text>, text: impl Into<Arc<str>>) -> Self {
        Self::fixed(uri, name, Body::Shared(text.into())).mime_type("text/plain")
    }

    /// A resource that always holds these bytes.
    pub fn blob(uri: impl Into<Text>, name: impl Into<Text>, bytes: impl Into<Bytes>) -> Self {
        Self::fixed(uri, name, Body::Blob(bytes.into())).mime_type("application/octet-stream")
    }

    /// A resource whose contents a handler makes for each read.
    pub fn new<R, F>(uri: impl Into<Text>, name: impl Into<Text>, read: F) -> Self
    where
        R: ResourceReturn + 'static,
        F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
    {
        Self::handler(uri, name, reader(read))
    }

    /// As [`Resource::new`] for asynchronous work; see [`Tool::future`](super::Tool::future).
    pub fn future<R, F, Fut>(uri: impl Into<Text>, name: impl Into<Text>, read: F) -> Self
    where
        R: ResourceReturn + 'static,
        F: Fn(Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + 'static,
    {
        Self::handler(uri, name, async_reader(read)).execution(Execution::Async)
    }

    /// As [`Resource::new`] for any [`Handler`].
    pub fn handler(uri: impl Into<Text>, name: impl Into<Text>, handler: impl Handler) -> Self {
        Self::with(uri, name, Content::Handler(Arc::new(handler)))
    }

    fn fixed(uri: impl Into<Text>, name: impl Into<Text>, body: Body) -> Self {
        let size = match &body {
            Body::Text(text) => text.len(),
            Body::Shared(text) => text.len(),
            Body::Blob(bytes) => bytes.len(),
        };
        // Handing out a reference cannot block.
        Self::with(uri, name, Content::Fixed(body)).inline().size(size as u64)
    }

    fn with(uri: impl Into<Text>, name: impl Into<Text>, content: Content) -> Self {
        Self {
            info: ResourceInfo::new(uri, name),
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            cache: None,
            content,
        }
    }

    /// Sets the size in bytes that is listed.
    pub fn size(mut self, size: u64) -> Self {
        self.info.size = Some(size);
        self
    }

    info_setters!(info);
    resource_setters!(info);
    run_setters!();

    pub(super) fn register(self) -> Result<ResourceEntry, Error> {
        let Self { info, execution, timeout, scopes, keeps_request, cache, content } = self;
        check_uri(&info.uri)
            .map_err(|fault| Error::usage(format!("resource {:?}: {fault}", info.uri)))?;
        check_info(&info, "resource")?;
        check_scopes(&scopes, "resource", &info.uri)?;
        let handler = match content {
            Content::Handler(handler) => handler,
            Content::Fixed(body) => {
                let contents = ResourceContents {
                    uri: info.uri.clone(),
                    mime_type: info.mime_type.clone(),
                    body,
                    meta: None,
                };
                Arc::new(move |_call: &mut Call<'_>| {
                    Outcome::Resource(vec![contents.clone()].into())
                })
            }
        };
        let run = Run { execution, timeout, scopes, keeps_request, cache, handler };
        Ok(ResourceEntry { feature: feature(&info, run), info })
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A registered resource.
#[derive(Debug)]
pub struct ResourceEntry {
    feature: Arc<Feature>,
    info: ResourceInfo,
}

impl ResourceEntry {
    /// Its callable side.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.feature
    }

    /// As it is listed.
    pub fn info(&self) -> &ResourceInfo {
        &self.info
    }
}

impl Listed for ResourceEntry {
    fn key(&self) -> &str {
        &self.info.uri
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.info.encode(w, fields);
    }
}

/// A resource template to register: all URIs of one form.
pub struct ResourceTemplate {
    info: TemplateInfo,
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    cache: Option<CacheHint>,
    screen: Screen,
    handler: Arc<dyn Handler>,
    completers: Vec<(Text, Completer)>,
}

impl ResourceTemplate {
    /// Resources whose URIs have the form of `template` (RFC 6570); the handler reads the
    /// variables with [`Call::variable`].
    pub fn new<R, F>(template: impl Into<Text>, name: impl Into<Text>, read: F) -> Self
    where
        R: ResourceReturn + 'static,
        F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
    {
        Self::handler(template, name, reader(read))
    }

    /// As [`ResourceTemplate::new`] for asynchronous work; see
    /// [`Tool::future`](super::Tool::future).
    pub fn future<R, F, Fut>(template: impl Into<Text>, name: impl Into<Text>, read: F) -> Self
    where
        R: ResourceReturn + 'static,
        F: Fn(Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + 'static,
    {
        Self::handler(template, name, async_reader(read)).execution(Execution::Async)
    }

    /// As [`ResourceTemplate::new`] for any [`Handler`].
    pub fn handler(
        template: impl Into<Text>,
        name: impl Into<Text>,
        handler: impl Handler,
    ) -> Self {
        Self {
            info: TemplateInfo(ResourceInfo::new(template, name)),
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            cache: None,
            screen: Screen::default(),
            handler: Arc::new(handler),
            completers: Vec::new(),
        }
    }

    /// Says what values the variables refuse; by default those that could leave a folder.
    pub fn screen(mut self, screen: Screen) -> Self {
        self.screen = screen;
        self
    }

    info_setters!(info.0);
    resource_setters!(info.0);
    run_setters!();
    completer_setters!("variable");

    pub(super) fn register(self) -> Result<(TemplateEntry, Template), Error> {
        let Self { info, execution, timeout, scopes, keeps_request, cache, .. } = self;
        let Self { screen, handler, completers, .. } = self;
        check_info(&info.0, "template")?;
        check_scopes(&scopes, "template", &info.0.uri)?;
        let refuse = |fault| Error::usage(format!("template {:?}: {fault}", info.0.uri));
        let template = Template::parse(&info.0.uri).map_err(refuse)?.screen(screen);
        template.matcher().map_err(refuse)?;
        let is_known = |name: &str| template.variables().any(|variable| variable == name);
        let completers = Completers::register(completers, &scopes, is_known)
            .map_err(|fault| Error::usage(format!("template {:?}: {fault}", info.0.uri)))?;
        let run = Run { execution, timeout, scopes, keeps_request, cache, handler };
        let feature = feature(&info.0, run);
        Ok((TemplateEntry { feature, info, completers }, template))
    }
}

impl fmt::Debug for ResourceTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceTemplate").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A registered resource template.
#[derive(Debug)]
pub struct TemplateEntry {
    feature: Arc<Feature>,
    info: TemplateInfo,
    completers: Completers,
}

impl TemplateEntry {
    /// Its callable side.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.feature
    }

    /// As it is listed.
    pub fn info(&self) -> &TemplateInfo {
        &self.info
    }

    /// What completes its variables.
    pub fn completers(&self) -> &Completers {
        &self.completers
    }
}

impl Listed for TemplateEntry {
    fn key(&self) -> &str {
        &self.info.0.uri
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.info.encode(w, fields);
    }
}

fn reader<R, F>(read: F) -> impl Handler
where
    R: ResourceReturn + 'static,
    F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
{
    move |call: &mut Call<'_>| {
        let value = read(call);
        value.into_resource(call.uri(), call.mime_type())
    }
}

fn async_reader<R, F, Fut>(read: F) -> impl Handler
where
    R: ResourceReturn + 'static,
    F: Fn(Deferred) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + 'static,
{
    move |call: &mut Call<'_>| {
        let uri = call.uri().to_owned();
        let mime_type = call.mime_type().map(str::to_owned);
        call.spawn(|deferred| {
            let future = read(deferred);
            async move { future.await.into_resource(&uri, mime_type.as_deref()) }
        })
    }
}

/// How reads are carried out.
struct Run {
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    cache: Option<CacheHint>,
    handler: Arc<dyn Handler>,
}

fn feature(info: &ResourceInfo, run: Run) -> Arc<Feature> {
    let Run { execution, timeout, scopes, keeps_request, cache, handler } = run;
    Arc::new(Feature {
        kind: FeatureKind::Resource,
        name: info.name.as_ref().into(),
        mime_type: info.mime_type.as_deref().map(Into::into),
        execution,
        timeout,
        scopes,
        input: None,
        keeps_request,
        output: None,
        cache,
        handler,
    })
}

fn check_info(info: &ResourceInfo, kind: &str) -> Result<(), Error> {
    let fault = info.icons.iter().find_map(Icon::fault);
    let fault = fault.or_else(|| info.annotations.as_ref().and_then(Annotations::fault));
    match fault.or(info.name.is_empty().then_some("the name is empty")) {
        None => Ok(()),
        Some(fault) => Err(Error::usage(format!("{kind} {:?}: {fault}", info.uri))),
    }
}

/// A resource's URI is compared byte by byte, so only its outline is checked: a scheme, a length.
fn check_uri(uri: &str) -> Result<(), String> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if uri.len() > limits::URI_BYTES_MAX {
        Err(format!("the URI is longer than {} bytes", limits::URI_BYTES_MAX))
    } else if !uri.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        Err("the URI has no scheme, such as file: or demo:".into())
    } else {
        Ok(())
    }
}
