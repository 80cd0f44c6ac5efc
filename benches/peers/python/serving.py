"""How the peers are served over HTTP, in one process.

`--http` is their fastest way: uvicorn on uvloop and httptools, no log of requests.
`--http-sessions` serves in the same way with the sessions of the handshake era, as many as come. `--http-plain` is
what their documentation says and what comes with them: `run`, and nothing else installed.
"""

import socket
import sys
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else "--stdio"

if MODE == "--http-plain":
    # As if they were not installed: uvicorn takes them by itself otherwise.
    sys.modules.update(dict.fromkeys(("uvloop", "httptools"), None))  # type: ignore[arg-type]


def serve(app: Any) -> None:
    """Serves an ASGI application on a free port of this machine, and says which."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        host, port = listener.getsockname()
        print(f"listening http://{host}:{port}/mcp", flush=True)
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", log_level="warning", access_log=False
        )
        uvicorn.Server(config).run(sockets=[listener])
