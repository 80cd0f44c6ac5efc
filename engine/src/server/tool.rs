//! Tools: how a program registers one, and what the engine keeps of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::features::Listed;
use super::output::{OutputCheck, OutputPolicy};
use super::param_header::{self, HeaderParam};
use super::schema_cache::HeldSchema;
use super::schema_source::Compiled;
use super::setters::{info_setters, run_setters};
use super::{
    Call, Deferred, Execution, Feature, FeatureKind, Handler, SchemaCache, SchemaSource, ToolReturn,
};
use crate::auth::check_scopes;
use crate::error::Error;
use crate::json::schema::Violation;
use crate::json::{Backend, PaddedBuf, Parser, Value, Writer};
use crate::model::{Fields, Icon, RawJson, TaskSupport, Text, ToolAnnotations, ToolInfo};

/// A tool to register.
pub struct Tool {
    info: ToolInfo,
    input: SchemaSource,
    output: Option<Output>,
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    task_by_handler: bool,
    is_lenient: bool,
    handler: Arc<dyn Handler>,
}

/// An output schema, and whether what is returned can be trusted to fit it.
enum Output {
    Derived(SchemaSource),
    Given(SchemaSource),
}

impl Tool {
    /// A tool that takes a typed struct; its schema is derived from the type.
    pub fn new<A, R, F>(name: impl Into<Text>, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: ToolReturn + 'static,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        Self::with_call(name, move |arguments: A, _call: &mut Call<'_>| run(arguments))
    }

    /// As [`Tool::new`]; the handler also gets the call, for progress, logs and cancellation.
    pub fn with_call<A, R, F>(name: impl Into<Text>, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: ToolReturn + 'static,
        F: Fn(A, &mut Call<'_>) -> R + Send + Sync + 'static,
    {
        let handler = move |call: &mut Call<'_>| match call.arguments::<A>() {
            Ok(arguments) => run(arguments, call).into_tool(),
            Err(fault) => fault.into(),
        };
        let mut tool = Self::handler(name, SchemaSource::of_input::<A>(), handler);
        tool.output = R::output_schema().map(Output::Derived);
        tool
    }

    /// As [`Tool::new`] for asynchronous work. What the future comes to is the answer; the
    /// [`Deferred`] is for context and progress. The future runs on an asynchronous worker thread
    /// and stays there, so it need not be `Send`.
    pub fn future<A, R, F, Fut>(name: impl Into<Text>, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: ToolReturn + 'static,
        F: Fn(A, Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + 'static,
    {
        let handler = move |call: &mut Call<'_>| match call.arguments::<A>() {
            Ok(arguments) => call.spawn(|deferred| {
                let future = run(arguments, deferred);
                async move { future.await.into_tool() }
            }),
            Err(fault) => fault.into(),
        };
        let mut tool = Self::handler(name, SchemaSource::of_input::<A>(), handler);
        tool.output = R::output_schema().map(Output::Derived);
        tool.execution(Execution::Async)
    }

    /// A tool whose schema is written by hand and whose arguments the handler reads itself.
    pub fn raw<R, F>(name: impl Into<Text>, input: impl Into<SchemaSource>, run: F) -> Self
    where
        R: ToolReturn + 'static,
        F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
    {
        Self::handler(name, input, move |call: &mut Call<'_>| run(call).into_tool())
    }

    /// As [`Tool::raw`] for any [`Handler`].
    pub fn handler(
        name: impl Into<Text>,
        input: impl Into<SchemaSource>,
        handler: impl Handler,
    ) -> Self {
        Self {
            // The checked text takes this one's place when the tool is registered.
            info: ToolInfo::new(name, RawJson::NULL.to_owned()),
            input: input.into(),
            output: None,
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            task_by_handler: false,
            is_lenient: false,
            handler: Arc::new(handler),
        }
    }

    /// Sets the schema of the structured content. What the handler returns is held to it; for a
    /// type of your own return [`Json`](super::Json) instead, which derives it.
    pub fn output_schema(mut self, schema: impl Into<SchemaSource>) -> Self {
        self.output = Some(Output::Given(schema.into()));
        self
    }

    /// Sets all hints about what the tool does to the world.
    pub fn annotations(mut self, annotations: ToolAnnotations) -> Self {
        self.info.annotations = annotations;
        self
    }

    /// Says whether the tool changes nothing.
    pub fn read_only(mut self, is_read_only: bool) -> Self {
        self.info.annotations.read_only = Some(is_read_only);
        self
    }

    /// Says whether the tool may destroy something.
    pub fn destructive(mut self, is_destructive: bool) -> Self {
        self.info.annotations.destructive = Some(is_destructive);
        self
    }

    /// Says whether calling the tool twice does what calling it once does.
    pub fn idempotent(mut self, is_idempotent: bool) -> Self {
        self.info.annotations.idempotent = Some(is_idempotent);
        self
    }

    /// Says whether the tool reaches a world outside the server.
    pub fn open_world(mut self, is_open_world: bool) -> Self {
        self.info.annotations.open_world = Some(is_open_world);
        self
    }

    /// Says whether calls may become tasks, whose answer is fetched later.
    pub fn task_support(mut self, support: TaskSupport) -> Self {
        self.info.task_support = support;
        self
    }

    /// Leaves it to the handler when a call becomes a task:
    /// [`CallContext::become_task`](crate::server::CallContext::become_task). Until then it is a
    /// plain call, and what it asks is asked before there is a task. Only where tasks are an
    /// extension has the server this choice; elsewhere the client makes it with its request.
    pub fn task_by_handler(mut self) -> Self {
        self.task_by_handler = true;
        self
    }

    /// Hands calls whose arguments do not fit the input schema to the handler all the same. It
    /// finds what is wrong with [`Call::misfit`], and may mend them: [`Deferred::check_arguments`]
    /// says whether that helped, [`Deferred::refuse_arguments`] answers as the engine would have.
    pub fn lenient(mut self, is_lenient: bool) -> Self {
        self.is_lenient = is_lenient;
        self
    }

    info_setters!(info);
    run_setters!();

    /// Checks everything and compiles the schemas.
    pub(super) fn register(
        mut self,
        schemas: &mut SchemaCache,
        policy: OutputPolicy,
    ) -> Result<ToolEntry, Error> {
        let name = self.info.name.clone();
        let refuse = |fault: String| Error::usage(format!("tool {name:?}: {fault}"));
        check_name(&name).map_err(refuse)?;
        check_scopes(&self.scopes, "tool", &name)?;
        if let Some(fault) = self.info.icons.iter().find_map(Icon::fault) {
            return Err(refuse(fault.into()));
        }
        let input = compile(&self.input, schemas, "input").map_err(refuse)?;
        if !input.is_object_type() {
            return Err(refuse("the input schema's root must say \"type\": \"object\"".into()));
        }
        let headers = param_header::collect(&input.value).map_err(refuse)?;
        let schema = self.register_output(schemas).map_err(refuse)?;
        self.info.input_schema = input.text;
        let feature = Feature {
            kind: FeatureKind::Tool,
            name: name.as_ref().into(),
            mime_type: None,
            execution: self.execution,
            timeout: self.timeout,
            scopes: self.scopes,
            input: self.is_lenient.then(|| input.schema.clone()),
            keeps_request: self.keeps_request,
            output: schema.map(|schema| OutputCheck { schema, policy }),
            cache: None,
            handler: self.handler,
        };
        Ok(ToolEntry {
            feature: Arc::new(feature),
            info: self.info,
            task_by_handler: self.task_by_handler,
            absent: check_absent(&input.schema),
            input: input.schema,
            headers: headers.into(),
        })
    }

    /// Compiles the output schema; gives what results are held to, if they are.
    fn register_output(&mut self, schemas: &mut SchemaCache) -> Result<Option<HeldSchema>, String> {
        let (schema, is_trusted) = match &self.output {
            None => return Ok(None),
            Some(Output::Derived(schema)) => (schema, true),
            Some(Output::Given(schema)) => (schema, false),
        };
        let schema = compile(schema, schemas, "output")?;
        self.info.output_is_object = schema.is_object_type();
        self.info.output_schema = Some(schema.text);
        Ok((!is_trusted).then_some(schema.schema))
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A registered tool.
pub struct ToolEntry {
    feature: Arc<Feature>,
    info: ToolInfo,
    task_by_handler: bool,
    input: HeldSchema,
    /// What is wrong with leaving the arguments out.
    absent: Option<Violation>,
    headers: Box<[HeaderParam]>,
}

impl ToolEntry {
    /// Its callable side.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.feature
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.feature.name
    }

    /// Where its handler runs.
    pub fn execution(&self) -> Execution {
        self.feature.execution
    }

    /// How long a call may take; `None` means as long as the server's calls may.
    pub fn timeout(&self) -> Option<Duration> {
        self.feature.timeout
    }

    /// As it is listed.
    pub fn info(&self) -> &ToolInfo {
        &self.info
    }

    /// Whether calls may become tasks.
    pub fn task_support(&self) -> TaskSupport {
        self.info.task_support
    }

    /// Whether the handler says when a call becomes a task.
    pub fn task_by_handler(&self) -> bool {
        self.task_by_handler
    }

    /// Arguments that 2026-07-28 mirrors in headers.
    pub fn headers(&self) -> &[HeaderParam] {
        &self.headers
    }

    /// Checks the arguments of a call against the input schema; absent ones count as `{}`.
    pub fn check(&self, arguments: Option<Value<'_>>) -> Result<(), Violation> {
        match arguments {
            Some(arguments) => self.input.check(arguments),
            None => self.absent.clone().map_or(Ok(()), Err),
        }
    }

    /// As [`Self::check`], in words for the model; a panic of the validator's is one of them.
    pub fn check_in_words(&self, arguments: Option<Value<'_>>) -> Result<(), String> {
        super::arguments::words(self.name(), || self.check(arguments))
    }
}

impl Listed for ToolEntry {
    fn key(&self) -> &str {
        self.name()
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.info.encode(w, fields);
    }
}

impl fmt::Debug for ToolEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolEntry").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Longest name of a tool, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Tool names are short and plain, so that every host can show them and models can say them. The
/// specification says only that they should be; here they must.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let fault = if name.is_empty() {
        "the name is empty".into()
    } else if name.len() > NAME_BYTES_MAX {
        format!("the name is longer than {NAME_BYTES_MAX} bytes")
    } else if !name.bytes().all(is_plain) {
        "the name has characters other than A-Z a-z 0-9 _ . - /".into()
    } else {
        return Ok(());
    };
    Err(format!(
        "{fault}: by the specification tool names should be 1 to {NAME_BYTES_MAX} of these, and \
         hosts refuse others"
    ))
}

fn compile(
    schema: &SchemaSource,
    schemas: &mut SchemaCache,
    side: &str,
) -> Result<Compiled, String> {
    schema.compile(schemas).map_err(|fault| format!("the {side} schema {fault}"))
}

/// What `schema` says of `{}`.
fn check_absent(schema: &HeldSchema) -> Option<Violation> {
    let text = PaddedBuf::copy(b"{}");
    let mut parser = Parser::new(Backend::default());
    let value = parser.parse(text.padded()).expect("an empty object is JSON");
    schema.check(value).err()
}
