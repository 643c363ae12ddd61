"""Serving the web chat: addresses that cannot be used, users, files, and what keeps the page on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.cli import app
from connectors.errors import AddressError
from connectors.web import check_address
from connectors.web_files import make_room, sweep


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


def test_users_come_and_go_by_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    run = CliRunner()
    for name in ("ann", "bob"):
        added = run.invoke(app, ["web", "--add-user", name], input="correct horse\ncorrect horse\n")
        assert added.exit_code == 0
    removed = run.invoke(app, ["web", "--remove-user", "Ann"])
    assert removed.exit_code == 0
    assert "their taste and conversations stay" in removed.output
    assert [line.split(":")[0] for line in (tmp_path / "web-users").read_text("utf-8").splitlines()] == ["bob"]
    assert run.invoke(app, ["web", "--remove-user", "ann"]).exit_code != 0


def test_what_a_browser_sends_lies_in_a_folder_of_the_owner_and_not_for_long(tmp_path: Path) -> None:
    folder = make_room(tmp_path)
    assert folder.stat().st_mode & 0o077 == 0
    old, new = folder / "ab" / "old.csv", folder / "cd" / "new.csv"
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"artist,title")
    for path in (old, old.parent):
        os.utime(path, (1_000.0, 1_000.0))
    assert sweep(folder, 3_600) == 1
    assert not old.exists()
    assert new.exists()
    assert make_room(tmp_path) == folder
    assert not list(folder.iterdir())
