"""Addresses of a server of the core's: read when they are said, and told with their real ports."""

from __future__ import annotations

import pytest
from served import WAIT_S, new_server

from mcpring.exceptions import ConfigError


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (["127.0.0.1:80"], "is no address: write http://"),
        (["https://127.0.0.1:80"], "no TLS here; write http://"),
        (["tcp://127.0.0.1:80/mcp"], "only http has a path"),
        (["http://:0/a", "http://:1/b"], "give every address the path /a"),
    ],
)
def test_what_is_wrong_comes_with_what_to_write(addresses: list[str], words: str) -> None:
    server = new_server()
    with pytest.raises(ConfigError, match=words):
        for address in addresses:
            server.listen(address)


def test_a_path_is_that_of_every_http_address() -> None:
    server = new_server()
    for address in ("http://127.0.0.1:0", "tcp://127.0.0.1:0", "http://127.0.0.1:0/rpc"):
        server.listen(address)
    server.start()
    one, two, three = server.addresses()
    server.stop()
    assert server.wait(WAIT_S)
    assert (one[:7], two[:6], three[:7]) == ("http://", "tcp://", "http://")
    assert (one[-4:], three[-4:]) == ("/rpc", "/rpc")
