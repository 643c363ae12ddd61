"""What a system of `segue eval cpcd` is, and what it may be made of.

A system sees the catalogue and the training dialogues; at a turn it sees what was `heard`, and nothing else of the
dialogue. It is made anew for every fold, so that nothing of another fold's training stays in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, runtime_checkable

from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys.catalogue import Catalogue
from recsys.dialogue_files import clusters_of
from recsys.dialogues import Dialogue, Heard
from recsys.sources import read_source
from recsys.types import Progress, TrackId

if TYPE_CHECKING:
    from assistant.app import Assistant

_T = TypeVar("_T")


class System(Protocol):
    """Ranks tracks for one turn of a dialogue."""

    name: str

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Learn from the training dialogues; called once, before anything is ranked."""

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Return at most k tracks of the catalogue, best first."""

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """Return the slate of n tracks as a listener would see it; None for a system that shows none."""


@runtime_checkable
class Uniting(Protocol):
    """A system that can tell all candidates that it ranks."""

    def unite(self, heard: Heard) -> list[TrackId]:
        """Return the candidates of a turn, in any order."""


class Context:
    """The catalogue of one run, and the product serving it; what is costly is made when a system first asks for it.

    Use as a context manager: what was opened is closed, and the scratch data folder deleted, at the end.
    """

    def __init__(self, tracks: Path, *, kept: Path | None = None, progress: Progress | None = None) -> None:
        """Stand for a catalogue file.

        Args:
            tracks: CPCD's `tracks.jsonl`, or any catalogue file.
            kept: where encoded texts are kept from one run to the next, if anywhere.
            progress: told about every stage.
        """
        self.tracks, self.kept, self.progress = tracks, kept, progress
        self._made: dict[str, Any] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def catalogue(self) -> Catalogue:
        """The tracks as the file states them.

        Raises:
            SourceError: the file cannot be read.
        """
        return Catalogue.from_tracks(read_source(self.tracks, progress=self.progress).tracks)

    @cached_property
    def clusters(self) -> dict[TrackId, str]:
        """Which cluster each track belongs to."""
        return clusters_of(self.catalogue)

    @cached_property
    def assistant(self) -> Assistant:
        """The product, with its default settings, serving the catalogue alone from a data folder of its own."""
        from assistant.app import Assistant

        home = self._open.enter_context(scratch_home(self.kept))
        assistant = self._open.enter_context(Assistant(scratch_settings(home)))
        assistant.index(self.tracks, progress=self.progress)
        return assistant

    def settings(self) -> dict[str, Any]:
        """The product's settings that can change a figure; none while no system has asked for the product."""
        return product_settings(self.assistant.settings) if "assistant" in self.__dict__ else {}

    def once(self, key: str, make: Callable[[], _T]) -> _T:
        """Make something that does not depend on any dialogue once for all folds and systems."""
        if key not in self._made:
            self._made[key] = make()
        made: _T = self._made[key]
        return made


#: Makes a system for a run, by its seed.
Factory = Callable[[Context, int], System]
