"""The log names errors by kind and place, and never says what a listener said."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from connectors.logs import keep_words_out_of_the_server, start_logging
from connectors.web_chat import apology

SECRET = "xerophthalmia blues for Quixotilda"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What has reached stderr since it was last asked for; the log is as it was afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)


def fail() -> Exception:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"cannot read {SECRET}") from error
    except ValueError as error:
        return error


@pytest.mark.parametrize("level", ["debug", "warning"])
def test_an_error_is_named_by_its_kind_and_place_at_every_level(said: Callable[[], str], level: str) -> None:
    start_logging(level)
    assert "Quixotilda" not in apology(fail())
    told = said()
    assert "ValueError in test_logs.py" in told
    assert "from KeyError in test_logs.py" in told
    assert "Quixotilda" not in told


def test_an_error_that_another_log_wrote_down_first_is_named_without_its_words(said: Callable[[], str]) -> None:
    start_logging("debug")
    other = logging.StreamHandler(io.StringIO())
    logging.getLogger().handlers.insert(0, other)
    logging.getLogger("connectors.test").error("failed", exc_info=fail())
    assert "Quixotilda" in other.stream.getvalue()
    told = said()
    assert "ValueError in test_logs.py" in told
    assert "Quixotilda" not in told


def test_libraries_tell_nothing_of_single_requests(said: Callable[[], str]) -> None:
    start_logging("debug")
    for name, level in (
        ("openai._base_client", logging.DEBUG),
        ("discord.gateway", logging.DEBUG),
        ("httpx", logging.INFO),
        ("urllib3.connectionpool", logging.DEBUG),
    ):
        logging.getLogger(name).log(level, "asked for %s", SECRET)
    logging.getLogger("assistant.app").debug("a turn begins")
    logging.getLogger("discord.client").info("logging in")
    assert said().splitlines() == ["DEBUG assistant.app: a turn begins", "INFO discord.client: logging in"]


def test_the_web_server_names_errors_as_we_do(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "uvicorn.error")  # a server that was stopped here before left it silent
    server, out = logging.getLogger("uvicorn.error"), io.StringIO()
    handler = logging.StreamHandler(out)
    server.addHandler(handler)
    try:
        keep_words_out_of_the_server()
        server.error("Exception in ASGI application", exc_info=fail())
    finally:
        server.removeHandler(handler)
    assert "Exception in ASGI application (ValueError in test_logs.py" in out.getvalue()
    assert "Quixotilda" not in out.getvalue()
