"""Running a server: on standard input and output, or on HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..exceptions import ConfigError, UnsupportedError

if TYPE_CHECKING:
    from ..running import RunPlan

__all__ = ["Serving", "Transport", "options_of"]

Transport = Literal["stdio", "http", "streamable-http", "sse", "tcp", "unix"]
"""How clients reach the server; `streamable-http` and `sse` are other names of `http`."""


class Serving:
    """The part of a server that runs."""

    running: Any

    def run(
        self,
        transport: Transport | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        path: str | None = None,
        listen: Sequence[str] | None = None,
        shards: int | None = None,
        workers: int | None = None,
        threads: int | None = None,
        show_banner: bool | None = None,
        **options: Any,
    ) -> None:
        """Runs the server until it is told to stop; `stdio` unless said otherwise.

        The first Ctrl-C or SIGTERM lets calls end, the second ends at once. `shards` are threads
        that serve sockets, `threads` those for functions that are not `async`, `workers` processes
        that share the port (`docs/python.md` says what that means for sessions). `listen` names
        several addresses at once, in place of transport, host, port and path, such as
        `["stdio:", "http://127.0.0.1:8000/mcp", "tcp+line://127.0.0.1:0", "unix:///run/x"]`.
        `options` are the engine's own settings.
        """
        from .. import running

        given = _given(host, port, path, listen, shards, workers, threads, show_banner, options)
        running.run(self, _plan(self, transport, given))

    async def run_async(
        self,
        transport: Transport | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        path: str | None = None,
        listen: Sequence[str] | None = None,
        shards: int | None = None,
        threads: int | None = None,
        show_banner: bool | None = None,
        **options: Any,
    ) -> None:
        """Runs the server inside a running event loop, until it is told to stop or cancelled.

        When it returns the server has stopped.
        """
        from .. import running

        given = _given(host, port, path, listen, shards, None, threads, show_banner, options)
        await running.run_async(self, _plan(self, transport, given))

    def stop(self) -> None:
        """Ends `run` or `run_async`, letting calls end first. From any thread, and from handlers.

        Nothing happens to a server that does not run.
        """
        running = self.running
        if running is not None:
            running.stop()

    async def run_stdio_async(self, **options: Any) -> None:
        """`run_async` on standard input and output."""
        await self.run_async("stdio", **options)

    async def run_http_async(self, **options: Any) -> None:
        """`run_async` on HTTP."""
        options.pop("transport", None)
        await self.run_async("http", **options)


def _given(*values: Any) -> dict[str, Any]:
    *named, options = values
    names = ("host", "port", "path", "listen", "shards", "workers", "threads", "show_banner")
    found = dict(zip(names, named, strict=True))
    return {name: value for name, value in {**found, **options}.items() if value is not None}


def _plan(server: Any, transport: str | None, given: dict[str, Any]) -> RunPlan:
    """What was said in the program, and the environment for the rest."""
    from ..running import RunPlan
    from ..settings import read_settings

    settings = read_settings()
    wanted = transport or settings.transport
    known = {"stdio": "stdio", "tcp": "tcp", "unix": "unix"}
    http = ("http", "streamable-http", "sse")
    if wanted not in known and wanted not in http:
        raise ConfigError(f"the transport is one of {sorted((*known, *http))}, not {wanted!r}")
    if wanted == "unix" and "path" not in given:
        raise ConfigError("a Unix socket needs a path")
    names = ("host", "port", "path", "workers")
    take = {name: given.pop(name, getattr(settings, name)) for name in names}
    banner = given.pop("show_banner", settings.show_server_banner)
    log_level = given.pop("log_level", settings.log_level)
    if log_level:
        set_log_level(log_level)
    if wanted == "sse":
        import logging

        logging.getLogger("mcpring").warning("sse is served as Streamable HTTP, at the same path")
    _answer_foreign(given, settings)
    listen = _checked_addresses(given.pop("listen", ()), transport)
    options = options_of(server, given)
    hosts = [_host_of(one) for one in listen] if listen else [take["host"]]
    if listen or known.get(wanted, "http") not in ("stdio", "unix"):
        for host in hosts:
            if not _is_local(host):
                _open_to_all(server, host, options)
    return RunPlan(
        transport=known.get(wanted, "http"),
        host=take["host"],
        port=_port(take["port"]),
        path=take["path"],
        workers=int(take["workers"]),
        options=options,
        shows_banner=banner,
        listen=listen,
    )


def _port(said: Any) -> int:
    try:
        port = int(said)
    except ValueError:
        port = -1
    if not 0 <= port < 1 << 16:
        raise ConfigError(f"a port is a number from 0 (any free one) to 65535, not {said!r}")
    return port


_SCHEMES = ("http", "tcp", "tcp+line", "unix", "unix+line")


def _checked_addresses(said: Sequence[str], transport: str | None) -> tuple[str, ...]:
    """The addresses as they were given, when each is one and nothing else was said."""
    if isinstance(said, str):
        raise ConfigError("listen is a list of addresses: one alone goes into a list as well")
    if said and transport is not None:
        raise ConfigError("say either transport= or listen=: the addresses name their transports")
    for one in said:
        scheme, mark, rest = one.partition("://")
        if one != "stdio:" and not (mark and rest and scheme in _SCHEMES):
            raise ConfigError(
                f"{one!r} is no address: they are stdio: and {', '.join(_SCHEMES)} with ://"
            )
    return tuple(said)


def _host_of(address: str) -> str:
    """The host in an address; `localhost` where there is no network."""
    scheme, _, rest = address.partition("://")
    if scheme not in ("http", "tcp", "tcp+line"):
        return "localhost"
    return rest.partition("/")[0].rpartition(":")[0].strip("[]")


def options_of(server: Any, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """The engine's settings by its own names: what is given, the environment, the server's own."""
    from ..settings import read_settings

    settings = read_settings()
    options: dict[str, Any] = {}
    for name in ("shards", "threads", "driver", "allowed_hosts", "allowed_origins", "state_keys"):
        value = getattr(settings, name)
        if value:
            options[name] = value
    if server.list_page_size is not None:
        options["page_items"] = server.list_page_size
    if server.call_timeout is not None:
        options["call_ms"] = round(server.call_timeout * 1000)
    if server.cache_ttl is not None or server.cache_scope is not None:
        ttl_ms = round((server.cache_ttl or 0) * 1000)
        options["cache_hint"] = {"ttl_ms": ttl_ms, "scope": server.cache_scope or "private"}
    return {**options, **(given or {})}


def set_log_level(level: str) -> None:
    """Sets the level of this package's messages, which go to standard error."""
    import logging

    name = level.upper()
    if name not in logging.getLevelNamesMapping():
        raise ConfigError(f"the log level is DEBUG, INFO, WARNING, ERROR or CRITICAL, not {level}")
    logging.getLogger("mcpring").setLevel(name)
    if not logging.getLogger().handlers and not logging.getLogger("mcpring").handlers:
        logging.basicConfig()


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _open_to_all(server: Any, host: str, options: dict[str, Any]) -> None:
    """Whoever names such a host means it; what it takes and what it risks is said once."""
    options.setdefault("public", True)
    import logging

    log = logging.getLogger("mcpring")
    if server.auth is None:
        log.warning("other machines can reach %s, and nobody is asked who they are", host)
    if not options.get("allowed_hosts"):
        log.warning(
            "requests to names other than localhost are refused: name yours with "
            "allowed_hosts=[…] or MCPRING_ALLOWED_HOSTS"
        )


# What FastMCP hands to a web server that is not there. Given, it would change what is served.
_NOT_HERE = {
    "uvicorn_config": "the engine has the socket: see its own settings in docs/python.md",
    "middleware": "the engine answers HTTP: put Python around calls with mcp.add_middleware(…)",
    "sockets": "the engine opens its own sockets: give host and port",
    "event_store": "the engine keeps what streams need to be taken up again",
}

# Harmless: what is served is right all the same.
_SAID_ONCE = {
    "json_response": "the engine answers in JSON wherever nothing has to come before the answer",
    "stateless_http": "protocol version 2026-07-28 has no sessions; those of earlier versions stay "
    "in this process, so that a balancer has to route them by mcp-session-id",
}
_said: set[str] = set()


def _answer_foreign(given: dict[str, Any], settings: Any) -> None:
    """Refuses FastMCP's options that cannot be kept, and explains those that need not be."""
    for name, words in _NOT_HERE.items():
        if given.pop(name, None):
            raise UnsupportedError(f"{name}: {words}")
    if given.pop("host_origin_protection", True) is False:
        raise UnsupportedError(
            "host_origin_protection cannot be switched off: name hosts and origins with "
            "allowed_hosts and allowed_origins"
        )
    if "stateless" in given:
        given.setdefault("stateless_http", given.pop("stateless"))
    for name, words in _SAID_ONCE.items():
        if given.pop(name, getattr(settings, name)) and name not in _said:
            _said.add(name)
            import logging

            logging.getLogger("mcpring").warning("%s does nothing here: %s", name, words)
