"""Asking a language model about many tracks, a few at a time, without letting one bad answer end the work.

An answer of no use (no JSON, another form, a refusal) or none in time is asked for once more; then the tracks of that
question are left for another run, and the next ones are asked about. Only a model that cannot be opened, or that gave
no answer at all to several questions one after the other, ends it: the way to it is broken, and not an answer.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.errors import ModelError, NoAnswerError
from assistant.failures import kind_and_place
from assistant.labels import plain
from recsys.types import Progress

if TYPE_CHECKING:
    from recsys.attributes.by_model import Answered, Example
    from recsys.enrich.by_model import TextModel
    from recsys.types import Track

_LOG = logging.getLogger(__name__)

#: Questions in a row without any answer, each asked twice, after which nobody is asked any more.
MOST_UNANSWERED = 3
_TRIES = 2
_LONGEST_TOLD = 160


@dataclass
class Asking:
    """How asking about many tracks went."""

    n_asked: int = 0  # tracks of which an answer was kept, if only that the model does not know them
    n_failed: int = 0  # tracks that there was no usable answer about, tried twice
    failed: Counter[str] = field(default_factory=Counter)  # why → tracks
    refused: Counter[str] = field(default_factory=Counter)  # what was refused of the answers → how often
    n_sent: int = 0  # characters
    n_received: int = 0
    problem: str = ""  # why it ended early


def ask_about(
    model: TextModel,
    tracks: Sequence[Track],
    examples: Sequence[Example],
    keep: Callable[[Track, Mapping[str, float] | None], None],
    progress: Progress | None = None,
) -> Asking:
    """Ask about all tracks.

    Args:
        model: raises `NoAnswerError` where there is no usable answer.
        tracks: in the order in which they are asked about.
        examples: shown before each question.
        keep: given every track that was asked about, and what was said of it, as soon as it is.
        progress: told how many tracks are done.
    """
    from recsys.attributes.by_model import AT_ONCE

    went, n_unanswered = Asking(), 0
    for first in range(0, len(tracks), AT_ONCE):
        some = tracks[first : first + AT_ONCE]
        answered = _answered(model, some, examples, went)
        if isinstance(answered, NoAnswerError):
            went.n_failed += len(some)
            went.failed[plain(answered.problem, _LONGEST_TOLD)] += len(some)
            n_unanswered = 0 if answered.answered else n_unanswered + 1
            if n_unanswered == MOST_UNANSWERED or isinstance(answered.__cause__, ModelError):
                went.problem = plain(str(answered), 300)
                _LOG.info("annotating stopped: %s", kind_and_place(answered))
                break
        else:
            n_unanswered = 0
            for track in some:
                keep(track, answered.values.get(track.track_id) or None)
            went.n_asked += len(some)
            went.refused += answered.refused
            went.n_sent, went.n_received = went.n_sent + answered.n_sent, went.n_received + answered.n_received
        if progress:
            progress("ask llm", first + len(some), len(tracks))
    return went


def _answered(
    model: TextModel, tracks: Sequence[Track], examples: Sequence[Example], went: Asking
) -> Answered | NoAnswerError:
    """Ask about a few tracks, and once more where that gave no usable answer; return the last failure."""
    from recsys.attributes.by_model import ask_attributes, messages

    failure = NoAnswerError("it was not asked")
    for _ in range(_TRIES):
        try:
            return ask_attributes(model, tracks, examples)
        except NoAnswerError as error:
            failure = error
            # What was answered was paid for, though nothing came of it.
            went.n_sent += sum(len(text) for _, text in messages(tracks, examples)) if error.answered else 0
            if isinstance(error.__cause__, ModelError):
                break
    return failure
