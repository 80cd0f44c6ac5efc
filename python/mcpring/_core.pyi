"""The compiled module: sockets, protocol, validation, and the way into Python.

What users call is in the package around it; this is the contract between the two.

**Threads.** *Shard* threads serve the sockets and never run Python and never wait for it. *Pool*
threads keep their thread state, and take as many calls as are queued before they let go of the
interpreter. *The loop* is the thread of an asyncio event loop: woken by one descriptor, it takes
queued calls in batches. Threads that run handlers are Python's own, and run `mcpring._drive`.

**One call of a tool.** The shard finds the tool, checks the raw arguments against its compiled
schema, and queues the call for its lane. The lane builds the arguments from the raw bytes, with
interned names where they go by names, and calls `fn(**arguments)`. If the check failed and the
handler has `repair`, the lane lets that try, checks again, and answers with the first fault when it
did not help. What `fn` returns is encoded on the lane and posted to the shard.

**Results of tools** are encoded by the core when they are exact `str`, `int`, `float`, `bool`,
`None`, or `dict`, `list`, `tuple` of these; infinite floats, and those that are no numbers, as
`null`. Anything else, also inside of these, may run code of the program's, and goes through
`Handler.plain`; what is not plain after that, through `Handler.encode`. Text is content as it is;
other values are content as JSON text, and structured content when they are objects, or as the
member `result` when the handler `wraps`.

**Exceptions.** `mcpring.suspend.Suspend` asks the client. Any other goes to `Server`'s `on_error`,
whose words are the answer. `KeyboardInterrupt` and `SystemExit` also end the event loop they were
raised on, when it is the program's.

**Coroutines** start at once, on the loop's thread, with context variables of their own. From Python
3.12 on they are eager tasks, so that one which ends without waiting costs no turn of the loop. What
a plain function returns is awaited on the loop when it can be: it may be a wrapped coroutine
function. A call that nobody waits for any more has its coroutine cancelled.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import Context
from types import TracebackType
from typing import Any, Literal, Self, final

from typing_extensions import Buffer

__version__: str
"""The engine's version."""

build: Literal["abi3", "version"]
"""Whether this build serves every Python from 3.11 on, or one, faster."""

Lane = Literal["pool", "loop"]
"""Where a handler runs. No lane is a shard thread."""

Kind = Literal["tool", "resource", "template", "prompt"]

@final
class Handler:
    """A callable, prepared: which lane, and what happens before and after. Frozen; any thread."""

    def __new__(
        cls,
        function: Callable[..., object],
        /,
        *,
        owner: object,
        lane: Lane,
        style: Literal["keywords", "call"] = "keywords",
        convert: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        repair: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        exact: Mapping[str, type[int] | type[float]] | None = None,
        plain: Callable[[Any], Any] | None = None,
        encode: Callable[[Any], str],
        wraps: bool = False,
    ) -> Self:
        """Prepares `function`.

        `style="keywords"` calls `function(**arguments)`, `"call"` calls `function(call, arguments)`.
        Arguments that came in the order of the parameters are given to a function itself (no
        method, no other callable) without their names, unless some go by names alone: that is the
        faster call.
        `convert` gets the arguments as JSON values and returns what the function is given; `repair`
        see above; both run on the lane. `exact` names parameters whose numbers, at any depth, are
        delivered as that type. Of what has no fast path, `plain` makes data of JSON's own types where
        it is data, and `encode` the JSON text of the protocol's result. `owner` is what `Call.owner` gives.
        """

@final
class Server:
    """A server. Methods may be called from any thread unless they say otherwise."""

    def __new__(
        cls,
        name: str,
        version: str,
        *,
        info: str = "{}",
        instructions: str | None = None,
        options: str = "{}",
        on_error: Callable[[Kind, str, BaseException], str],
    ) -> Self:
        """Makes one.

        `info` has `title`, `description`, `websiteUrl`, `icons` in the protocol's names, `options`
        the engine's settings by their names, `threads` (most threads of the pool) and `queue` (most
        calls that wait, for each lane); both JSON. `on_error` runs on the lane of the failed
        call and gives the words for the client; it logs, and masks, as the server is set."""

    # Features. All are checked when they are added; a fault is a `ConfigError` that names them.
    # `info` is the rest of what is listed, JSON in the protocol's names. A name that is added anew
    # is replaced. Clients are told of changed lists once per outermost `edit`, or per call without.

    def add_tool(
        self,
        name: str,
        handler: Handler,
        *,
        info: str,
        input_schema: str,
        output_schema: str | None = None,
        timeout_s: float | None = None,
        scopes: Sequence[str] = ...,
        task: Literal["forbidden", "optional", "required", "by_handler"] = "forbidden",
    ) -> None:
        """Adds a tool; schemas are compiled here. Results are held to the output schema."""

    def add_resource(
        self,
        uri: str,
        handler: Handler | str | bytes,
        *,
        name: str,
        info: str,
        scopes: Sequence[str] = ...,
    ) -> None:
        """Adds a resource; exact `str` and `bytes` results have a fast path. One that is added with
        exact `str` or `bytes` always holds these: shards answer, and its size is listed."""

    def add_template(
        self,
        uri_template: str,
        handler: Handler,
        *,
        name: str,
        info: str,
        screened: bool = True,
        scopes: Sequence[str] = ...,
    ) -> None:
        """Adds a template. The handler, its own, gets the variables as text; `screened` refuses
        those that are paths which lead elsewhere."""

    def add_prompt(
        self, name: str, handler: Handler, *, info: str, scopes: Sequence[str] = ...
    ) -> None:
        """Adds a prompt. Required arguments are checked, all are text; a `str` is one message."""

    def add_completer(
        self, kind: Literal["prompt", "template"], key: str, argument: str, handler: Handler
    ) -> None:
        """Completes one argument: the handler (style `call`) gets the call and the arguments known
        already, `Call.partial` has what was typed. A list of `str` has a fast path."""

    def add_route(
        self, path: str, methods: Sequence[str], handler: Callable[[Request], Awaitable[Response]]
    ) -> None:
        """An HTTP route of the program's own, on the listeners of `http`, run on the loop."""

    def add_hook(self, method: str, handler: Handler) -> None:
        """Puts a handler before what the engine answers to a method by itself: lists,
        `initialize`, `server/discover`. It is called with the call and the engine's answer, and
        gives the answer that is sent, both JSON text. Costs nothing for methods without one."""

    def remove(self, kind: Kind, key: str) -> bool:
        """Takes a feature away; whether it was there."""

    def edit(self) -> Edit:
        """Gathers changes: `with server.edit(): …`."""

    def resource_updated(self, uri: str) -> None:
        """Tells the clients that follow `uri`."""

    # Running. Threads start with `start` and never before, so that a program may fork until then.

    def listen(self, address: str) -> None:
        """Adds an address, which is bound at the start.

        `http://host:port/path`, `tcp://…`, `tcp+line://…`, `unix://…`, `unix+line://…` or `stdio:`.
        With `stdio:` descriptor 1 leads to descriptor 2 from here on, so that a stray `print` harms
        nothing.
        """

    def authorize(self, settings: str) -> None:
        """Asks HTTP clients for tokens, from `start` on; `AuthSettings.to_dict` as JSON."""

    def start(self, event_loop: object | None = None) -> None:
        """Starts the shards, and threads for handlers.

        `event_loop` is the running asyncio event loop whose thread calls this: handlers of lane
        `loop` run there. Without one the core makes a thread with a loop when a handler needs it.
        """

    def addresses(self) -> list[str]:
        """Where it listens, as URLs with real ports, in the order of `listen`."""

    def driver(self) -> str:
        """One line that says which driver won, and why another was refused."""

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until the server has stopped; whether it has.

        Detached from the interpreter meanwhile, and woken by signals, whose Python handlers run
        here when this is the main thread. With the end everything the server holds is let go.
        """

    def fileno(self) -> int:
        """A descriptor that is readable once the server has stopped: then `wait` takes no time. It
        is there before the start, and stays the server's."""

    def stop(self, now: bool = False) -> None:
        """Stops listening, lets calls end within the setting `drain_ms`, ends event streams; `now`
        lets nothing end. May be called from a signal handler and from a handler of a call."""

    def stats(self) -> str:
        """Counters, as JSON text."""

    def connect(self) -> int:
        """A connection from inside the process, through the whole engine: the descriptor of a
        stream socket, one JSON message a line. The caller closes it."""

@final
class Edit:
    """Changes that clients are told of once."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

@final
class Call:
    """A call, from when its handler starts until it is answered; used by any thread.

    After the answer reads still work and reports do nothing.
    """

    @property
    def owner(self) -> Any: ...
    @property
    def kind(self) -> Kind | Literal["completion"]: ...
    @property
    def name(self) -> str: ...
    @property
    def partial(self) -> str: ...
    @property
    def request_id(self) -> str | int: ...
    @property
    def session_id(self) -> str | None: ...
    @property
    def protocol_version(self) -> str: ...
    @property
    def transport(self) -> str: ...
    @property
    def task_id(self) -> str | None: ...
    def arguments(self) -> bytes:
        """The sender's bytes of the arguments: an object."""
    def headers(self) -> dict[str, str]:
        """The headers of the HTTP request, names in small letters. Made when asked for."""
    def client(self) -> str | None: ...
    def principal(self) -> str | None: ...
    def meta(self) -> str | None: ...
    def is_cancelled(self) -> bool:
        """Whether the answer is no longer wanted. A coroutine is cancelled besides."""
    def time_left_s(self) -> float | None: ...
    def progress(self, progress: float, total: float | None, message: str | None) -> None: ...
    def log(self, level: str, data: str, logger: str | None) -> None: ...
    def answer(self, key: str) -> tuple[bool, str] | None: ...
    def state(self) -> bytes | None: ...
    def close_stream(self) -> None: ...
    def become_task(self) -> str | None: ...
    def task_status(self, message: str) -> None: ...
    def load(self) -> dict[str, Any]:
        """The arguments as they were sent."""
    def mend(self, arguments: object) -> dict[str, Any] | None:
        """Takes other arguments in the place of those that do not fit. What does not fit either is
        refused, in the words for those that were sent."""
    def finish(self, value: object) -> bool:
        """Answers with what the handler came to, if nothing has to be done with it first: awaited,
        or made plain. Runs no Python code, whatever the value is."""
    def finish_json(self, json: str) -> None:
        """Answers with what Python code made of a result: the protocol's, as JSON text."""
    def finish_on_loop(self, awaitable: object) -> None:
        """Hands something to be awaited to the loop, which answers with what it comes to."""
    def ask(self, requests: list[tuple[str, str, str]], state: bytes | None) -> None:
        """Asks the client: questions by key, method and parameters, and what is remembered."""
    def fail(self, words: str) -> None:
        """Fails, in words for the client."""
    def fail_request(self, code: int, message: str, data: str | None) -> None:
        """Fails at the level of the protocol; `data` is JSON text."""
    def keep(self, task: object) -> None:
        """Keeps the task that works on the call, and has it cancelled when nobody wants the
        answer."""

def current_call() -> Call | None:
    """The call whose handler runs here: by the thread for plain functions, by the context for
    coroutines and for threads they start. For handlers that did not ask for their call."""

@final
class Request:
    """A request for a route of the program's own. Frozen."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    def variable(self, name: str) -> str | None:
        """What the path has in the place of `{name}`."""
    def headers(self) -> dict[str, str]: ...
    def body(self) -> bytes: ...
    # As those of `Call`, for the loop's lane.
    @property
    def kind(self) -> Literal["route"]: ...
    @property
    def name(self) -> str: ...
    def finish(self, value: object) -> bool: ...
    def fail(self, words: str) -> None: ...
    def keep(self, task: object) -> None: ...

@final
class Response:
    """What a route answers."""

    def __new__(
        cls, body: bytes | None = None, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self: ...

@final
class PoolLane:
    """What a thread of the pool takes its calls from; see `mcpring._drive`."""

    def context(self) -> Context:
        """The context variables that calls begin with."""
    def on_error(self) -> Callable[[str, str, BaseException], str]:
        """What makes words of an exception."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> tuple[Call, tuple[Any, ...], Any]:
        """The next call; how its function is called, as `_drive` unpacks it; with what: arguments,
        a `tuple` of those that go without names, the text of an answer for hooks, `None` when the
        arguments do not fit. Waits, detached; ends when the thread is not needed any more."""

@final
class LoopLane:
    """What the thread of an event loop takes its calls from; see `mcpring._drive`."""

    def fileno(self) -> int:
        """Readable while something waits."""
    def on_error(self) -> Callable[[str, str, BaseException], str]: ...
    def hold(self) -> None:
        """Holds the answers from here on, until `send`."""
    def send(self) -> None:
        """Sends what is held, and holds no more."""
    def take(self) -> list[tuple[Call | Request | None, Any, Any] | None]:
        """What waits, up to a batch: calls as above; calls with what has to be awaited, in a list,
        in the place of arguments; tasks to cancel, without a call; `None` when the server has
        ended."""

@final
class Frames:
    """Cuts a stream of bytes into frames; used by the thread that made it."""

    def __new__(
        cls, kind: Literal["length", "line"] = "length", *, bytes_max: int = ...
    ) -> Self: ...
    def feed(self, data: Buffer) -> None: ...
    def __iter__(self) -> Iterator[bytes]:
        """The frames that are complete. `ValueError` when the stream can be cut no further."""
    def finish(self) -> bytes | None:
        """Ends the stream: gives a last line without newline; `ValueError` inside a frame."""

def encode_frame(message: Buffer, kind: Literal["length", "line"] = "length") -> bytes:
    """`message` as one frame."""

@final
class Value:
    """A JSON value where it lies: nothing is built until it is asked for. Frozen; any thread."""

    @property
    def kind(self) -> Literal["object", "array", "string", "number", "boolean", "null"]: ...
    def raw(self) -> bytes:
        """The bytes it was read from."""
    def load(self) -> Any:
        """It and everything in it, as Python objects."""
    def get(self, key: str | int) -> Value | None:
        """A member, the last of that name, or an item, counted from the end when negative."""
    def __getitem__(self, key: str | int, /) -> Value: ...
    def __contains__(self, key: str, /) -> bool: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]:
        """It is there, also when it is empty, null or false."""
    def __iter__(self) -> Iterator[Value]:
        """The items of an array, or the values of an object's members."""
    def keys(self) -> Iterator[str]: ...

def scan(text: Buffer | str) -> Value:
    """Checks `text` and gives its value, in one pass. `ValueError` says where it is no JSON."""

@final
class Schema:
    """A compiled JSON Schema (2020-12); any thread."""

    def __new__(cls, text: str) -> Self: ...
    def check(self, text: Buffer | str) -> str | None:
        """What is wrong with `text`, and where; `None` when it fits."""
