"""The parts alone, for programs with an MCP core of their own: frames, JSON where it lies, schemas.

No server and no thread: a stream of bytes is cut into messages, of which only what is needed is
read. `python parts.py` runs the checks and says how it went.
"""

from mcpring.frames import Frames, encode_frame
from mcpring.json import Schema, scan

SUM = Schema('{"type": "array", "items": {"type": "number"}, "maxItems": 10}')


def answer(message: bytes) -> str:
    """Reads a request; of its parameters nothing becomes an object unless it fits the schema."""
    request = scan(message)
    number = request["id"].load()
    terms = request["params"]["terms"]
    fault = SUM.check(terms.raw())
    if fault is not None:
        return f"{number}: {fault}"
    return f"{number}: {sum(terms.load())}"


def check() -> None:
    """Frames cut anywhere, values read where they lie, faults with their place."""
    messages = [
        b'{"id": 1, "params": {"terms": [1, 2.5, -4]}}',
        b'{"id": "two", "params": {"terms": []}}',
        b'{"id": 3, "params": {"terms": ["1"]}}',
    ]
    stream = b"".join(encode_frame(message) for message in messages)
    for size in (1, 7, len(stream)):
        frames = Frames("length")
        said: list[str] = []
        for start in range(0, len(stream), size):
            frames.feed(stream[start : start + size])
            said += [answer(message) for message in frames]
        assert said[:2] == ["1: -0.5", "two: 0"], said
        assert said[2].startswith("3: ") and "number" in said[2], said

    lines = Frames("line")
    lines.feed(b'{"a": 1}\n{"b"')
    assert list(lines) == [b'{"a": 1}']
    lines.feed(b": [10, 20]}\n")
    [last] = lines
    value = scan(last)
    assert value.kind == "object" and list(value.keys()) == ["b"]
    assert (len(value["b"]), value["b"][-1].load(), value.get("c")) == (2, 20, None)

    try:
        scan('{"a": tru}')
    except ValueError as error:
        print("ok parts:", error)
    else:
        raise AssertionError("what is no JSON was read")


if __name__ == "__main__":
    check()
