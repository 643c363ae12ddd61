"""Asking a language model without ever depending on it: in time, in form, or not at all.

An answer is waited for in a thread of its own, so that even a server that sends a byte now and then holds nobody beyond
the time limit. An answer in no usable form is asked for once more, with what was wrong with it. A model that failed
several times in a row is left alone for a while, so that a dead server does not cost the time limit on every turn.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import ModelError, NoAnswerError
from assistant.failures import kind_and_place
from assistant.labels import plain
from assistant.pace import waiting
from assistant.ports import TextModel

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_Form = TypeVar("_Form", bound=BaseModel)
Messages = Sequence[tuple[str, str]]

#: Failures in a row after which a model is left alone, and for how long.
MOST_FAILURES, PAUSE_S = 3, 60.0
#: Questions under way at once, those included that nobody waits for any more.
_MOST_UNDER_WAY = 8
#: Characters of a wrong answer, and of what was wrong with it, that are shown to the model again.
_SHOWN_AGAIN, _SHOWN_PROBLEM = 2_000, 300
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


class Asker:
    """A model with a time limit, one repair and a pause after failures. Opened on the first question; thread-safe."""

    def __init__(
        self,
        open_model: Callable[[], TextModel],
        *,
        timeout_s: float,
        most_failures: int = MOST_FAILURES,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep how the model is opened; nothing is opened yet.

        Args:
            open_model: opens it; may take its time, which counts towards the time limit.
            timeout_s: longest wait for an answer, the repair included, in seconds.
            most_failures: in a row, after which the model is not asked for `pause_s` seconds.
            pause_s: how long it is left alone; the first failure afterwards begins another pause.
            clock: seconds that only ever grow.
        """
        self._open_model, self._timeout_s, self._clock = open_model, timeout_s, clock
        self._most_failures, self._pause_s = most_failures, pause_s
        self._model: TextModel | None = None
        self._opening, self._counting = Lock(), Lock()
        self._under_way = BoundedSemaphore(_MOST_UNDER_WAY)
        self._failures, self._resume_at = 0, float("-inf")

    @property
    def paused(self) -> bool:
        """Whether the model is being left alone."""
        return self._clock() < self._resume_at

    def ask(self, messages: Messages, form: type[_Form]) -> _Form:
        """Return the model's answer to messages given as (role, text), as an object of `form`.

        Raises:
            NoAnswerError: there was none in time, or none of that form; or the model is being left alone.
        """
        if self.paused:
            raise NoAnswerError("it failed several times in a row and is left alone for a while")
        try:
            answer = self._answer(messages, form, self._clock() + self._timeout_s)
        except NoAnswerError as error:
            self._count_failure(error)
            raise
        with self._counting:
            self._failures = 0
        return answer

    def _answer(self, messages: Messages, form: type[_Form], deadline: float) -> _Form:
        text = self._complete(messages, form, deadline)
        try:
            return _read(text, form)
        except ValueError as error:
            problem = _problem(error)
        wrong = text[:_SHOWN_AGAIN].strip() or "(nothing)"
        again = f"That was no usable answer: {problem}. Answer again, with the JSON object alone."
        text = self._complete([*messages, ("ai", wrong), ("human", again)], form, deadline)
        try:
            return _read(text, form)
        except ValueError as error:
            raise NoAnswerError(f"its answer was of no use twice: {_problem(error)}", answered=True) from error

    def _complete(self, messages: Messages, form: type[BaseModel], deadline: float) -> str:
        """Let the model write; every failure, and being late, is a NoAnswerError."""
        if not self._under_way.acquire(blocking=False):
            raise NoAnswerError("too many questions are under way")
        outcome: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()

        def work() -> None:
            try:
                outcome.put((self._opened().complete(messages, form), None))
            except BaseException as error:
                outcome.put(("", error))
            finally:
                self._under_way.release()

        Thread(target=work, name="segue-llm", daemon=True).start()
        try:
            with waiting():
                text, error = outcome.get(timeout=max(deadline - self._clock(), 0.0))
        except Empty:
            raise NoAnswerError(f"no answer within {self._timeout_s:g} s") from None
        if error is not None:
            raise NoAnswerError(plain(f"{type(error).__name__}: {error}")) from error
        return text

    def _opened(self) -> TextModel:
        with self._opening:
            if self._model is None:
                self._model = self._open_model()
            return self._model

    def _count_failure(self, error: NoAnswerError) -> None:
        with self._counting:
            self._failures += 1
            pauses = self._failures >= self._most_failures
            if pauses:
                self._resume_at = self._clock() + self._pause_s
        # Listeners in a terminal see warnings: only what the owner has to mend is one.
        if isinstance(error.__cause__, ModelError) and self._failures == 1:
            _LOG.warning("%s", error.__cause__)
        else:
            _LOG.info("the language model gave no usable answer: %s", kind_and_place(error))
        if pauses:
            _LOG.info("the language model is not asked for %g s", self._pause_s)


def _read(text: str, form: type[_Form]) -> _Form:
    """Read the object that a text holds, whatever stands around it.

    Raises:
        ValueError: there is none, or it is not of the form (as a `ValidationError`).
    """
    return form.model_validate(_object_in(_THOUGHTS.sub("", text)))


def _object_in(text: str) -> dict[str, Any]:
    decoder = json.JSONDecoder()
    problem = "there is no JSON object in it"
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            problem = f"the JSON is broken ({error})" if start == text.find("{") else problem
        else:
            if isinstance(found, dict):
                return found
        start = text.find("{", start + 1)
    raise ValueError(problem)


def _problem(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        told = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ") for one in error.errors()[:3])
        return plain("; ".join(told), _SHOWN_PROBLEM)
    return plain(str(error), _SHOWN_PROBLEM)
