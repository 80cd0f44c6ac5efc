//! A server of a program's: put together, started, changed while it runs, ended.

use std::os::fd::IntoRawFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mcpring::settings::Address;
use mcpring::uri::Template;
use mcpring::{Engine, Error, Running, TaskSupport};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::decode;
use crate::end::End;
use crate::error::{config, raise};
use crate::feature::{self, Extra, Kind, Recipe, Task};
use crate::handler::Handler;
use crate::lanes::{Lanes, Settled};
use crate::route::Route;
use crate::source::Source;
use crate::stage::Stage;

/// A server. Methods may be called from any thread unless they say otherwise. See `_core.pyi`.
#[pyclass(frozen, weakref, module = "mcpring._core")]
pub(crate) struct Server {
    stage: Mutex<Stage>,
    lanes: Arc<Lanes>,
    end: Arc<End>,
    running: OnceLock<Started>,
}

/// An engine that was started, and by which process: a child has none of its threads.
struct Started {
    running: Option<Running>,
    process: u32,
}

impl Drop for Started {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The threads it would wait for are the parent's.
            std::mem::forget(self.running.take());
        }
    }
}

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (name, version, *, info = "{}", instructions = None, options = "{}", on_error))]
    fn new(
        py: Python<'_>,
        name: String,
        version: String,
        info: &str,
        instructions: Option<String>,
        options: &str,
        on_error: Py<PyAny>,
    ) -> PyResult<Self> {
        let (lanes, settings) = Settled::read(options).map_err(|fault| raise(py, &fault))?;
        let told = described(info, instructions).and_then(|keys| settings.with(&keys));
        let settings = told.map_err(|fault| raise(py, &fault))?;
        Ok(Self {
            stage: Mutex::new(Stage::new(name, version, settings)),
            lanes: Arc::new(Lanes::new(&lanes, on_error)?),
            end: Arc::new(End::new()?),
            running: OnceLock::new(),
        })
    }

    #[pyo3(signature = (name, handler, *, info, input_schema, output_schema = None,
        timeout_s = None, scopes = Vec::new(), task = "forbidden"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments, each with its own name")]
    fn add_tool(
        &self,
        py: Python<'_>,
        name: String,
        handler: &Bound<'_, Handler>,
        info: String,
        input_schema: String,
        output_schema: Option<String>,
        timeout_s: Option<f64>,
        scopes: Vec<String>,
        task: &str,
    ) -> PyResult<()> {
        let task = match task {
            "forbidden" => Task::By(TaskSupport::Forbidden),
            "optional" => Task::By(TaskSupport::Optional),
            "required" => Task::By(TaskSupport::Required),
            "by_handler" => Task::ByHandler,
            other => {
                let words =
                    format!("a task is forbidden, optional, required or by_handler, not {other:?}");
                return Err(PyValueError::new_err(words));
            }
        };
        handler.get().0.name_parameters(py, decode::properties(&input_schema));
        let extra = Extra::Tool { input: input_schema, output: output_schema, task };
        let timeout = timeout_s.map(Duration::try_from_secs_f64).transpose();
        let timeout =
            timeout.map_err(|fault| PyValueError::new_err(format!("timeout: {fault}")))?;
        let source = Source::of(handler);
        let recipe = self.recipe(Kind::Tool, name.clone(), name, source, info, scopes, extra);
        self.put(py, Recipe { timeout, ..recipe })
    }

    #[pyo3(signature = (uri, handler, *, name, info, scopes = Vec::new()))]
    fn add_resource(
        &self,
        py: Python<'_>,
        uri: String,
        handler: &Bound<'_, PyAny>,
        name: String,
        info: String,
        scopes: Vec<String>,
    ) -> PyResult<()> {
        let source = Source::read(handler)
            .map_err(|fault| config(py, format!("resource {uri:?}: {fault}")))?;
        self.put(py, self.recipe(Kind::Resource, uri, name, source, info, scopes, Extra::None))
    }

    #[pyo3(signature = (uri_template, handler, *, name, info, screened = true, scopes = Vec::new()))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments, each with its own name")]
    fn add_template(
        &self,
        py: Python<'_>,
        uri_template: String,
        handler: &Bound<'_, Handler>,
        name: String,
        info: String,
        screened: bool,
        scopes: Vec<String>,
    ) -> PyResult<()> {
        let template = Template::parse(&uri_template).map_err(|fault| {
            raise(py, &Error::usage(format!("template {uri_template:?}: {fault}")))
        })?;
        let names = template.variables().map(str::to_owned).collect();
        // The same handler under another template would be called with this one's variables.
        if handler.get().0.variables.set(names).is_err() {
            return Err(PyValueError::new_err("a template needs a handler of its own"));
        }
        let extra = Extra::Template { is_screened: screened };
        let source = Source::of(handler);
        self.put(py, self.recipe(Kind::Template, uri_template, name, source, info, scopes, extra))
    }

    #[pyo3(signature = (name, handler, *, info, scopes = Vec::new()))]
    fn add_prompt(
        &self,
        py: Python<'_>,
        name: String,
        handler: &Bound<'_, Handler>,
        info: String,
        scopes: Vec<String>,
    ) -> PyResult<()> {
        handler.get().0.name_parameters(py, feature::argument_names(&info));
        let (key, source) = (name.clone(), Source::of(handler));
        self.put(py, self.recipe(Kind::Prompt, key, name, source, info, scopes, Extra::None))
    }

    fn add_completer(
        &self,
        py: Python<'_>,
        kind: &str,
        key: &str,
        argument: String,
        handler: &Bound<'_, Handler>,
    ) -> PyResult<()> {
        let kind = Kind::parse(kind).map_err(|fault| raise(py, &fault))?;
        let handler = Arc::clone(&handler.get().0);
        let is_there = self.on_stage(py, |stage| {
            let Some(recipe) = stage.change(kind, key) else { return Ok(false) };
            recipe.completers.retain(|(name, _)| *name != argument);
            recipe.completers.push((argument, handler));
            stage.publish().map(|()| true)
        })?;
        let missing = || format!("there is nothing named {key:?} to complete");
        if is_there { Ok(()) } else { Err(PyValueError::new_err(missing())) }
    }

    fn add_route(
        &self,
        py: Python<'_>,
        path: String,
        methods: Vec<String>,
        handler: Py<PyAny>,
    ) -> PyResult<()> {
        self.check_not_started(py, "routes")?;
        let route = Route::new(path, methods, handler, &self.lanes);
        self.on_stage(py, |stage| {
            stage.routes.push(route);
            Ok(())
        })
    }

    fn add_hook(
        &self,
        py: Python<'_>,
        method: String,
        handler: &Bound<'_, Handler>,
    ) -> PyResult<()> {
        self.check_not_started(py, "hooks")?;
        let (handler, lanes) = (Arc::clone(&handler.get().0), Arc::clone(&self.lanes));
        self.on_stage(py, |stage| {
            stage.hooks.push((method, handler, lanes));
            Ok(())
        })
    }

    fn remove(&self, py: Python<'_>, kind: &str, key: &str) -> PyResult<bool> {
        let kind = Kind::parse(kind).map_err(|fault| raise(py, &fault))?;
        self.on_stage(py, |stage| {
            let was_there = stage.take(kind, key);
            stage.publish().map(|()| was_there)
        })
    }

    fn edit(this: &Bound<'_, Self>) -> Edit {
        Edit(this.clone().unbind())
    }

    fn resource_updated(&self, py: Python<'_>, uri: &str) -> PyResult<()> {
        let publisher = self.on_stage(py, |stage| Ok(stage.publisher.clone()))?;
        let Some(publisher) = publisher else { return Ok(()) };
        publisher.resource_updated(uri).map_err(|fault| raise(py, &fault.into()))
    }

    fn listen(&self, py: Python<'_>, address: &str) -> PyResult<()> {
        let address: Address = address.parse().map_err(|fault| raise(py, &fault))?;
        if address.is_stdio() {
            // What the program prints from here on must not reach the client.
            Engine::claim_stdio().map_err(|fault| raise(py, &fault))?;
        }
        self.on_stage(py, |stage| {
            stage.settings = stage.settings.listen(address)?;
            Ok(())
        })
    }

    fn authorize(&self, py: Python<'_>, settings: &str) -> PyResult<()> {
        let keys = format!("{{\"authorization\":{settings}}}");
        self.on_stage(py, |stage| {
            stage.settings = stage.settings.with(&keys)?;
            Ok(())
        })
    }

    #[pyo3(signature = (event_loop = None))]
    fn start(this: &Bound<'_, Self>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (py, server) = (this.py(), this.get());
        server.check_process()?;
        // Before a call can come: the thread for it has variables of its own.
        server.lanes.pool.context(py)?;
        let has_loop = event_loop.is_some();
        py.detach(|| server.start_engine(has_loop)).map_err(|fault| raise(py, &fault))?;
        let begun = begin(this, event_loop);
        if begun.is_err() {
            server.started()?.stop_now();
        }
        begun
    }

    /// Where it listens, as URLs with real ports, in the order of `listen`.
    fn addresses(&self) -> PyResult<Vec<String>> {
        Ok(self.started()?.addresses().to_vec())
    }

    /// One line that says which driver won, and why another was refused.
    fn driver(&self) -> PyResult<String> {
        Ok(self.started()?.driver_line().to_owned())
    }

    #[pyo3(signature = (timeout_s = None))]
    fn wait(this: &Bound<'_, Self>, timeout_s: Option<f64>) -> PyResult<bool> {
        let (py, server) = (this.py(), this.get());
        let running = server.started()?;
        let deadline = match timeout_s.map(Duration::try_from_secs_f64).transpose() {
            // What the clock cannot tell does not come.
            Ok(time) => time.and_then(|time| Instant::now().checked_add(time)),
            Err(fault) => return Err(PyValueError::new_err(format!("timeout: {fault}"))),
        };
        while !server.end.has_come() {
            py.check_signals()?;
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(false);
            }
            py.detach(|| server.end.wait_a_while(deadline));
        }
        // The engine's threads have ended or are about to, and never want Python. Not to let go of
        // it here is what a thread needs that the ending interpreter must not stop in this frame.
        let outcome = running.wait();
        py.import("atexit")?.call_method1("unregister", (this.getattr("_at_exit")?,))?;
        // Handlers and their owner hold each other: with the end of the server they are let go.
        let left = server.lock().clear();
        drop(left);
        outcome.map_err(|fault| raise(py, &fault))?;
        Ok(true)
    }

    /// A descriptor that is readable from the end on.
    fn fileno(&self) -> i32 {
        self.end.fileno()
    }

    #[pyo3(signature = (now = false))]
    fn stop(&self, now: bool) -> PyResult<()> {
        let running = self.started()?;
        if now {
            running.stop_now();
        } else {
            running.stop();
        }
        Ok(())
    }

    fn stats(&self) -> PyResult<String> {
        Ok(self.started()?.metrics_json())
    }

    fn connect(&self, py: Python<'_>) -> PyResult<i32> {
        let socket = self.started()?.connect().map_err(|fault| raise(py, &fault))?;
        Ok(socket.into_raw_fd())
    }

    /// Ends it at once when the program ends.
    fn _at_exit(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(started) = self.running.get().filter(|started| started.is_ours())
            && let Some(running) = &started.running
        {
            running.stop_now();
            py.detach(|| running.wait()).map_err(|fault| raise(py, &fault))?;
        }
        Ok(())
    }
}

impl Started {
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Server {
    #[allow(clippy::too_many_arguments, reason = "what every feature has")]
    fn recipe(
        &self,
        kind: Kind,
        key: String,
        name: String,
        source: Source,
        info: String,
        scopes: Vec<String>,
        extra: Extra,
    ) -> Recipe {
        let (lanes, timeout, completers) = (Arc::clone(&self.lanes), None, Vec::new());
        Recipe { kind, key, source, lanes, name, info, scopes, timeout, extra, completers }
    }

    fn put(&self, py: Python<'_>, recipe: Recipe) -> PyResult<()> {
        let lane = recipe.source.lane();
        self.on_stage(py, |stage| stage.put(recipe).and_then(|()| stage.publish()))?;
        let lane = lane.filter(|_| self.running.get().is_some());
        lane.map_or(Ok(()), |lane| self.lanes.prepare(py, lane))
    }

    /// Starts the shards; `has_loop` says that an event loop of the program's will take calls.
    fn start_engine(&self, has_loop: bool) -> Result<(), Error> {
        let mut stage = self.lock();
        if self.running.get().is_some() {
            return Err(Error::usage("the server was started already"));
        }
        // From here on calls may come that look for a loop.
        let looper = &self.lanes.looper;
        looper.reserve(has_loop);
        let running = stage.engine(&self.lanes).and_then(Engine::start);
        let running = running.inspect_err(|_| looper.reserve(false))?;
        stage.publisher = Some(running.publisher());
        let (lanes, end) = (Arc::clone(&self.lanes), Arc::clone(&self.end));
        running.on_end(move || {
            lanes.close();
            end.tell();
        });
        let started = Started { running: Some(running), process: std::process::id() };
        // Nobody else starts it meanwhile: the stage is locked.
        let _ = self.running.set(started);
        Ok(())
    }

    /// The engine that serves it.
    fn started(&self) -> PyResult<&Running> {
        self.check_process()?;
        let running = self.running.get().and_then(|started| started.running.as_ref());
        running.ok_or_else(|| PyRuntimeError::new_err("the server was not started"))
    }

    fn check_process(&self) -> PyResult<()> {
        match self.running.get() {
            Some(started) if !started.is_ours() => Err(PyRuntimeError::new_err(format!(
                "the server runs in process {}, of which this one is a fork: its threads are not \
                 here. Start servers after a fork, or start processes with the spawn method",
                started.process
            ))),
            _ => Ok(()),
        }
    }

    fn check_not_started(&self, py: Python<'_>, what: &str) -> PyResult<()> {
        self.check_process()?;
        let words = || format!("{what} are added before the server starts");
        if self.running.get().is_some() { Err(config(py, words())) } else { Ok(()) }
    }

    /// Does something with the stage, detached: whoever waits for the lock may be attached, and
    /// handlers that go away under it are let go when it is open again, for then their destructors
    /// run.
    fn on_stage<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Stage) -> Result<R, Error> + Send,
    ) -> PyResult<R> {
        self.check_process()?;
        py.detach(|| work(&mut self.lock())).map_err(|fault| raise(py, &fault))
    }

    /// Each change is made whole, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the calls of a server that was started run.
fn begin(this: &Bound<'_, Server>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let (py, server) = (this.py(), this.get());
    // A program that ends without stopping it must not wait for it.
    py.import("atexit")?.call_method1("register", (this.getattr("_at_exit")?,))?;
    if let Some(event_loop) = event_loop {
        server.lanes.looper.settle(event_loop)?;
    }
    let lanes = server.lock().lanes();
    lanes.into_iter().try_for_each(|lane| server.lanes.prepare(py, lane))
}

/// What is said of a server, by the names of the settings.
fn described(info: &str, instructions: Option<String>) -> Result<String, Error> {
    let info: Map<String, Value> =
        serde_json::from_str(info).map_err(|fault| Error::usage(format!("info: {fault}")))?;
    let mut keys: Map<String, Value> = info
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "websiteUrl" => ("website_url".to_owned(), value),
            _ => (name, value),
        })
        .collect();
    keys.extend(instructions.map(|words| ("instructions".to_owned(), words.into())));
    Ok(Value::Object(keys).to_string())
}

/// Changes that clients are told of once.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Edit(Py<Server>);

#[pymethods]
impl Edit {
    fn __enter__(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        this.get().0.get().on_stage(this.py(), |stage| {
            stage.edits += 1;
            Ok(())
        })?;
        Ok(this)
    }

    #[pyo3(signature = (_kind, _value, _trace))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.0.get().on_stage(py, |stage| {
            let left = stage.edits.checked_sub(1);
            stage.edits = left.ok_or_else(|| Error::usage("the edit was not begun"))?;
            stage.publish()
        })
    }
}
