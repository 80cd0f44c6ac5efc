"""Frames cut out of a stream, however it is split, and put into one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import pytest

from mcpring.frames import Frames, encode_frame

from corpora import corpus

Kind = Literal["length", "line"]

LENGTHS = b"\0\0\0\x01a" + b"\0\0\0\x05two\n2" + b"\0\0\x01\0" + b"x" * 256
LINES = b"a\n\r\n\ntwo 2\r\n" + b"x" * 256 + b"\n"
STREAMS: list[tuple[Kind, bytes, list[bytes]]] = [
    ("length", LENGTHS, [b"a", b"two\n2", b"x" * 256]),
    ("line", LINES, [b"a", b"two 2", b"x" * 256]),
]


def cut(frames: Frames, pieces: Iterable[bytes]) -> list[bytes]:
    """What comes out when frames are taken after each piece."""
    out: list[bytes] = []
    for piece in pieces:
        frames.feed(piece)
        out.extend(frames)
    return out


@pytest.mark.parametrize(("kind", "stream", "want"), STREAMS)
def test_every_split(kind: Kind, stream: bytes, want: list[bytes]) -> None:
    for at in range(len(stream) + 1):
        assert cut(Frames(kind), (stream[:at], stream[at:])) == want, at
    assert cut(Frames(kind), (stream[at : at + 1] for at in range(len(stream)))) == want


@pytest.mark.parametrize(("kind", "stream", "want"), STREAMS)
def test_pieces_may_wait(kind: Kind, stream: bytes, want: list[bytes]) -> None:
    frames = Frames(kind)
    for at in range(0, len(stream), 7):
        frames.feed(stream[at : at + 7])
    assert list(frames) == want
    assert list(frames) == []


def test_any_buffer_is_taken_as_it_is_now() -> None:
    frames = Frames("line")
    changing = bytearray(b"one\n")
    frames.feed(changing)
    changing[:] = b"two\n"
    frames.feed(memoryview(changing))
    assert list(frames) == [b"one", b"two"]
    wrong: Any = "text"
    with pytest.raises(TypeError):
        frames.feed(wrong)


FAULTS: list[tuple[Kind, int, bytes, list[bytes], str]] = [
    ("length", 16, b"\0\0\0\x01a\0\0\0\0", [b"a"], "length zero"),
    ("length", 16, b"\0\0\0\x11", [], "limit of 16 bytes"),
    ("line", 4, b"1234\n12345\n", [b"1234"], "limit of 4 bytes"),
    ("line", 4, b"1234567", [], "limit of 4 bytes"),
]


@pytest.mark.parametrize(("kind", "bytes_max", "stream", "before", "words"), FAULTS)
def test_after_a_fault_there_are_no_frames(
    kind: Kind, bytes_max: int, stream: bytes, before: list[bytes], words: str
) -> None:
    frames = Frames(kind, bytes_max=bytes_max)
    frames.feed(stream)
    each = iter(frames)
    assert [next(each) for _ in before] == before
    for _ in range(2):
        with pytest.raises(ValueError, match=words):
            next(each)
        frames.feed(b"\0\0\0\x01a\n")


ENDS: list[tuple[Kind, bytes, bytes | None]] = [
    ("line", b"last\r", b"last"),
    ("line", b"whole\n", None),
    ("line", b"", None),
    ("length", b"\0\0\0\x01a", None),
]


@pytest.mark.parametrize(("kind", "stream", "last"), ENDS)
def test_finish(kind: Kind, stream: bytes, last: bytes | None) -> None:
    frames = Frames(kind)
    cut(frames, [stream])
    assert frames.finish() == last


def test_a_stream_must_not_end_inside_a_frame() -> None:
    frames = Frames()
    cut(frames, [b"\0\0\0\x02a"])
    with pytest.raises(ValueError, match="inside a frame"):
        frames.finish()


def test_what_is_never_read_is_bounded() -> None:
    frames = Frames("line")
    with pytest.raises(BufferError, match="no frame taken out"):
        for _ in range(1 << 20):
            frames.feed(b"x")


@pytest.mark.parametrize(("kind", "message"), [("length", b"a\nb"), ("line", b'{"a":1}')])
def test_encode_is_undone_by_cutting(kind: Kind, message: bytes) -> None:
    frame = encode_frame(memoryview(message), kind)
    assert cut(Frames(kind), [frame]) == [message]


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [(b"", "length", "empty"), (b"a\nb", "line", "newline"), (b"a", "letter", "letter")],
)
def test_encode_refuses(message: bytes, kind: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode_frame(message, kind)


@pytest.mark.parametrize("arguments", [{"bytes_max": 0}, {"bytes_max": 1 << 32}, {"kind": "x"}])
def test_settings_are_checked(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Frames(**arguments)


def test_corpus() -> None:
    lines = corpus("frames-4byte/cases.jsonl").read_text().splitlines()
    assert len(lines) > 8
    for line in lines:
        case = json.loads(line)
        pieces = [base64.b64decode(step["b64"]) for step in case["steps"] if "b64" in step]
        want, is_refused = by_hand(b"".join(pieces))
        found: list[bytes] = []
        try:
            for frame in frames_of(pieces):
                found.append(frame)
        except ValueError:
            assert is_refused, case["id"]
        else:
            assert not is_refused, case["id"]
        assert found == want, case["id"]


def frames_of(pieces: list[bytes]) -> Iterator[bytes]:
    frames = Frames()
    for piece in pieces:
        frames.feed(piece)
        yield from frames


def by_hand(stream: bytes) -> tuple[list[bytes], bool]:
    """The frames of a stream, and whether it can be cut no further."""
    out: list[bytes] = []
    while len(stream) >= 4:
        size = int.from_bytes(stream[:4])
        if not 0 < size <= 16 << 20:
            return out, True
        if size > len(stream) - 4:
            break
        out.append(stream[4 : 4 + size])
        stream = stream[4 + size :]
    return out, False
