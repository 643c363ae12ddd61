"""What all tests share."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.library import Library

# As in the console script: waiting threads sleep, so that tests run beside other work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one process for each core is enough

#: Files whose tests take longest: begun first, so that no process is left with them when the other has nothing to do.
_LONG = (
    "test_use.py",
    "test_app.py",
    "test_jam_speed.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files before all others, whose order stays drawn."""
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


# Shared machines stall for seconds; a property that is slow once is not wrong.
settings.register_profile("segue", deadline=None)
settings.load_profile("segue")


@pytest.fixture
def own_loop() -> Iterator[None]:
    """Let a test run an event loop of its own: a browser of the session leaves one running in this thread."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A test starts with the log as the first one found it: the level that another has set hides no warning."""
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)
    handlers = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test touches the data folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGUE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return the generated library of 300 audio files, which all tests share: read it, and leave it as it is."""
    from tests.library import shared_library

    base = tmp_path_factory.getbasetemp()
    if not shutil.which("ffmpeg"):
        reason = "ffmpeg is not installed, and makes some of the library's files: `apt-get install ffmpeg`"
        pytest.fail(reason) if os.environ.get("SEGUE_TEST_STRICT") == "1" else pytest.skip(reason)
    return shared_library(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """Return the folder of real data that SEGUE_EVAL_DATA names; skip, or fail when strict, without it."""
    named = os.environ.get("SEGUE_EVAL_DATA", "")
    folder = Path(named)
    if named and folder.is_dir():
        return folder
    reason = f"SEGUE_EVAL_DATA is {named!r}; set it to the folder that holds spotify-songs/ and cpcd/"
    if os.environ.get("SEGUE_TEST_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
