"""Conversations for the metamorphic suite, held with the product: each turn is drawn from what the last one showed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message, Reply
from evals.latency import FailedTurnError
from evals.metamorphic_judge import Clause, Judge
from evals.metamorphic_words import Words
from recsys.vocabulary import load_vocabulary

#: Messages that ask for no property of a track.
_OTHER = ("30 tracks", "less famous ones", "45 minutes", "better known ones", "15 songs please", "an hour of it")
_LAST = (*_OTHER, "something else")
_MAX_TURNS, _MAX_WISHES = 5, 3
_REFUSE_AT_ONCE, _SPARE = 0.35, 0.25
_REFUSE, _ADD = 0.45, 0.4


class Talk:
    """One session of one listener."""

    def __init__(self, assistant: Assistant, name: str) -> None:
        self._assistant, self.name = assistant, name
        self.replies: list[Reply] = []

    def say(self, text: str, seed: int, n_tracks: int | None = None) -> Reply:
        """Say something and return the reply.

        Raises:
            FailedTurnError: it is the last-resort reply.
        """
        message = Message(listener_id=self.name, session_id=self.name, text=text, seed=seed, n_tracks=n_tracks)
        reply = self._assistant.reply(message)
        if reply.last_resort:
            raise FailedTurnError(text)
        self.replies.append(reply)
        return reply

    def dislike(self, track_id: str) -> None:
        """Dislike a track."""
        self._assistant.feedback(self.name, self.name, track_id, "dislike")


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, what it states, what holds after it, and what it showed."""

    text: str
    seed: int
    stated: tuple[Clause, ...]
    standing: tuple[Clause, ...]
    slate: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one session, and what its opening showed without the refusal in it."""

    name: str
    turns: tuple[Turn, ...]
    unrefused: tuple[str, ...]
    talk: Talk

    @property
    def last(self) -> Turn:
        """The newest turn."""
        return self.turns[-1]

    def slate_before(self, number: int) -> tuple[str, ...]:
        """What was shown when turn `number` (from 0) had not stated its refusal."""
        return self.turns[number - 1].slate if number else self.unrefused


class Talker:
    """Holds conversations with an assistant whose catalogue is indexed."""

    def __init__(self, assistant: Assistant, judge: Judge, seed: int) -> None:
        self.assistant, self.judge, self.seed = assistant, judge, seed

    def hold(self, number: int) -> Conversation:
        """Hold conversation `number`; the same seed and number give the same one."""
        return _Holding(self, number).run()

    def again(self, conversation: Conversation, name: str, *, seeds: int = 0, until: int | None = None) -> Talk:
        """Say the same again in a new session of another listener, with the same seeds or, moved by `seeds`, others."""
        talk = Talk(self.assistant, f"{conversation.name} {name}")
        for turn in conversation.turns[:until]:
            talk.say(turn.text, turn.seed + seeds)
        return talk

    def talk(self, conversation: Conversation, name: str) -> Talk:
        """A new session of another listener, in which nothing was said yet."""
        return Talk(self.assistant, f"{conversation.name} {name}")

    def rng(self, number: int, use: int) -> np.random.Generator:
        """The randomness of one conversation for one use."""
        return np.random.default_rng((self.seed, number, use))


class _Holding:
    """One conversation as it is being held."""

    def __init__(self, talker: Talker, number: int) -> None:
        self._talker, self._judge, self._rng = talker, talker.judge, talker.rng(number, 0)
        self._words = Words(self._judge, load_vocabulary(), self._rng)
        self._name = f"{talker.seed} {number}"
        self._first_seed = int(self._rng.integers(2**30))
        self._turns: list[Turn] = []
        self._standing: tuple[Clause, ...] = ()

    def run(self) -> Conversation:
        anchor = self._judge.tracks[int(self._rng.integers(len(self._judge.tracks)))]
        wishes = self._words.wanted(anchor)
        opening = self._take(wishes, int(self._rng.integers(1, _MAX_WISHES + 1)), ())
        talk = Talk(self._talker.assistant, self._name)
        text = self._words.join(opening)
        unrefused: tuple[str, ...] = ()
        if self._rng.random() < _REFUSE_AT_ONCE:
            probe = Talk(self._talker.assistant, f"{self._name} without its refusal")
            unrefused = ids(probe.say(text, self._first_seed))
            if refused := self._refusal(unrefused, opening):
                opening = (*opening, refused)
                text = f"{text}, {refused.words}"
        self._say(talk, text, opening)
        n_turns = int(self._rng.integers(2, _MAX_TURNS + 1))
        while len(self._turns) < n_turns:
            kind = self._rng.random()
            stated: tuple[Clause, ...] = ()
            if kind < _REFUSE and (refused := self._refusal(self._turns[-1].slate, self._standing)):
                stated = (refused,)
            elif kind < _REFUSE + _ADD:
                stated = self._take(wishes, 1, self._standing)
            others = _LAST if len(self._turns) == n_turns - 1 else _OTHER
            text = stated[0].words if stated else str(self._rng.choice(others))
            self._say(talk, text, stated)
        return Conversation(self._name, tuple(self._turns), unrefused, talk)

    def _say(self, talk: Talk, text: str, stated: tuple[Clause, ...]) -> None:
        seed = self._first_seed + len(self._turns)
        self._standing = (*self._standing, *stated)
        slate = ids(talk.say(text, seed))
        self._turns.append(Turn(text, seed, stated, self._standing, slate))

    def _take(self, wishes: Iterable[Clause], n: int, standing: Sequence[Clause]) -> tuple[Clause, ...]:
        """The first n wishes about other things than what holds, in words."""
        taken: list[Clause] = []
        for wish in wishes:
            if len(taken) < n and wish.facet not in {clause.facet for clause in (*standing, *taken)}:
                taken.append(self._words.say(wish))
        return tuple(taken)

    def _refusal(self, slate: Sequence[str], standing: Sequence[Clause]) -> Clause | None:
        """Refuse something that a slate has, unless what is wanted always has it or it was refused before."""
        for track_id in self._rng.permutation(slate).tolist() if slate else ():
            track = self._judge[track_id]
            for clause in self._words.refusable(track):
                if self._contradicts(clause, standing):
                    continue
                if self._rng.random() < _SPARE and (spared := self._words.spare(clause, track)):
                    others = [one for one in slate if self._judge.has(one, spared)]
                    if others:
                        return spared
                return self._words.say(clause, track.artists[0])
        return None

    def _contradicts(self, refused: Clause, standing: Sequence[Clause]) -> bool:
        having = self._judge.having(refused)
        for clause in standing:
            if clause.wanted and not np.any(self._judge.having(clause) & ~having):
                return True
            if not clause.wanted and clause.facet is refused.facet and clause.value == refused.value:
                return True
        return False


def ids(reply: Reply) -> tuple[str, ...]:
    """The tracks of a slate, in order."""
    return tuple(track.track_id for track in reply.tracks)
