"""Tools that answer at once: one for each kind of content, a failure, and arguments of note."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from mcpring import Audio, Field, Image, ToolError
from mcpring.tools import Tool
from mcpring.types import EmbeddedResource, TextResourceContents, ToolAnnotations

from app import mcp

MEDIA = Path(__file__).parents[2] / "rust" / "everything"
PIXEL = Image(MEDIA / "pixel.png")
SILENCE = Audio(MEDIA / "silence.wav")

READ_ONLY = ToolAnnotations(read_only_hint=True)


@mcp.tool(annotations=READ_ONLY)
def test_simple_text() -> str:
    """Answers with text."""
    return "This is a simple text response for testing."


@mcp.tool(annotations=READ_ONLY)
def test_image_content() -> Image:
    """Answers with a picture."""
    return PIXEL


@mcp.tool(annotations=READ_ONLY)
def test_audio_content() -> Audio:
    """Answers with a sound."""
    return SILENCE


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    """A resource, whole, as a piece of content."""
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


@mcp.tool(annotations=READ_ONLY)
def test_embedded_resource() -> EmbeddedResource:
    """Answers with a resource, whole."""
    return embedded("test://embedded-resource", "This is an embedded resource content.")


@mcp.tool(annotations=READ_ONLY)
def test_multiple_content_types() -> list[str | Image | EmbeddedResource]:
    """Answers with text, a picture and a resource."""
    data = '{"test":"data","value":123}'
    resource = embedded("test://mixed-content-resource", data, "application/json")
    return ["Multiple content types test:", PIXEL, resource]


@mcp.tool(annotations=READ_ONLY)
def test_error_handling() -> str:
    """Always fails."""
    raise ToolError("This tool intentionally returns an error for testing")


Region: TypeAlias = Annotated[
    str,
    Field(
        description="Mirrored into the header Mcp-Param-Region.",
        json_schema_extra={"x-mcp-header": "Region"},
    ),
]


@mcp.tool(annotations=READ_ONLY)
def test_x_mcp_header(region: Region = "") -> str:
    """Takes an argument that is mirrored in a header."""
    return f"region: {region}"


def json_schema_2020_12_tool(
    name: str = "whoever you are",
    address: dict[str, Any] | None = None,
    contactMethod: Literal["phone", "email"] | None = None,
    phone: str = "",
    email: str = "",
) -> str:
    """Takes arguments that JSON Schema 2020-12 describes."""
    return f"Hello, {name}!"


# Keywords that no hint makes, and that have to reach the client as they are.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {
        "properties": {"contactMethod": {"const": "phone"}},
        "required": ["contactMethod"],
    },
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}

tool = Tool.from_function(json_schema_2020_12_tool, annotations=READ_ONLY)
mcp.add_tool(tool.replace(parameters=SCHEMA))
