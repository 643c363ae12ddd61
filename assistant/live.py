"""`segue doctor --live llm`: 20 fixed requests put to the listener's own language model, and what came of them.

Then it rewords three fixed slates (`assistant.live_wording`), unless it gave no answer of any use.

Definitions. An answer is *valid* if it came within the time limit in the asked form, after one repair at most. Over the
valid answers, *agreement* is the share of what the rules read (constraints by value, names, sizes, dials) that the
model reads too, before anything is merged. The requests are read against the starter catalogue, so that figures of
different installations compare. Seconds are those of one answer with its repair, without the loading of the model.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from assistant.asking import Asker
from assistant.errors import NoAnswerError, NoModelError
from assistant.live_wording import LiveWording, try_wording
from assistant.ports import TextModel
from assistant.request import Mention
from assistant.settings import LlmSettings
from assistant.understanding.answers import Answer, messages
from assistant.understanding.claims import ClaimReader
from assistant.understanding.matches import Dial, Size
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tokens import read
from recsys.catalogue import Catalogue
from recsys.sources import read_starter
from recsys.types import Constraint, Progress

REQUESTS = (
    "mellow 90s hip-hop, no Eminem",
    "something sad for a rainy sunday, 45 minutes",
    "upbeat music for running, nothing slow",
    "jazz with saxophone for dinner, no vocals",
    "songs like Radiohead but happier",
    "20 deep cuts from the 70s",
    "popular dance songs for a party, no country or rap",
    "calm piano music for studying",
    "French chanson by women",
    "Queen and Nirvana, but not the slow ones",
    "I can't stand autotune, give me acoustic folk",
    "aggressive metal for the gym, an hour",
    "romantic Spanish songs for a date night",
    "surprise me with Brazilian music from the 60s",
    "anything but Christmas songs, cozy winter evening",
    "music my grandmother danced to when she was young",
    "música tranquila para estudiar, sin batería",
    "ruhige Musik zum Einschlafen, kein Gesang",
    "de la pop des années 80, pas de disco",
    "musica allegra per cucinare, niente rock",
)
#: Questions in a row without any answer after which the rest is not asked: each may cost the time limit.
_GIVEN_UP_AFTER = 3


class LiveAnswer(BaseModel):
    """What came of one request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: str
    problem: str = ""  # empty for a valid answer
    n_read: int = 0  # things that the rules read
    n_agreed: int = 0  # of these, that the model reads too
    seconds: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether the answer could be used."""
        return not self.problem


class LiveReport(BaseModel):
    """What came of all of them, in order; fewer than there are where the model stopped answering."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    n_requests: int
    answers: tuple[LiveAnswer, ...]
    wording: LiveWording | None = None  # None where nothing was reworded, as no answer could be used

    @property
    def n_valid(self) -> int:
        """Number of valid answers."""
        return sum(answer.valid for answer in self.answers)

    @property
    def n_read(self) -> int:
        """Things that the rules read in the requests with a valid answer."""
        return sum(answer.n_read for answer in self.answers if answer.valid)

    @property
    def n_agreed(self) -> int:
        """Of these, those that the model reads too."""
        return sum(answer.n_agreed for answer in self.answers if answer.valid)

    @property
    def seconds_p50(self) -> float:
        """Median time of the answers, valid or not."""
        return statistics.median(answer.seconds for answer in self.answers)

    @property
    def seconds_max(self) -> float:
        """Longest time of an answer."""
        return max(answer.seconds for answer in self.answers)


def try_model(settings: LlmSettings, progress: Progress | None = None) -> LiveReport:
    """Put the fixed requests to the model of the settings.

    Raises:
        NoModelError: the settings name none.
        ModelError: it cannot be opened.
    """
    from assistant.llm import open_model

    if progress:
        progress("load", 0, 0)
    model = open_model(settings, max_retries=0)
    if model is None:
        raise NoModelError
    content = read_starter()
    catalogue = Catalogue.from_tracks(content.tracks, content.collections)
    answers = _asked(model, settings.timeout_s, RulesUnderstanding(catalogue), progress)
    wording = None
    if any(answer.valid for answer in answers):
        wording = try_wording(model, settings.timeout_s, catalogue, progress)
    return LiveReport(model=str(settings.model), n_requests=len(REQUESTS), answers=tuple(answers), wording=wording)


def _asked(
    model: TextModel, timeout_s: float, rules: RulesUnderstanding, progress: Progress | None
) -> list[LiveAnswer]:
    asker, claims = Asker(lambda: model, timeout_s=timeout_s, most_failures=len(REQUESTS) + 1), ClaimReader(rules)
    answers: list[LiveAnswer] = []
    n_silent = 0
    for number, text in enumerate(REQUESTS):
        if progress:
            progress("ask", number, len(REQUESTS))
        started = time.perf_counter()
        try:
            answer = asker.ask(messages(text), Answer)
        except NoAnswerError as error:
            answers.append(LiveAnswer(request=text, problem=error.problem, seconds=time.perf_counter() - started))
            n_silent = 0 if error.answered else n_silent + 1
            if n_silent == _GIVEN_UP_AFTER:
                break
            continue
        seconds, n_silent = time.perf_counter() - started, 0
        ours = rules.understand(text)
        by_rules = _things([*ours.constraints, *ours.mentions, Size(ours.n_tracks, ours.minutes)])
        by_rules |= {(name, value > 0) for name in ("fame", "discovery") if (value := getattr(ours, name)) is not None}
        by_model = _things(claim.said for claim in claims.read(answer, read(text)))
        answers.append(
            LiveAnswer(request=text, n_read=len(by_rules), n_agreed=len(by_rules & by_model), seconds=seconds)
        )
    if progress:
        progress("ask", len(answers), len(REQUESTS))
    return answers


def _things(said: Iterable[Constraint | Mention | Size | Dial]) -> set[tuple[object, ...]]:
    """What was said, one entry for each value, so that two readings can be compared."""
    found: set[tuple[object, ...]] = set()
    for one in said:
        if isinstance(one, Constraint):
            bounds: Sequence[object] = one.values or ((one.low, one.high),)
            found |= {(one.facet.value, value, one.wanted) for value in bounds if one.facet not in ("artist", "track")}
        elif isinstance(one, Mention):
            found.add((one.kind, one.key, one.polarity))
        elif isinstance(one, Dial):
            found.add((one.name, one.value > 0))
        else:
            found |= {(name, size) for name in ("n_tracks", "minutes") if (size := getattr(one, name)) is not None}
    return found
