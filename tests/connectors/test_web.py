"""Serving the web chat: addresses that cannot be used, and what keeps the page on this machine."""

from __future__ import annotations

import os
import socket

import pytest

from connectors.errors import AddressError
from connectors.web import check_address


def test_port_zero_takes_a_free_one() -> None:
    assert check_address("127.0.0.1", 0) > 0


def test_a_port_in_use_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=f"cannot listen on 127.0.0.1:{port}: .*SEGUE_WEB_PORT"):
            check_address("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_clear_error() -> None:
    with pytest.raises(AddressError, match=r"192\.0\.2\.1"):
        check_address("192.0.2.1", 0)


def test_nothing_is_asked_of_other_hosts_or_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors import web

    for name, value in (("NO_PROXY", "example.org"), ("GRADIO_ANALYTICS_ENABLED", "True"), ("HF_HUB_OFFLINE", "0")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("no_proxy", raising=False)
    web._stay_at_home()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["NO_PROXY"] == "example.org,localhost,127.0.0.1,::1"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1,::1"
