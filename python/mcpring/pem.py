"""A public key from PEM to JWK: the form in which the engine takes keys.

Nothing is verified here and nothing is secret: it is a change of spelling.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .exceptions import ConfigError

__all__ = ["read_public_key"]

_RSA = bytes.fromhex("2a864886f70d010101")
_EC = bytes.fromhex("2a8648ce3d0201")
_ED25519 = bytes.fromhex("2b6570")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): ("P-256", 32),
    bytes.fromhex("2b81040022"): ("P-384", 48),
}
_SEQUENCE, _INTEGER, _BITS, _OID = 0x30, 0x02, 0x03, 0x06
_UNCOMPRESSED = 4


def read_public_key(text: str) -> dict[str, Any]:
    """The JWK of a public key: RSA, P-256, P-384 or Ed25519. Certificates are not taken apart."""
    kind, data = _unwrap(text)
    try:
        if kind == "RSA PUBLIC KEY":
            return _rsa(data)
        if kind == "PUBLIC KEY":
            return _any(data)
    except (IndexError, ValueError) as error:
        raise ConfigError(f"public_key is damaged: {error}") from error
    raise ConfigError(f"public_key is a PEM of {kind!r}, not of a public key")


def _unwrap(text: str) -> tuple[str, bytes]:
    head, _, rest = text.strip().partition("-----BEGIN ")[2].partition("-----")
    body, end, _ = rest.partition("-----END ")
    if not end:
        raise ConfigError("public_key is no PEM: it begins with -----BEGIN PUBLIC KEY-----")
    try:
        return head, base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise ConfigError(f"public_key is damaged: {error}") from error


def _any(data: bytes) -> dict[str, Any]:
    whole, _ = _take(data, _SEQUENCE)
    algorithm, rest = _take(whole, _SEQUENCE)
    bits, _ = _take(rest, _BITS)
    name, parameters = _take(algorithm, _OID)
    key = bits[1:]  # the first byte counts unused bits: none, in keys
    if name == _RSA:
        return _rsa(key)
    if name == _ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": _text(key)}
    if name == _EC:
        return _ec(_take(parameters, _OID)[0], key)
    raise ConfigError("public_key is of a kind that is not known: use RSA, P-256, P-384 or Ed25519")


def _rsa(data: bytes) -> dict[str, Any]:
    whole, _ = _take(data, _SEQUENCE)
    modulus, rest = _take(whole, _INTEGER)
    exponent, _ = _take(rest, _INTEGER)
    return {"kty": "RSA", "n": _text(modulus.lstrip(b"\0")), "e": _text(exponent.lstrip(b"\0"))}


def _ec(curve: bytes, point: bytes) -> dict[str, Any]:
    if curve not in _CURVES:
        raise ConfigError("public_key is on a curve that is not known: use P-256 or P-384")
    name, size = _CURVES[curve]
    if len(point) != 1 + 2 * size or point[0] != _UNCOMPRESSED:
        raise ConfigError("public_key has its point in a form that is not taken: uncompressed is")
    x, y = point[1 : 1 + size], point[1 + size :]
    return {"kty": "EC", "crv": name, "x": _text(x), "y": _text(y)}


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first DER value, and what comes after it."""
    if data[0] != tag:
        raise ValueError(f"tag {data[0]:#x} where {tag:#x} should be")
    size, at = data[1], 2
    if size >= 0x80:
        at = 2 + (size & 0x7F)
        size = int.from_bytes(data[2:at])
    if at + size > len(data):
        raise ValueError("it ends too early")
    return data[at : at + size], data[at + size :]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
