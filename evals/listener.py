"""Does a conversation find more than a search box? Two hundred of them, held by a simulated listener.

Task. A listener has a playlist in mind and never says which. Turn by turn they say something, are shown a slate, and
like the tracks of it that they had in mind. The words are what a person said to a person over the same playlist: the
user turns of the Conversational Playlist Curation Dataset, one after another, whatever the slate was. The playlist is
the tracks that this person liked in the end; the catalogue, CPCD's tracks, knows nothing of dialogues, so every
playlist is held out. Systems answer the same words with the same seeds:

    segue           one session; what was liked is told (`Assistant.feedback`)
    memoryless      every turn by a new listener in a new session: the last turn's words are all there is
    likes-ignored   one session; nothing is told
    segue - NAME    the paired difference, conversation by conversation

Conventions. Turns count from 1; a conversation ends with its words, or after `MAX_TURNS`. A target is a work: another
version of a track is that track, in slates and playlists alike. It counts in the first slate of the conversation that
shows it and never again, whoever forgets having shown it. At turn 1 all systems know the same, and answer alike. Every
slate has `SLATE_SIZE` tracks. Dialogues of fewer than three turns or three targets are left out. Of the others the
first `N_CHOOSING` by hash are kept for choosing (`choosing=True`), and the reported ones are drawn from the rest. For
other playlists, with other words, see `evals.listener_playlists`.

    hits         targets in the slate that no earlier slate had
    found        share of the targets shown by the end of the turn
    success_k    whether at least k targets were shown by the end of the turn
    turns_to_k   the first turn by whose end that is so; where none is, one more than the conversation has

Subset `turn t` holds the conversations that have a turn t, `all` what is true at the end of each (hits: the sum).
Several seeds draw several sets and make several slates; one dialogue's conversations are resampled together. The
ranker that ships has learnt from these dialogues and is left out.
Reference: Chaganty et al. (2023), "Beyond Single Items: Exploring User Preferences in Item Sets with the
Conversational Playlist Curation Dataset".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message
from evals.errors import EvaluationDataError
from evals.latency import FailedTurnError
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.types import Progress, TrackId

MAX_TURNS = 5
SLATE_SIZE = 20
N_CHOOSING = 150
SUCCESSES = (1, 3)
_FEWEST = 3  # turns, and targets
SEGUE, MEMORYLESS, LIKES_IGNORED = SYSTEMS = ("segue", "memoryless", "likes-ignored")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a listener says, turn by turn, and has in mind."""

    conversation_id: str
    words: tuple[str, ...]
    targets: frozenset[TrackId]


@dataclass(frozen=True, slots=True)
class Course:
    """How a conversation went: new targets in each turn's slate, of how many in all."""

    hits: tuple[int, ...]
    n_targets: int

    def figures(self, n_turns: int) -> dict[str, float]:
        """What the first turns came to, by the names of the module's docstring; hits are those of the last of them."""
        found = sum(self.hits[:n_turns])
        values = {"hits": float(self.hits[n_turns - 1]), "found": found / self.n_targets}
        return values | {f"success_{k}": float(found >= k) for k in SUCCESSES}

    def end(self) -> dict[str, float]:
        """What the whole conversation came to."""
        values = self.figures(len(self.hits)) | {"hits": float(sum(self.hits))}
        reached = np.cumsum(self.hits)
        return values | {f"turns_to_{k}": float(1 + np.searchsorted(reached, k)) for k in SUCCESSES}


def read_dialogues(path: Path, known: Mapping[TrackId, object]) -> list[Conversation]:
    """Read the dialogues that can be held: at least three turns, and three targets among the `known` tracks.

    Raises:
        EvaluationDataError: the file is missing or holds no such dialogue.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        dialogues = [json.loads(line) for line in lines if line.strip()]
        read = [
            Conversation(
                str(one["id"]),
                tuple(turn["user_query"] for turn in one["turns"]),
                frozenset(track for track in one["goal_playlist"] if track in known),
            )
            for one in dialogues
        ]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise EvaluationDataError(
            f"{path} cannot be read as dialogues ({error!r}); give --dialogues CPCD's dialogs.train.jsonl"
        ) from error
    held = [one for one in read if len(one.words) >= _FEWEST and len(one.targets) >= _FEWEST]
    if not held:
        raise EvaluationDataError(
            f"none of the {len(read)} dialogues of {path.name} has {_FEWEST} turns and {_FEWEST} tracks of the "
            "catalogue; give --catalogue the tracks.jsonl that belongs to --dialogues"
        )
    return held


def draw(dialogues: Sequence[Conversation], n: int, seed: int, *, choosing: bool = False) -> list[Conversation]:
    """Draw at most n dialogues by seed: of the reported ones, or of those that are kept for choosing."""
    by_hash = sorted(dialogues, key=lambda one: hashlib.sha256(one.conversation_id.encode()).hexdigest())
    pool = by_hash[:N_CHOOSING] if choosing else by_hash[N_CHOOSING:]
    drawn = np.random.default_rng(seed).permutation(len(pool))[:n]
    return [pool[number] for number in drawn.tolist()]


def evaluate(
    catalogue: Path,
    dialogues: Path,
    n_conversations: int,
    seeds: Sequence[int],
    *,
    choosing: bool = False,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Index the catalogue in a data folder of its own and hold the conversations with every system.

    Args:
        catalogue: CPCD's `tracks.jsonl`.
        dialogues: CPCD's dialogues.
        n_conversations: how many to draw, per seed.
        seeds: of the draw and of the slates.
        choosing: whether to draw from the dialogues that are kept for choosing.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the dialogues cannot be read, or too few are left to draw from.
        FailedTurnError: a turn ended in the last-resort reply.
    """
    talks = Talks()
    with scratch_home(kept) as home:
        settings = scratch_settings(home, ranker="none")
        with Assistant(settings) as assistant:
            assistant.index(catalogue, progress=progress)
            works = works_of(assistant)
            held = read_dialogues(dialogues, works)
            for seed in seeds:
                talks.hold(assistant, works, draw(held, n_conversations, seed, choosing=choosing), seed, progress)
    said = {"catalogue": catalogue, "dialogues": dialogues, "conversations": n_conversations}
    said |= {"kept_for": "choosing" if choosing else "reporting"}
    return talks.report(said | product_settings(settings), seeds)


@dataclass
class Talks:
    """The courses of conversations by system, in one order, and which target set each is about."""

    courses: dict[str, list[Course]] = field(default_factory=lambda: {system: [] for system in SYSTEMS})
    groups: list[str] = field(default_factory=list)

    def hold(
        self,
        assistant: Assistant,
        works: Mapping[TrackId, int],
        conversations: Sequence[Conversation],
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        """Hold conversations with every system."""
        for done, conversation in enumerate(conversations, start=1):
            for system in SYSTEMS:
                self.courses[system].append(hold(assistant, works, conversation, system, seed))
            self.groups.append(conversation.conversation_id)
            if progress:
                progress(f"converse (seed {seed})", done, len(conversations))

    def report(self, settings: Mapping[str, object], seeds: Sequence[int]) -> Report:
        """Say how they went.

        Raises:
            EvaluationDataError: none was held.
        """
        if not self.groups:
            raise EvaluationDataError("there was nothing to draw a conversation from; give larger data")
        report = Report("segue eval listener", settings, seeds)
        fill(report, self.courses, self.groups)
        return report


def works_of(assistant: Assistant) -> dict[TrackId, int]:
    """Number the works of what an assistant serves: versions of one work share a number."""
    catalogue = Catalogue.load(generations.current(assistant.settings.home).folder / "catalogue")
    return dict(zip(catalogue.track_ids, catalogue.work.tolist(), strict=True))


def hold(
    assistant: Assistant, works: Mapping[TrackId, int], conversation: Conversation, system: str, seed: int
) -> Course:
    """Hold a conversation with one of the systems.

    Raises:
        FailedTurnError: a turn ended in the last-resort reply.
    """
    missing = {works[track] for track in conversation.targets}
    n_targets = len(missing)
    listener = f"{system} {seed} {conversation.conversation_id}"
    hits = []
    for turn, words in enumerate(conversation.words[:MAX_TURNS], start=1):
        who = f"{listener} {turn}" if system == MEMORYLESS else listener
        reply = assistant.reply(Message(listener_id=who, session_id=who, text=words, n_tracks=SLATE_SIZE, seed=seed))
        if reply.last_resort:
            raise FailedTurnError(words)
        found = [track.track_id for track in reply.tracks if works[track.track_id] in missing]
        missing -= {works[track_id] for track_id in found}
        hits.append(len(found))
        for track_id in found if system == SEGUE else ():
            assistant.feedback(who, who, track_id, "like")
    return Course(tuple(hits), n_targets)


def fill(report: Report, courses: Mapping[str, Sequence[Course]], groups: Sequence[str]) -> None:
    """Put means and paired differences into a report.

    Args:
        report: to fill.
        courses: of every system, in one order.
        groups: which dialogue each course belongs to, in that order.
    """
    rows = [(system, "") for system in SYSTEMS] + [(SEGUE, other) for other in SYSTEMS if other != SEGUE]
    for system, other in rows:
        title = f"{system} - {other}" if other else system
        for turn in range(MAX_TURNS + 1):  # 0 stands for the end
            reach = [number for number, course in enumerate(courses[system]) if len(course.hits) >= turn]
            values = [_figures(courses[system][number], turn) for number in reach]
            if other:
                beside = [_figures(courses[other][number], turn) for number in reach]
                values = [{m: a[m] - b[m] for m in a} for a, b in zip(values, beside, strict=True)]
            belongs = [groups[number] for number in reach]
            for metric in values[0] if values else ():
                summary = summarise([one[metric] for one in values], groups=belongs)
                report.add(title, f"turn {turn}" if turn else "all", metric, summary)


def _figures(course: Course, turn: int) -> dict[str, float]:
    return course.figures(turn) if turn else course.end()
