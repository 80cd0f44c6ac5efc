"""What the peers' tools tell their clients and ask of them; they share the official SDK's types."""

import warnings
from typing import Any

from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
)

# The newest protocol deprecates sampling, and it is measured all the same.
warnings.filterwarnings("ignore", message=".*sampling capability is deprecated.*")

STATELESS = "2026-07-28"
# What the question is called in a result that wants input.
QUESTION = "model"
TOKENS_MAX = 100


def messages(prompt: str) -> list[SamplingMessage]:
    return [SamplingMessage(role="user", content=TextContent(type="text", text=prompt))]


def required(prompt: str) -> InputRequiredResult:
    """The question as a result, as the stateless era has it."""
    params = CreateMessageRequestParams(messages=messages(prompt), max_tokens=TOKENS_MAX)
    return InputRequiredResult(input_requests={QUESTION: CreateMessageRequest(params=params)})


async def ask(session: Any, prompt: str, related: Any) -> str:
    """The question as a request, as the handshake era has it."""
    reply = await session.create_message(
        messages(prompt), max_tokens=TOKENS_MAX, related_request_id=related
    )
    return said(reply)


def said(reply: Any) -> str:
    return reply.content.text
