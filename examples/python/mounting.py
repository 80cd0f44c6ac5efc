"""Servers made of servers: each team has its own, one shows them all; changes show at once."""

from typing import Any

from mcpring import Client, FastMCP, ToolError

from example import serve_or_check

weather = FastMCP("weather")
money = FastMCP("money")


@weather.tool
def forecast(city: str) -> str:
    """Tells the weather."""
    return f"Sunny in {city}"


@weather.resource("climate://{zone}")
def climate(zone: str) -> str:
    """Tells the climate."""
    return f"{zone}: mild"


@money.tool(tags={"beta"})
def convert(amount: float, rate: float = 1.1) -> float:
    """Converts money."""
    return amount * rate


mcp = FastMCP("travel", "All one needs to travel.")
mcp.mount(weather, "weather")
mcp.mount(money, "money")


@mcp.tool
def learn(word: str) -> str:
    """Makes a tool of that name; a server may change while it runs."""

    @weather.tool(word)
    def learnt() -> str:
        return f"I know {word}"

    return f"weather_{word}"


@mcp.tool
def beta(on: bool) -> None:
    """Shows or hides everything with a tag."""
    (mcp.enable if on else mcp.disable)(tags={"beta"})


async def check(client: Client) -> None:
    """Names have the prefix; what a mounted server learns shows; hidden tools are not there."""
    names = {tool.name for tool in await client.list_tools()}
    assert {"weather_forecast", "money_convert", "learn", "beta"} <= names
    assert (await client.call_tool("weather_forecast", {"city": "Rome"})).data == "Sunny in Rome"
    [read] = await client.read_resource("climate://weather/alpine")
    assert read.text == "alpine: mild"

    assert (await client.call_tool("learn", {"word": "snow"})).data == "weather_snow"
    assert (await client.call_tool("weather_snow")).data == "I know snow"

    conversion: dict[str, Any] = {"amount": 10, "rate": 1.5}
    assert (await client.call_tool("money_convert", conversion)).data == 15.0
    await client.call_tool("beta", {"on": False})
    assert "money_convert" not in {tool.name for tool in await client.list_tools()}
    try:
        await client.call_tool("money_convert", conversion)
    except ToolError:
        pass
    else:
        raise AssertionError("a hidden tool was called")
    await client.call_tool("beta", {"on": True})


if __name__ == "__main__":
    serve_or_check(mcp, check)
