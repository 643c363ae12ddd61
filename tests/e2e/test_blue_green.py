"""While generations replace one another, readers in other processes get the old answer or the new one, whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.app import Assistant
from recsys import generations
from tests.e2e.reader import LISTENER, answers, open_assistant

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]

_READER = Path(__file__).with_name("reader.py")
_ROOT = Path(__file__).parents[2]
#: What each reader serves from.
_INDEXES = ("exact", "chroma", "exact")
#: Seconds until every reader has answered once more, at the most.
_PATIENCE_S = 120.0


def open_writer(home: Path, seed: int) -> Assistant:
    return open_assistant(home, seed=seed, training_steps=20, index="exact")


class Readers:
    """Processes that ask, and what they were answered."""

    def __init__(self, home: Path, folder: Path) -> None:
        self._stop = folder / "stop"
        self._files = [folder / f"reader {n}.jsonl" for n in range(len(_INDEXES))]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        self._children = []
        for index, file in zip(_INDEXES, self._files, strict=True):
            with file.open("w") as out, file.with_suffix(".err").open("w") as err:
                line = [sys.executable, str(_READER), str(home), index, str(self._stop)]
                environment = kept | {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
                self._children.append(subprocess.Popen(line, env=environment, stdout=out, stderr=err))

    def answered(self) -> list[list[tuple[str, object]]]:
        """The answers so far, of each reader in order; a line that is being written does not count."""
        texts = [file.read_text(encoding="utf-8") for file in self._files]
        return [[tuple(json.loads(line)) for line in text.split("\n")[:-1]] for text in texts]

    def wait_for_more(self, n: int = 3) -> None:
        """Wait until each has been answered so many times more."""
        wanted = [len(one) + n for one in self.answered()]
        until = time.monotonic() + _PATIENCE_S
        while any(len(one) < enough for one, enough in zip(self.answered(), wanted, strict=True)):
            assert time.monotonic() < until, "the readers stopped answering"
            assert all(child.poll() is None for child in self._children), self.errors()
            time.sleep(0.05)

    def stop(self) -> list[int]:
        """Let them end by themselves, and return their exit statuses."""
        self._stop.touch()
        return [child.wait(_PATIENCE_S) for child in self._children]

    def kill(self) -> None:
        """End those that are still there."""
        for child in self._children:
            child.kill()
            child.wait()

    def errors(self) -> list[str]:
        """What each said on stderr."""
        return [file.with_suffix(".err").read_text(encoding="utf-8") for file in self._files]


@contextmanager
def reading(home: Path, folder: Path) -> Iterator[Readers]:
    readers = Readers(home, folder)
    try:
        yield readers
    finally:
        readers.kill()


def test_readers_see_one_generation_or_another_and_never_a_mixture(small_catalogue: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_writer(home, 1) as assistant:
        assistant.index(small_catalogue)
        for number in range(0, 60, 5):
            assistant.feedback(LISTENER, None, f"t{number}", "like")
    expected: dict[int, list[str]] = {}

    def publish(seed: int) -> None:
        """Serve the generation of a seed, and write down what it answers the first time."""
        with open_writer(home, seed) as assistant:
            assistant.train()
            found = [json.dumps(answer) for answer in answers(assistant)]
        assert expected.setdefault(seed, found) == found  # made again, it is the same again

    for seed in (1, 2):
        publish(seed)
    assert not set(expected[1]) & set(expected[2])  # or a mixture could not be told
    with reading(home, tmp_path) as readers:
        readers.wait_for_more()
        for seed in (1, 2):  # both are there: each publication is one rename
            publish(seed)
            readers.wait_for_more()
        keys = {generations.current_key(home)}
        for seed in (1, 2) * 6:  # faster than anybody can follow
            with open_writer(home, seed) as assistant:
                keys.add(assistant.train().generation)
        readers.wait_for_more()
        assert len(keys) == 2
        for seed in (3, 1, 2):  # each is built anew, and the one before the last is deleted
            publish(seed)
            assert len(list((home / "generations").iterdir())) == 2
            readers.wait_for_more()
        readers.wait_for_more()
        assert readers.stop() == [0] * len(_INDEXES)
        assert readers.errors() == [""] * len(_INDEXES)
        allowed = {answer: seed for seed, known in expected.items() for answer in known}
        for answered in readers.answered():
            seen = [allowed.get(json.dumps(answer)) for answer in answered]
            assert None not in seen, f"answer {seen.index(None)} of {len(seen)} is of no generation"
            assert seen[-1] == 2
            assert set(seen) == {1, 2, 3}
