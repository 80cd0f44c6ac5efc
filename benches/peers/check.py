#!/usr/bin/env python3
"""Asks a server every question of the fixture and compares the answers, before anything is timed.

    check.py [--era handshake|stateless] [--stdio] [--without NAME,…] -- COMMAND …

The command is started; over HTTP it must print `http://ADDRESS` of where it listens. Says one line
a question and ends with 1 if one was answered wrongly. `--without` names what a server is known not
to do; if it does it all the same, that is said and is a failure too, so that no README grows old.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

Message = dict[str, Any]

VERSIONS = {"handshake": "2025-11-25", "stateless": "2026-07-28"}
CLIENT = {"name": "check", "version": "1"}
REPLY = {
    "role": "assistant",
    "content": {"type": "text", "text": "the model's words"},
    "model": "none",
}
# No answer takes longer, and a server that is not ready by then has failed.
PATIENCE = 20


class Wrong(Exception):
    """What a server did instead of answering rightly."""


class Piped:
    """Messages over standard input and output, a line each."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self.server = server

    def exchange(self, message: Message, _: dict[str, str]) -> Iterator[Message]:
        self.send(message, {})
        while line := self.server.stdout.readline():
            yield json.loads(line)
        raise Wrong("the server closed its output")

    def send(self, message: Message, _: dict[str, str]) -> None:
        self.server.stdin.write(json.dumps(message) + "\n")
        self.server.stdin.flush()

    def listen(self, _: dict[str, str]) -> None:
        """There is one stream, and it is open."""


class Http:
    """Messages over Streamable HTTP, a POST each."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session: str | None = None
        self.stream: Iterator[Message] = iter(())

    def request(self, method: str, message: Message | None, more: dict[str, str]) -> Any:
        headers = {"Accept": "application/json, text/event-stream", **more}
        if message is not None:
            headers["Content-Type"] = "application/json"
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request(method, "/mcp", json.dumps(message) if message else None, headers)
        answer = connection.getresponse()
        self.session = answer.getheader("Mcp-Session-Id") or self.session
        if answer.status >= 300:
            raise Wrong(f"HTTP {answer.status}: {answer.read(300)!r}")
        return answer

    def exchange(self, message: Message, more: dict[str, str]) -> Iterator[Message]:
        answer = self.request("POST", message, more)
        if answer.getheader("Content-Type", "").startswith("text/event-stream"):
            yield from events(answer)
        elif body := answer.read():
            yield json.loads(body)
        yield from self.stream

    def send(self, message: Message, more: dict[str, str]) -> None:
        self.request("POST", message, more).read()

    def listen(self, more: dict[str, str]) -> None:
        self.stream = events(self.request("GET", None, more))


def events(answer: Any) -> Iterator[Message]:
    for line in answer:
        if line.startswith(b"data:") and (data := line[5:].strip()):
            yield json.loads(data)


class Asker:
    """One client in one era."""

    def __init__(self, wire: Piped | Http, era: str) -> None:
        self.wire, self.era, self.number, self.heard = wire, era, 0, []
        if era == "handshake":
            facts = {"capabilities": {"sampling": {}}, "clientInfo": CLIENT}
            hello = {"protocolVersion": VERSIONS[era], **facts}
            result = self.ask("initialize", hello)
            equal(result["protocolVersion"], VERSIONS[era])
            self.wire.send(
                {"jsonrpc": "2.0", "method": "notifications/initialized"}, self.headers("", {})
            )

    def headers(self, method: str, params: Message) -> dict[str, str]:
        headers = {"MCP-Protocol-Version": VERSIONS[self.era]}
        if self.era == "stateless" and method:
            headers["Mcp-Method"] = method
            if name := params.get("name", params.get("uri")):
                headers["Mcp-Name"] = name
        return headers

    def request(self, method: str, params: Message, meta: Message) -> Message:
        self.number += 1
        if self.era == "stateless":
            at = "io.modelcontextprotocol/"
            facts = {"protocolVersion": VERSIONS[self.era], "clientInfo": CLIENT}
            facts["clientCapabilities"] = {"sampling": {}}
            meta = {**{at + name: value for name, value in facts.items()}, **meta}
        params = {**params, "_meta": meta} if meta else params
        return {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}

    def ask(self, method: str, params: Message, **meta: Any) -> Message:
        """The result of a request; what the server asks meanwhile is answered."""
        message, self.heard = self.request(method, params, meta), []
        for said in self.wire.exchange(message, self.headers(method, params)):
            if "method" in said and "id" in said:
                equal(said["method"], "sampling/createMessage")
                self.is_question(said["params"])
                reply = {"jsonrpc": "2.0", "id": said["id"], "result": REPLY}
                self.wire.send(reply, self.headers("", {}))
            elif "method" in said:
                self.heard.append(said)
            elif said.get("id") != message["id"]:
                raise Wrong(f"an answer to something else: {said}")
            elif "error" in said:
                raise Wrong(f"error {said['error']}")
            elif said["result"].get("resultType") == "input_required":
                if "inputResponses" in params:
                    raise Wrong("it wants the input that it was given")
                return self.ask(method, {**params, **self.inputs(said["result"])}, **meta)
            else:
                return said["result"]
        raise Wrong("no answer")

    def inputs(self, result: Message) -> Message:
        requests = result["inputRequests"]
        for request in requests.values():
            equal(request["method"], "sampling/createMessage")
            self.is_question(request["params"])
        more = {"requestState": result["requestState"]} if "requestState" in result else {}
        return {"inputResponses": dict.fromkeys(requests, REPLY), **more}

    def is_question(self, params: Message) -> None:
        equal(params["maxTokens"], 100)
        [message] = params["messages"]
        equal(message["role"], "user")
        content = message["content"]
        content = content[0] if isinstance(content, list) else content
        equal(content, {"type": "text", "text": "what now?"})

    def tool(self, name: str, arguments: Message, **meta: Any) -> str:
        result = self.ask("tools/call", {"name": name, "arguments": arguments}, **meta)
        if result.get("isError"):
            raise Wrong(f"the tool failed: {result['content']}")
        [content] = result["content"]
        return content["text"]

    def updates(self) -> None:
        """Subscribes to `left`, has it updated by another request, and hears of it."""
        uri, method = "bench:///left", "notifications/resources/updated"
        if self.era == "handshake":
            self.ask("resources/subscribe", {"uri": uri})
            self.wire.listen(self.headers("", {}))
            message = self.request("tools/call", update(uri), {})
            heard = self.wire.exchange(message, self.headers("tools/call", update(uri)))
        else:
            listen = {"notifications": {"resourceSubscriptions": [uri]}}
            message = self.request("subscriptions/listen", listen, {})
            heard = self.wire.exchange(message, self.headers("subscriptions/listen", listen))
            equal(next(heard)["method"], "notifications/subscriptions/acknowledged")
            message = self.request("tools/call", update(uri), {})
            if isinstance(self.wire, Http):
                list(self.wire.exchange(message, self.headers("tools/call", update(uri))))
            else:
                self.wire.send(message, {})
        for said in heard:
            if said.get("method") == method:
                equal(said["params"]["uri"], uri)
                return
            if said.get("id") == message["id"]:
                equal(said["result"]["content"][0]["text"], "updated")


def update(uri: str) -> Message:
    return {"name": "update_resource", "arguments": {"uri": uri}}


def equal(found: object, wanted: object) -> None:
    if found != wanted:
        raise Wrong(f"{found!r:.300} instead of {wanted!r:.300}")


FORM5 = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "age": 36,
    "price": 19.5,
    "active": "yes",
}
FORM20 = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "street": "12 St James's Square",
    "city": "London",
    "country": "GB",
    "phone": "+44 20 7946 0000",
    "company": "Analytical Engines",
    "title": "Countess",
    "note": "Deliver to the back door, please",
    "reference": "A-1843-G",
    "age": 36,
    "quantity": 3,
    "floor": -1,
    "year": 1843,
    "price": 19.5,
    "discount": 0.25,
    "weight": 2.75,
    "active": True,
    "verified": True,
    "newsletter": False,
}
FORM1000 = {f"field_{at:04}": "ring lease shard " * 5 for at in range(1000)}
ITEM = "abcdefghijklmnopqrstuvwxyz" * 7


def a_tool(name: str, arguments: Message, text: str) -> Callable[[Asker], None]:
    return lambda asker: equal(asker.tool(name, arguments), text)


def a_resource(uri: str, text: str) -> Callable[[Asker], None]:
    content = {"uri": uri, "mimeType": "text/plain", "text": text}

    def check(asker: Asker) -> None:
        [found] = asker.ask("resources/read", {"uri": uri})["contents"]
        equal({name: found.get(name) for name in content}, content)

    return check


def a_prompt(name: str, count: int, simple: str = "") -> Callable[[Asker], None]:
    arguments = {f"a{at:02}": f"value {at}" for at in range(count)}
    text = simple or "; ".join(f"{name}={value}" for name, value in arguments.items())

    def check(asker: Asker) -> None:
        params = {"name": name, "arguments": arguments} if count else {"name": name}
        [message] = asker.ask("prompts/get", params)["messages"]
        equal((message["role"], message["content"]["type"]), ("user", "text"))
        equal(message["content"]["text"], text)

    return check


def lists(asker: Asker) -> None:
    resources = asker.ask("resources/list", {})["resources"]
    wanted = ["left", "right", *(f"item/{at}" for at in range(8))]
    equal([resource["uri"] for resource in resources], [f"bench:///{name}" for name in wanted])
    names = ["left", "right", *(f"item {at}" for at in range(8))]
    equal([resource["name"] for resource in resources], names)
    equal({resource["mimeType"] for resource in resources}, {"text/plain"})


def prompts(asker: Asker) -> None:
    found = asker.ask("prompts/list", {})["prompts"]
    wanted = {"prompt_simple": 0, "prompt_medium": 10, "prompt_complex": 50}
    equal({prompt["name"]: len(prompt.get("arguments") or ()) for prompt in found}, wanted)
    equal({at["required"] for prompt in found for at in prompt.get("arguments") or ()}, {True})


def tools(asker: Asker) -> None:
    found = {tool["name"] for tool in asker.ask("tools/list", {})["tools"]}
    wanted = {"echo", "echo_pooled", "add", "form5", "form20", "form1000", "sleep"}
    equal(wanted - found, set())


def progress(asker: Asker) -> None:
    equal(asker.tool("count_up", {"steps": 3}, progressToken="up"), "counted 3")
    told = [said["params"] for said in asker.heard if said["method"] == "notifications/progress"]
    steps = [(said["progressToken"], said["progress"], said["total"]) for said in told]
    equal(steps, [("up", step, 3) for step in (1, 2, 3)])


QUESTIONS: dict[str, Callable[[Asker], None]] = {
    "tools/list": tools,
    "echo": a_tool("echo", {"message": "hello"}, "hello"),
    "echo_pooled": a_tool("echo_pooled", {"message": "hello"}, "hello"),
    "add": a_tool("add", {"a": 2, "b": 40}, "42"),
    "form5": a_tool("form5", FORM5, "27 bytes, 36, 19.5, yes"),
    "form20": a_tool("form20", FORM20, "137 bytes, 1881, 22.5, 2 set"),
    "form1000": a_tool("form1000", FORM1000, "1000 fields"),
    "sleep": a_tool("sleep", {"ms": 1}, "slept 1 ms"),
    "resources/list": lists,
    "left": a_resource("bench:///left", "left"),
    "item 7": a_resource("bench:///item/7", f"item 7: {ITEM}"),
    "prompts/list": prompts,
    "prompt_simple": a_prompt("prompt_simple", 0, "Summarize what was said so far."),
    "prompt_medium": a_prompt("prompt_medium", 10),
    "prompt_complex": a_prompt("prompt_complex", 50),
    "count_up": progress,
    "ask_model": a_tool("ask_model", {"prompt": "what now?"}, "the model's words"),
    "updates": Asker.updates,
}


def judge(asker: Asker, without: set[str]) -> int:
    """Asks everything, says a line each, and returns how many lines are not as they should be."""
    unexpected = 0
    for name, question in QUESTIONS.items():
        try:
            question(asker)
            fault = ""
        except (Wrong, OSError, LookupError, TypeError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        right = (not fault) != (name in without)
        unexpected += not right
        print(f"{'' if right else 'UNEXPECTED '}{name}: {fault or 'right'}", flush=True)
    return unexpected


def address(server: subprocess.Popen[str]) -> str:
    for line in server.stdout:
        if found := re.search(r"https?://([0-9.]+:[1-9][0-9]*)", line):
            # Nobody else reads it, and a full pipe would stop the server.
            threading.Thread(target=lambda: list(server.stdout), daemon=True).start()
            return found[1]
    raise SystemExit("the server ended before it said where it listens")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--era", choices=VERSIONS, default="handshake")
    parser.add_argument("--stdio", action="store_true")
    parser.add_argument("--without", default="", help="questions it is known not to answer")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    errors = None if options.stdio else subprocess.STDOUT
    pipe = subprocess.PIPE
    with subprocess.Popen(
        options.command, stdin=pipe, stdout=pipe, stderr=errors, text=True
    ) as server:
        # A server that says nothing at all ends too.
        alarm = threading.Timer(3 * PATIENCE, server.kill)
        alarm.start()
        try:
            wire = Piped(server) if options.stdio else Http(address(server))
            asker = Asker(wire, options.era)
            return judge(asker, set(filter(None, options.without.split(","))))
        finally:
            alarm.cancel()
            server.kill()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
