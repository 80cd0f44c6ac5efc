"""The Tasks extension on the Python SDK's seam for extensions: calls that become tasks.

The SDK has no tasks of its own. A client extension claims the result that names a task and
finishes it: it polls, answers what the task asks, and returns the tool's result.
"""

from typing import Any, Literal

import anyio
import mcp_types as types
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError

from harness import Failure, want, want_equal
from python_person import Person, fill, text_of

EXTENSION = "io.modelcontextprotocol/tasks"
POLL_S = 0.05
TERMINAL = {"completed", "failed", "cancelled"}


class TaskParams(types.RequestParams):
    task_id: str


class UpdateParams(TaskParams):
    input_responses: dict[str, Any]


class GetTask(types.Request[TaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    name_param = "taskId"


class UpdateTask(types.Request[UpdateParams, Literal["tasks/update"]]):
    method: Literal["tasks/update"] = "tasks/update"
    name_param = "taskId"


class CancelTask(types.Request[TaskParams, Literal["tasks/cancel"]]):
    method: Literal["tasks/cancel"] = "tasks/cancel"
    name_param = "taskId"


class Task(types.Result):
    """A task as `tools/call` and `tasks/get` give it: flat, with the result when it is done."""

    task_id: str
    status: str
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    poll_interval_ms: int | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class Created(Task):
    result_type: Literal["task"] = "task"


class Waiting(types.Result):
    """Only what a task asks: beside `status`, so that the model stays this short."""

    status: str
    input_requests: dict[str, Any] | None = None


class Tasks(ClientExtension):
    """Finishes tasks and remembers what became of them."""

    identifier = EXTENSION

    def __init__(self, is_cancelling=False):
        self.is_cancelling = is_cancelling
        self.created = []
        self.seen = []
        self.answered = []

    def claims(self):
        return [ResultClaim(result_type="task", model=Created, resolve=self.resolve)]

    async def resolve(self, created, context):
        """Follows a task to its end."""
        self.created.append(created)
        session, params = context.session, TaskParams(task_id=created.task_id)
        if self.is_cancelling:
            for _ in range(2):  # the second time nothing is left to cancel, which is no error
                await session.send_request(CancelTask(params=params), types.EmptyResult)
        while True:
            task = await session.send_request(GetTask(params=params), Task)
            if not self.seen or self.seen[-1] != task.status:
                self.seen.append(task.status)
            if task.status in TERMINAL:
                return self.result(task)
            if task.status == "input_required":
                await self.answer(session, params)
            # The server decides when the task goes on; asking is the only way to learn of it.
            await anyio.sleep(POLL_S)

    async def answer(self, session, params):
        """Fills in the forms that a task waits for, one update for each."""
        waiting = await session.send_request(GetTask(params=params), Waiting)
        for key, request in (waiting.input_requests or {}).items():
            self.answered.append(request["params"]["message"])
            content = fill(request["params"]["requestedSchema"])
            response = {key: {"action": "accept", "content": content}}
            update = UpdateParams(task_id=params.task_id, input_responses=response)
            await session.send_request(UpdateTask(params=update), types.EmptyResult)

    def result(self, task):
        """What the tool's caller gets of a finished task."""
        if task.status == "completed":
            return types.CallToolResult.model_validate(task.result)
        if task.status == "failed":
            raise MCPError(task.error["code"], task.error["message"])
        return types.CallToolResult(content=[], is_error=True)


async def perform(place, name, arguments, tasks):
    """Calls a tool as a client that knows tasks; its result, or the error it ended with."""
    async with place.client(Person(), extensions=[tasks]) as client:
        try:
            return await client.call_tool(name, arguments)
        except MCPError as fault:
            return fault


async def task_completes(place):
    """A slow call becomes a task that completes."""
    tasks = Tasks()
    result = await perform(place, "slow_compute", {"seconds": 1, "label": "tea"}, tasks)
    want_equal(len(tasks.created), 1, "tasks")
    want_equal(tasks.created[0].status, "working", "status at first")
    want_equal(tasks.seen[-1], "completed", "status at last")
    want(not result.is_error, f"failed: {text_of(result)}")
    want("tea" in text_of(result), f"the label is not in {text_of(result)!r}")


async def task_of_a_failing_tool(place):
    """A tool that fails completes its task with an error result; a protocol error fails it."""
    tasks = Tasks()
    result = await perform(place, "failing_job", {}, tasks)
    want_equal((result.is_error, tasks.seen[-1]), (True, "completed"), "failing_job")
    tasks = Tasks()
    result = await perform(place, "protocol_error_job", {}, tasks)
    want(isinstance(result, MCPError), f"protocol_error_job ended with {result}")
    want_equal(tasks.seen[-1], "failed", "status of protocol_error_job")


async def task_that_asks(place):
    """Tasks ask once and several times, and go on when they are answered."""
    for name, arguments, questions in (
        ("confirm_delete", {"filename": "notes.txt"}, 1),
        ("multi_input", {}, 2),
    ):
        tasks = Tasks()
        result = await perform(place, name, arguments, tasks)
        want_equal(len(tasks.answered), questions, f"questions of {name}")
        want("input_required" in tasks.seen, f"{name} was never seen waiting: {tasks.seen}")
        want_equal(tasks.seen[-1], "completed", f"status of {name}")
        want(not result.is_error, f"{name} failed: {text_of(result)}")


async def task_after_questions(place):
    """A call asks first and becomes a task afterwards."""
    tasks = Tasks()
    result = await perform(place, "test_tool_with_task", {}, tasks)
    want_equal(tasks.seen[-1], "completed", "status at last")
    want(not result.is_error, f"failed: {text_of(result)}")


async def task_is_cancelled(place):
    """A cancelled task ends as cancelled, and may be cancelled again."""
    tasks = Tasks(is_cancelling=True)
    await perform(place, "slow_compute", {"seconds": 60, "label": "long"}, tasks)
    want_equal(tasks.seen[-1], "cancelled", "status at last")


async def task_without_the_extension(place):
    """A client that does not know tasks gets the result at once, or hears what it lacks."""
    async with place.client(Person()) as client:
        result = await client.call_tool("slow_compute", {"seconds": 0, "label": "now"})
        want("now" in text_of(result), f"the label is not in {text_of(result)!r}")
        try:
            await client.call_tool("failing_job", {})
        except MCPError as fault:
            want_equal(fault.error.code, types.MISSING_REQUIRED_CLIENT_CAPABILITY, "code")
        else:
            raise Failure("failing_job ran without a task")


STEPS = [
    task_completes,
    task_of_a_failing_tool,
    task_that_asks,
    task_after_questions,
    task_is_cancelled,
    task_without_the_extension,
]
