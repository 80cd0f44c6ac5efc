"""The official SDK's low level: schemas by hand, pydantic checks the arguments.

It has no way to offer a function that blocks; `sleep` and `echo_pooled` go to a thread as its high
level does it.
"""

from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import asking
import serving
import tools
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated
from mcp.types import (
    CallToolResult,
    EmptyResult,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListToolsResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceResult,
    Resource,
    TextContent,
    TextResourceContents,
    Tool,
)
from pydantic import Field, TypeAdapter, validate_call

SUBSCRIPTIONS_MAX = 1_000_000
FORMS = {form.__name__: form for form in (tools.form5(Field), tools.form20(Field))}
CHECKED = {name: validate_call(form) for name, form in FORMS.items()}
POOLED = {"echo_pooled": tools.echo_pooled, "sleep": tools.sleep}
TEXTS = {uri: text for uri, _, text in tools.RESOURCES}


def schema(**properties: str) -> dict[str, Any]:
    types = {name: {"type": kind} for name, kind in properties.items()}
    return {"type": "object", "properties": types, "required": list(properties)}


SCHEMAS = {
    "echo": schema(message="string"),
    "aecho": schema(message="string"),
    "echo_pooled": schema(message="string"),
    "add": schema(a="integer", b="integer"),
    **{name: TypeAdapter(form).json_schema() for name, form in FORMS.items()},
    "form1000": {"type": "object"},
    "sleep": schema(ms="integer"),
    "update_resource": schema(uri="string"),
    "count_up": schema(steps="integer"),
    "ask_model": schema(prompt="string"),
}

bus = InMemorySubscriptionBus()
subscribers: dict[str, list[Any]] = {}


async def call(context: Any, name: str, arguments: dict[str, Any]) -> str:
    match name:
        case "echo":
            return tools.echo(**arguments)
        case "aecho":
            return await tools.aecho(**arguments)
        case "echo_pooled" | "sleep":
            return await anyio.to_thread.run_sync(partial(POOLED[name], **arguments))
        case "add":
            return tools.add(**arguments)
        case "form5" | "form20":
            return CHECKED[name](**arguments)
        case "form1000":
            return f"{len(arguments)} fields"
        case "update_resource":
            await update(**arguments)
            return "updated"
        case "count_up":
            return await count_up(context, **arguments)
    raise ValueError(f"no tool {name}")


async def update(uri: str) -> None:
    await bus.publish(ResourceUpdated(uri=uri))
    for session in subscribers.get(uri, ()):
        await session.send_resource_updated(uri)


async def count_up(context: Any, steps: int) -> str:
    for step in range(1, steps + 1):
        await context.session.report_progress(step, steps)
    return f"counted {steps}"


async def on_call_tool(context: Any, params: Any) -> CallToolResult | InputRequiredResult:
    arguments = params.arguments or {}
    if params.name != "ask_model":
        text = await call(context, params.name, arguments)
    elif context.protocol_version != asking.STATELESS:
        text = await asking.ask(context.session, arguments["prompt"], context.request_id)
    elif params.input_responses:
        text = asking.said(params.input_responses[asking.QUESTION])
    else:
        return asking.required(arguments["prompt"])
    return CallToolResult(content=[TextContent(type="text", text=text)])


async def on_list_tools(*_: object) -> ListToolsResult:
    listed = [Tool(name=name, input_schema=schema) for name, schema in SCHEMAS.items()]
    return ListToolsResult(tools=listed)


async def on_list_resources(*_: object) -> ListResourcesResult:
    return ListResourcesResult(
        resources=[
            Resource(uri=uri, name=name, mime_type=tools.KIND) for uri, name, _ in tools.RESOURCES
        ]
    )


async def on_read_resource(_: object, params: Any) -> ReadResourceResult:
    uri = str(params.uri)
    text = TextResourceContents(uri=uri, mime_type=tools.KIND, text=TEXTS[uri])
    return ReadResourceResult(contents=[text])


async def on_subscribe_resource(context: Any, params: Any) -> EmptyResult:
    subscribers.setdefault(str(params.uri), []).append(context.session)
    return EmptyResult()


PROMPTS = {prompt.__name__: prompt for prompt in tools.PROMPTS}


async def on_list_prompts(*_: object) -> ListPromptsResult:
    listed = []
    for name, prompt in PROMPTS.items():
        names = [one for one in prompt.__annotations__ if one != "return"]
        arguments = [PromptArgument(name=one, required=True) for one in names]
        listed.append(Prompt(name=name, arguments=arguments))
    return ListPromptsResult(prompts=listed)


async def on_get_prompt(_: object, params: Any) -> GetPromptResult:
    text = PROMPTS[params.name](**(params.arguments or {}))
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(messages=[message])


server = Server(
    "peer",
    version="1",
    on_call_tool=on_call_tool,
    on_list_tools=on_list_tools,
    on_list_resources=on_list_resources,
    on_read_resource=on_read_resource,
    on_subscribe_resource=on_subscribe_resource,
    on_subscriptions_listen=ListenHandler(bus, max_subscriptions=SUBSCRIPTIONS_MAX),
    on_list_prompts=on_list_prompts,
    on_get_prompt=on_get_prompt,
)


async def over_stdio() -> None:
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


if __name__ == "__main__":
    if serving.MODE == "--http":
        serving.serve(server.streamable_http_app(json_response=True, stateless_http=True))
    elif serving.MODE == "--http-sessions":
        app = server.streamable_http_app(session_idle_timeout=None)
        server.session_manager.max_sessions = None
        serving.serve(app)
    else:
        anyio.run(over_stdio)
