"""Tools whose questions have the keys the suite looks for, and that leave themselves a word."""

from dataclasses import dataclass

from mcpring import Context
from mcpring.asking import ElicitationResult

from app import mcp
from asking import TOKENS, roots

PREFIX = "test_input_required_result"


@dataclass
class Who:
    """A name."""

    name: str


@dataclass
class Consent:
    """Whether it is all right."""

    ok: bool


@dataclass
class Colour:
    """A colour."""

    color: str


def name_of(answer: ElicitationResult[Who]) -> str:
    """What the person is called."""
    return answer.data.name if answer.data is not None else "whoever you are"


@mcp.tool(f"{PREFIX}_elicitation")
async def ask_name(ctx: Context) -> str:
    """Asks for a name."""
    return f"Hello, {name_of(await ctx.elicit('What is your name?', Who, key='user_name'))}!"


@mcp.tool(f"{PREFIX}_sampling")
async def ask_model(ctx: Context) -> str:
    """Asks the client's model."""
    question = "What is the capital of France?"
    answer = await ctx.sample(question, max_tokens=TOKENS, key="capital_question")
    return f"Sampling response: {answer.text}"


@mcp.tool(f"{PREFIX}_list_roots")
async def ask_roots(ctx: Context) -> str:
    """Asks for the client's roots."""
    return await roots(ctx, "client_roots")


async def confirm(ctx: Context) -> str:
    """Leaves itself a word while it asks, and looks for it in what comes back."""
    number = ctx.once("number", lambda: 7)
    await ctx.elicit("Please confirm", Consent, key="confirm")
    return f"Confirmed: state-ok ({number})"


mcp.tool(f"{PREFIX}_request_state", description="Remembers something while it asks.")(confirm)
mcp.tool(f"{PREFIX}_tampered_state", description="Refuses a state that was changed.")(confirm)


@mcp.tool(f"{PREFIX}_multiple_inputs")
async def ask_thrice(ctx: Context) -> str:
    """Asks three questions at once."""
    ctx.once("asked", lambda: True)
    with ctx.together():
        name = ctx.elicit("What is your name?", Who, key="user_name")
        greeting = ctx.sample("Generate a greeting", max_tokens=TOKENS, key="greeting")
        places = ctx.list_roots(key="client_roots")
    found = ", ".join(root.uri for root in await places)
    return f"{(await greeting).text}, {name_of(await name)}! Client roots: {found}"


@mcp.tool(f"{PREFIX}_multi_round")
async def ask_in_rounds(ctx: Context) -> str:
    """Asks one question after another."""
    ctx.once("first", lambda: 1)
    await ctx.elicit("Step 1: What is your name?", Who, key="step1")
    ctx.once("second", lambda: 2)
    await ctx.elicit("Step 2: What is your favorite color?", Colour, key="step2")
    return "Multi-round flow complete"


@mcp.tool(f"{PREFIX}_capabilities")
async def ask_what_is_declared(ctx: Context) -> str:
    """Asks only what the client declared."""
    declared = ctx.client_info.get("capabilities", {})
    with ctx.together():
        if "elicitation" in declared:
            ctx.elicit("What is your name?", Who, key="user_name")
        if "sampling" in declared:
            ctx.sample("Generate a greeting", max_tokens=TOKENS, key="greeting")
        if "roots" in declared:
            ctx.list_roots(key="client_roots")
    return "Capability-aware flow complete"
