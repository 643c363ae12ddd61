"""`segue serve` as a process of its own: it answers, and it stops within five seconds, whoever is still connected."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from connectors.cli import app
from connectors.serving import stop_on_signals

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
MOST_S = 5.0
Start = Callable[[], tuple[subprocess.Popen[str], tuple[str, int]]]


@pytest.fixture
def start(installation: Any) -> Iterator[Start]:
    """Start a server on the small catalogue and wait until its page can be opened."""
    started: list[subprocess.Popen[str]] = []

    def run() -> tuple[subprocess.Popen[str], tuple[str, int]]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        environment |= {"SEGUE_HOME": str(installation.settings.home), "SEGUE_THREADS": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", "from evals.main import main; main()", "serve", "--port", "0"]
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Segue is at http://"), process.stderr and process.stderr.read()
        place = urlsplit(line.split()[3])
        return process, (str(place.hostname), int(place.port or 0))

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_it_stops_cleanly_within_five_seconds(start: Start) -> None:
    """A browser keeps a connection open all the time, as a page does that waits for news from the server."""
    process, place = start()
    with closing(HTTPConnection(*place, timeout=10)) as browser, closing(HTTPConnection(*place, timeout=10)) as waiting:
        browser.request("GET", "/")
        with browser.getresponse() as page:
            assert page.read().startswith(b"<!doctype html>")
        waiting.request("GET", "/gradio_api/queue/data?session_hash=nobody")
        stopped = time.perf_counter()
        process.terminate()
        _, said = process.communicate(timeout=MOST_S)
    assert time.perf_counter() - stopped < MOST_S
    assert process.returncode == 0
    assert said.endswith("Stopped.\n")
    assert "Traceback" not in said
    with closing(HTTPConnection(*place, timeout=10)) as late, pytest.raises(ConnectionRefusedError):
        late.connect()


@pytest.mark.usefixtures("own_loop")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_waiting(how: signal.Signals) -> None:
    async def wait() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        signal.raise_signal(how)
        await asyncio.wait_for(stop.wait(), timeout=10)

    before = signal.getsignal(how)
    try:
        asyncio.run(wait())
    finally:
        signal.signal(how, before)


def test_nothing_to_serve_is_one_clear_error() -> None:
    result = CliRunner().invoke(app, ["serve", "--no-web"])
    assert result.exit_code == 1
    assert "nothing to serve" in result.stderr
