"""A plain socket as a client: length frames and lines, over TCP and Unix sockets, no library.

The whole of a client is `length_exchange` and `line_exchange` below: a message is JSON text behind
its length as four big-endian bytes, or JSON text and a newline.
"""

import json
import socket
import struct

from harness import (
    ECHO,
    HANDSHAKE_LATEST,
    STATELESS,
    TOOL_NAMES,
    Failure,
    Suite,
    short_folder,
    want,
    want_equal,
)

ANSWER_S = 20
META = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE = {
    "protocolVersion": HANDSHAKE_LATEST,
    "capabilities": {},
    "clientInfo": {"name": "frames.py", "version": "1"},
}


def length_frame(text):
    """`text` behind its length."""
    return struct.pack(">I", len(text)) + text


def length_exchange(stream, message):
    """Sends one message and reads one, both behind their length."""
    stream.write(length_frame(json.dumps(message).encode()))
    stream.flush()
    return length_answer(stream)


def length_answer(stream):
    """Reads one message behind its length."""
    (length,) = struct.unpack(">I", exactly(stream, 4))
    return json.loads(exactly(stream, length))


def line_frame(text):
    """`text` and a newline."""
    return text + b"\n"


def line_exchange(stream, message):
    """Sends one message and reads one, each a line."""
    stream.write(line_frame(json.dumps(message).encode()))
    stream.flush()
    return line_answer(stream)


def line_answer(stream):
    """Reads one line."""
    line = stream.readline()
    want(line.endswith(b"\n"), f"the connection ended with {line!r} instead of a whole line")
    return json.loads(line)


def exactly(stream, count):
    """Reads `count` bytes or fails."""
    found = stream.read(count)
    want_equal(len(found), count, "bytes before the connection ended")
    return found


FRAMINGS = {
    "length": (length_frame, length_exchange, length_answer),
    "line": (line_frame, line_exchange, line_answer),
}


class Peer:
    """One connection and its framing."""

    def __init__(self, address, framing):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(ANSWER_S)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rwb")
        self.frame, self.exchange, self.read = FRAMINGS[framing]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def ask(self, method, params=None, number=1):
        """Sends a request and gives its result."""
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        return self.result(self.exchange(self.stream, message), number)

    def send(self, data):
        """Sends raw bytes."""
        self.socket.sendall(data)

    def answer(self, number=1):
        """Reads one answer and gives its result."""
        return self.result(self.read(self.stream), number)

    def result(self, answer, number):
        """The result inside an answer to request `number`."""
        want_equal(answer.get("id"), number, f"id of {answer}")
        want("result" in answer, f"not a result: {answer}")
        return answer["result"]

    def shake_hands(self):
        """The handshake of the older protocol versions."""
        result = self.ask("initialize", INITIALIZE, 0)
        want_equal(result["protocolVersion"], HANDSHAKE_LATEST, "negotiated version")
        self.send(self.frame(b'{"jsonrpc":"2.0","method":"notifications/initialized"}'))

    def wait_for_end(self):
        """Reads until the server closes the connection, whatever it says before."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise Failure("the server did not close the connection") from None


def handshake(address, framing):
    """List and call after the handshake."""
    with Peer(address, framing) as peer:
        peer.shake_hands()
        want_equal(peer.ask("ping", number=7), {}, "ping")
        names = {tool["name"] for tool in peer.ask("tools/list")["tools"]}
        want(names >= TOOL_NAMES, f"tools/list lacks {TOOL_NAMES - names}")
        result = peer.ask("tools/call", {"name": "echo", "arguments": ECHO}, 2)
        want_equal(result["content"][0]["text"], ECHO["message"], "echo")


def stateless(address, framing):
    """Discover, list and call without a handshake."""
    with Peer(address, framing) as peer:
        result = peer.ask("server/discover", {"_meta": META})
        want(STATELESS in result["supportedVersions"], f"discovered {result}")
        result = peer.ask("tools/list", {"_meta": META})
        want_equal(result["resultType"], "complete", "resultType")
        params = {"name": "echo", "arguments": ECHO, "_meta": META}
        result = peer.ask("tools/call", params, 2)
        want_equal(result["content"][0]["text"], ECHO["message"], "echo")


def split_everywhere(address, framing):
    """One request cut in two at every byte is the same request.

    Between the halves another connection gets an answer: the server has one shard, so by then it
    has read the first half and waits for the rest.
    """
    with Peer(address, framing) as peer, Peer(address, framing) as other:
        peer.shake_hands()
        other.shake_hands()
        params = {"name": "echo", "arguments": {"message": "sn\u00f6\U0001f600\n\\"}}
        request = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params}
        whole = peer.frame(json.dumps(request, ensure_ascii=False).encode())
        for cut in range(1, len(whole)):
            peer.send(whole[:cut])
            other.ask("ping", number=cut)
            peer.send(whole[cut:])
            text = peer.answer(5)["content"][0]["text"]
            want_equal(text, params["arguments"]["message"], f"echo of a frame cut at byte {cut}")


def byte_by_byte(address, framing):
    """One request in as many segments as it has bytes."""
    with Peer(address, framing) as peer:
        peer.shake_hands()
        for byte in peer.frame(b'{"jsonrpc":"2.0","id":1,"method":"ping"}'):
            peer.send(bytes([byte]))
        want_equal(peer.answer(), {}, "ping")


def many_at_once(address, framing):
    """A hundred requests in one write: each is answered once."""
    with Peer(address, framing) as peer:
        peer.shake_hands()
        pings = (b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % n for n in range(100))
        peer.send(b"".join(map(peer.frame, pings)))
        answers = [peer.read(peer.stream) for _ in range(100)]
        want_equal(sorted(answer["id"] for answer in answers), list(range(100)), "ids answered")


def too_long(address, framing):
    """A frame over the limit ends its connection and no other."""
    with Peer(address, framing) as bystander, Peer(address, framing) as peer:
        bystander.shake_hands()
        if framing == "length":
            peer.send(struct.pack(">I", (16 << 20) + 1))
        else:
            try:
                for _ in range(17):
                    peer.send(b"x" * (1 << 20))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server has had enough already
        peer.wait_for_end()
        want_equal(bystander.ask("ping"), {}, "ping of another connection")


STEPS = [handshake, stateless, split_everywhere, byte_by_byte, many_at_once, too_long]
LISTENERS = [
    ("tcp", "length"),
    ("tcp-line", "line"),
    ("unix", "length"),
    ("unix-line", "line"),
]


def main():
    suite = Suite("frames")
    for driver in suite.drivers:
        for listener, framing in LISTENERS:
            for step in STEPS:

                def body():
                    with short_folder() as folder:
                        unix = listener.startswith("unix")
                        where = f"{folder}/mcp" if unix else "127.0.0.1:0"
                        with suite.serve(driver, f"--{listener}", where) as server:
                            step(where if unix else server.pair(listener), framing)

                name = step.__name__.replace("_", " ")
                suite.run(f"{listener} {name}", body, driver)
    suite.finish()


if __name__ == "__main__":
    main()
