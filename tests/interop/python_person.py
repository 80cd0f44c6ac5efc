"""The person and the model behind a client of the Python SDK: they answer and remember."""

import anyio
import mcp_types as types

ANSWER = "eleven kilometres"
FORM = {"username": "ada", "email": "ada@example.org"}
ROOT_URI = "file:///srv/project"

UNTIL_S = 30


def text_of(result):
    """All text of a tool's result."""
    return " ".join(block.text for block in result.content if block.type == "text")


class Person:
    """Answers every question with `action`, or leaves it open; remembers what it was told."""

    def __init__(self, action="accept"):
        self.action = action
        self.asked = []
        self.heard = []
        self.logged = []
        self.interrupted = 0
        self._changed = anyio.Event()

    def callbacks(self):
        """What a client needs to have this person behind it."""
        return {
            "sampling_callback": self.sample,
            "elicitation_callback": self.elicit,
            "list_roots_callback": self.list_roots,
            "logging_callback": self.log,
            "message_handler": self.hear,
        }

    async def sample(self, context, params):
        """Answers a question to the model; with tools at hand it uses the first of them."""
        self._note(self.asked, params)
        said = types.TextContent(type="text", text=ANSWER)
        used_already = any(
            block.type == "tool_result" for block in blocks(params.messages[-1].content)
        )
        if params.tools and not used_already:
            use = types.ToolUseContent(
                type="tool_use", id="use-1", name=params.tools[0].name, input={}
            )
            return types.CreateMessageResultWithTools(
                role="assistant", content=[use], model="test", stop_reason="toolUse"
            )
        return types.CreateMessageResult(
            role="assistant", content=said, model="test", stop_reason="endTurn"
        )

    async def elicit(self, context, params):
        """Answers a question to the person."""
        self._note(self.asked, params)
        if self.action == "wait":
            try:
                await anyio.sleep_forever()
            finally:
                self.interrupted += 1
                self._wake()
        if self.action != "accept":
            return types.ElicitResult(action=self.action)
        if params.mode == "url":
            return types.ElicitResult(action="accept")
        return types.ElicitResult(action="accept", content=fill(params.requested_schema))

    async def list_roots(self, context):
        """Names the one root there is."""
        self._note(self.asked, None)
        return types.ListRootsResult(roots=[types.Root(uri=ROOT_URI, name="project")])

    async def log(self, params):
        """Remembers a log message."""
        self._note(self.logged, params)

    async def hear(self, message):
        """Remembers a notification."""
        self._note(self.heard, message)

    def of(self, kind):
        """The notifications of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    async def settle(self):
        """Forgets the notifications so far, once none is being handled."""
        await anyio.wait_all_tasks_blocked()
        self.heard.clear()

    async def until(self, condition, what):
        """Waits until `condition` holds, which something this person is told brings about."""
        try:
            with anyio.fail_after(UNTIL_S):
                while not condition():
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited {UNTIL_S} s for {what}") from None

    def _note(self, place, what):
        place.append(what)
        self._wake()

    def _wake(self):
        self._changed.set()
        self._changed = anyio.Event()


def blocks(content):
    """The content of a sampling message as a list: it may be one block."""
    return content if isinstance(content, list) else [content]


def fill(schema):
    """A value for each field of a form: what `FORM` has for it, or the first that is allowed."""
    return {name: FORM.get(name, value(field)) for name, field in schema["properties"].items()}


def value(field):
    """The first value that a field allows."""
    if field["type"] == "array":
        items = field["items"]
        return [items["enum"][0] if "enum" in items else items["anyOf"][0]["const"]]
    if field["type"] == "string":
        if "oneOf" in field:
            return field["oneOf"][0]["const"]
        return field.get("enum", ["x"])[0]
    return {"boolean": True, "integer": 1, "number": 1.5}[field["type"]]
