"""A TCP proxy that cuts a connection in the middle of an answer, once.

It forwards both ways and looks for a marker in what the server says. The first time it finds it,
it forwards the event with the marker, to the end of it, and closes the connection on both sides.
"""

import socket
import threading

EVENT_ENDS = (b"\n\n", b"\r\n\r\n")
READ_BYTES = 65536


class Proxy:
    """Stands before the server at `host` and `port`; `cuts` says how often it has cut."""

    def __init__(self, host, port, marker):
        self.server = (host, port)
        self.marker = marker
        self.cuts = 0
        self._lock = threading.Lock()
        self._open = set()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        with self._lock:
            remaining = list(self._open)
        for end in remaining:
            shut(end)

    def url(self):
        """Where clients reach the server through this proxy."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/mcp"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed: the case is over
            server = socket.create_connection(self.server)
            with self._lock:
                self._open |= {client, server}
            for body in (self._up, self._down):
                threading.Thread(target=body, args=(client, server), daemon=True).start()

    def _up(self, client, server):
        """Forwards what the client says."""
        try:
            while read := client.recv(READ_BYTES):
                server.sendall(read)
        except OSError:
            pass  # the other direction has closed both
        shut(server)

    def _down(self, client, server):
        """Forwards what the server says, up to the cut."""
        recent = b""
        try:
            while read := server.recv(READ_BYTES):
                recent, keep = self._cut(recent, read)
                client.sendall(read[:keep])
                if keep < len(read) or recent is None:
                    break
        except OSError:
            pass  # the client has gone
        shut(client)
        shut(server)
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _cut(self, recent, read):
        """What to remember, or None for a cut, and how much of `read` to forward."""
        seen = recent + read
        start = seen.find(self.marker)
        with self._lock:
            if self.cuts or start < 0:
                return seen[-len(self.marker) :], len(read)
            ends = [seen.find(end, start) + len(end) for end in EVENT_ENDS if end in seen[start:]]
            if not ends:
                return seen[start:], len(read)  # the event goes on
            self.cuts += 1
        return None, min(ends) - len(recent)


def shut(end):
    """Ends a connection both ways; one that has ended already is fine."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
