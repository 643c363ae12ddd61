"""A slate for several listeners who have agreed to it: whom each track is for, and nothing of anybody's taste.

Everybody's history has a part in the ranking (`recsys.groups`). What is said to a group comes from the request, from
the catalogue, and from counts of whom tracks fit: never from what somebody liked, disliked or played, here or
elsewhere. A track "fits" a listener to whom it is new and who, asking alone, would have it among the very first, of
which there are hardly more than their share of the playlist. What somebody has in their history is for others only, so
that nobody's history can be read off a playlist. A group needs a session of its own: what was told in one before is not
taken back. The session is the asker's; what somebody likes or dislikes in words is the taste of who said it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.explain import MAX_REASON
from assistant.history import History
from assistant.phrasebook import Phrasebook
from assistant.reply import Message, ReceiptLine, SlateTrack
from assistant.store import identity
from recsys.groups import owed
from recsys.past import Past
from recsys.recommendation import Pick, Query, Recommendation
from recsys.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Circle:
    """Whom a turn is for."""

    asker: str
    speaker: str  # who wrote the message
    others: tuple[History, ...] = ()  # none for a listener alone

    @classmethod
    def of(cls, message: Message, read: Callable[[str], History]) -> Circle:
        """Read the histories of those whom a message names beside the asker, each once."""
        asker = identity(message.listener_id)
        named = dict.fromkeys(identity(one) for one in message.group)
        speaker = asker if message.speaker is None else identity(message.speaker)
        return cls(asker, speaker, tuple(read(one) for one in named if one != asker))

    @property
    def member_speaking(self) -> str | None:
        """Who wrote the message, if not the asker."""
        return None if self.speaker == self.asker else self.speaker

    @property
    def speaks_alone(self) -> bool:
        """Whether nobody but the asker takes part, so that what is said of the session is theirs to say."""
        return not self.others and self.speaker == self.asker

    @property
    def members(self) -> tuple[str, ...]:
        """Their ids, the asker's first."""
        return (self.asker, *(other.listener_id for other in self.others))

    def outward(self, history: History) -> History:
        """What may be told of the asker's history: all of it to them alone, and nothing before others."""
        if not self.others:
            return history
        return replace(history, events=Past(), rated={}, relations={}, kept_back={}, before_others=True)

    def recommend(
        self, recommender: Recommender, ask: Callable[[History], Query], history: History
    ) -> tuple[Query, Recommendation]:
        """Let everybody ask the same, each with a history of their own; return the asker's query and the slate."""
        query = ask(history)
        return query, recommender.recommend(query, tuple(map(ask, self.others)))

    def tracks(self, tracks: Sequence[SlateTrack], picks: Sequence[Pick], book: Phrasebook) -> tuple[SlateTrack, ...]:
        """Say of each track whom it is for: those it fits, else the one who has it highest."""
        if not self.others:
            return tuple(tracks)
        n, members = len(self.members), self.members
        told = []
        for track, pick in zip(tracks, picks, strict=True):
            whom = tuple(members[number] for number in pick.fits or (pick.keenest,))
            fits = book("fits {n} of {total} of you", n=len(pick.fits), total=n)
            reason = f"{track.reason.removesuffix('.')}; {fits}."
            fitting = bool(pick.fits) and len(reason) <= MAX_REASON
            told.append(track.model_copy(update={"whom": whom, "reason": reason if fitting else track.reason}))
        return tuple(told)

    def receipt(self, lines: Sequence[ReceiptLine], picks: Sequence[Pick], book: Phrasebook) -> tuple[ReceiptLine, ...]:
        """Count how fair the slate is; what would count somebody's history is left out."""
        if not self.others or not picks:
            return tuple(lines)
        weighed = {"delivered": book("weighed for each of you")}
        lines = [line.model_copy(update=weighed) if line.chip == "discovery" else line for line in lines]
        of_each = [sum(number in pick.fits for pick in picks) for number in range(len(self.members))]
        total, least, most = len(picks), min(of_each), max(of_each)
        floor = owed(total, len(self.members))
        each = book("{n} each", n=least) if least == most else book("{least} to {most} each", least=least, most=most)
        fair = ReceiptLine(
            constraint=book("tracks that fit each of you"),
            hard=True,
            asked=book("at least {n} of {total}", n=floor, total=total),
            delivered=each,
            relaxed=least < floor,
        )
        n_fitting = sum(bool(pick.fits) for pick in picks)
        somebody = ReceiptLine(
            constraint=book("tracks that fit one of you at least"),
            hard=False,
            asked=book("preferred"),
            delivered=book("{n} of {total}", n=n_fitting, total=total),
            n_met=n_fitting,
            n_total=total,
        )
        return (*lines, fair, somebody)
