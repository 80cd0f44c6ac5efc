"""Running a server: on standard input and output, or on HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..exceptions import ConfigError

if TYPE_CHECKING:
    from ..running import RunPlan

__all__ = ["Serving", "Transport"]

Transport = Literal["stdio", "http", "streamable-http", "sse", "tcp", "unix"]
"""How clients reach the server; `streamable-http` and `sse` are other names of `http`."""


class Serving:
    """The part of a server that runs."""

    def run(
        self,
        transport: Transport | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        path: str | None = None,
        shards: int | None = None,
        workers: int | None = None,
        show_banner: bool | None = None,
        **options: Any,
    ) -> None:
        """Runs the server until it is told to stop; `stdio` unless said otherwise.

        The first Ctrl-C or SIGTERM lets calls end, the second ends at once. `shards` are threads
        that serve sockets, `workers` the threads for functions that are not `async`. `options` are
        the engine's own settings (`docs/python.md` lists them).
        """
        from .. import running

        given = _given(host, port, path, shards, workers, show_banner, options)
        running.run(self, _plan(self, transport, given))

    async def run_async(
        self,
        transport: Transport | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        path: str | None = None,
        shards: int | None = None,
        workers: int | None = None,
        show_banner: bool | None = None,
        **options: Any,
    ) -> None:
        """Runs the server inside a running event loop, until it is cancelled or told to stop."""
        from .. import running

        given = _given(host, port, path, shards, workers, show_banner, options)
        await running.run_async(self, _plan(self, transport, given))

    async def run_stdio_async(self, **options: Any) -> None:
        """`run_async` on standard input and output."""
        await self.run_async("stdio", **options)

    async def run_http_async(self, **options: Any) -> None:
        """`run_async` on HTTP."""
        options.pop("transport", None)
        await self.run_async("http", **options)


def _given(*values: Any) -> dict[str, Any]:
    *named, options = values
    names = ("host", "port", "path", "shards", "workers", "show_banner")
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
    take = {name: given.pop(name, getattr(settings, name)) for name in ("host", "port", "path")}
    return RunPlan(
        transport=known.get(wanted, "http"),
        host=take["host"],
        port=int(take["port"]),
        path=take["path"],
        options=_options(server, given, settings),
        shows_banner=given.pop("show_banner", settings.show_server_banner),
    )


# Settings of FastMCP's web server, which is not there.
_IGNORED = frozenset(
    """log_level uvicorn_config middleware json_response stateless_http stateless sockets
    host_origin_protection""".split()
)


def _options(server: Any, given: dict[str, Any], settings: Any) -> dict[str, Any]:
    """The engine's settings by its own names."""
    options: dict[str, Any] = {}
    for name in ("shards", "workers", "driver", "allowed_hosts", "allowed_origins"):
        value = given.pop(name, getattr(settings, name))
        if value:
            options[name] = value
    for name in list(given):
        if name in _IGNORED:
            given.pop(name)
        elif name != "show_banner":
            options[name] = given.pop(name)
    if server.list_page_size is not None:
        options["page_items"] = server.list_page_size
    if server.call_timeout is not None:
        options["call_ms"] = round(server.call_timeout * 1000)
    return options
