"""Sentences as a model writes them: each is checked on its own, and what does not pass is never seen.

The model writes in a thread of its own, so that one that hangs costs the listener nothing but the rewording.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread

from assistant.failures import kind_and_place
from assistant.labels import plain
from assistant.ports import StreamingModel
from assistant.rewording.checker import objection
from assistant.rewording.facts import StatedFact, with_origins
from assistant.rewording.prompt import Answer, AnswerReader, messages

_LOG = logging.getLogger(__name__)
#: Tracks of one question to the model: small ones lose the thread in longer lists.
TRACKS_AT_ONCE = 5
#: Characters of one answer that are read; a model that runs on is cut off.
MAX_ANSWER = 20_000
_MAX_WAITING = 64


def reword(
    open_model: Callable[[], StreamingModel | None], slate: Mapping[str, Sequence[StatedFact]], timeout_s: float
) -> Iterator[tuple[str, str]]:
    """Yield (track id, sentence) as sentences pass, at most one a track and no two alike.

    Whatever the model or the way to it does, nothing is raised and the time limit holds: tracks without a sentence
    keep their templates.

    Args:
        open_model: opens the model, None where there is none.
        slate: track id → the track's facts, in the order in which to word them.
        timeout_s: longest time for all of them, in seconds.
    """
    worded: dict[str, str] = {}
    for track_id, sentence, refusal in judge(open_model, slate, timeout_s):
        if refusal:
            _LOG.debug("a reworded sentence did not pass")
        elif track_id not in worded and sentence not in worded.values():
            worded[track_id] = sentence
            yield track_id, sentence


def judge(
    open_model: Callable[[], StreamingModel | None], slate: Mapping[str, Sequence[StatedFact]], timeout_s: float
) -> Iterator[tuple[str, str, str]]:
    """Yield (track id, sentence, what keeps it from being let through) for every sentence that the model writes.

    The arguments are those of `reword`. An empty objection lets a sentence through; a sentence that cites what is not
    there is of no track.
    """
    track_of = {fact.id: track_id for track_id, facts in slate.items() for fact in facts}
    fact_of = {fact.id: fact for facts in slate.values() for fact in facts}
    for answer in _answers(open_model, list(slate.values()), timeout_s):
        sentence, cited = plain(answer.sentence), [fact_of[cite] for cite in answer.cites if cite in fact_of]
        if len(cited) < len(answer.cites) or not cited:
            yield "", sentence, "it cites facts that were not given"
            continue
        yield track_of[cited[0].id], with_origins(sentence, cited), objection(answer.sentence, cited)


def _answers(
    open_model: Callable[[], StreamingModel | None], tracks: Sequence[Sequence[StatedFact]], timeout_s: float
) -> Iterator[Answer]:
    """Ask in a thread, and hand its answers on until the time is up or nobody wants more."""
    queue: Queue[Answer | None] = Queue(_MAX_WAITING)
    stop = Event()
    ends_at = time.monotonic() + timeout_s
    Thread(target=_ask, args=(open_model, tracks, queue, stop), name="segue-rewording", daemon=True).start()
    try:
        while (left := ends_at - time.monotonic()) > 0:
            answer = queue.get(timeout=left)
            if answer is None:
                return
            yield answer
    except Empty:
        _LOG.warning("the language model took more than %s s; the other reasons stay as they are", timeout_s)
    finally:
        stop.set()


def _ask(
    open_model: Callable[[], StreamingModel | None],
    tracks: Sequence[Sequence[StatedFact]],
    queue: Queue[Answer | None],
    stop: Event,
) -> None:
    """Ask for a few tracks at a time; put answers into the queue, and None behind the last."""
    try:
        model = open_model()
        for start in range(0, len(tracks) if model else 0, TRACKS_AT_ONCE):
            reader, n_read = AnswerReader(), 0
            for piece in model.stream(messages(tracks[start : start + TRACKS_AT_ONCE])) if model else ():
                n_read += len(piece)
                for answer in reader.feed(piece):
                    _put(queue, answer, stop)
                if stop.is_set() or n_read > MAX_ANSWER:
                    break
            if stop.is_set():
                return
    except Exception as error:
        _LOG.warning("the language model failed; reasons stay as they are: %s", kind_and_place(error))
    finally:
        _put(queue, None, stop)


def _put(queue: Queue[Answer | None], answer: Answer | None, stop: Event) -> None:
    while not stop.is_set():
        with suppress(Full):
            queue.put(answer, timeout=0.1)
            return
