"""How the peers are served: one process, uvicorn on uvloop and httptools, no log of requests."""

import socket
import sys
from typing import Any

import uvicorn


def wants_http() -> bool:
    """Whether the command line says HTTP, and not standard input and output."""
    return sys.argv[1:] == ["--http"]


def serve(app: Any) -> None:
    """Serves an ASGI application on a free port of this machine, and says which."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        host, port = listener.getsockname()
        print(f"listening http://{host}:{port}/mcp", flush=True)
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", log_level="warning", access_log=False
        )
        uvicorn.Server(config).run(sockets=[listener])
