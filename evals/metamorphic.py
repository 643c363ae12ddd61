"""Do whole conversations hold to what they were told? Relations between replies, on conversations made of a catalogue.

Task. Conversations of two to five turns are composed from what real tracks of the catalogue have: an opening of one to
three wishes, sometimes with a refusal, then further wishes, refusals, and messages that ask for no property (a length,
a dial). Every turn is a whole `Assistant.reply`. Tracks are judged by `evals.metamorphic_judge`, from what their
sources state, never from the receipt. The relations, each with what makes a case count (a case that could not have
failed is *vacuous* and is left out):

    refusal        "no X" never yields X, in its own turn and in all that follow; counts if X was in the slate without
                   it
    addition       a further clause never adds violations of the others; counts if at least a slate of tracks meets all
                   clauses together, and some track meets the new one but not the others
    order          a message whose independent clauses come in another order, or which are said in another order turn
                   by turn, changes at most `MAX_CHANGED` of the slate; counts if twice a slate of tracks meets them
    dislike        of the tracks most like a disliked one, fewer are in the next slates than without the dislike (three
                   slates, the longest at most half of what fits, and at most half as many neighbours, so that a place
                   lost shows); counts if there is any in either
    undo           "undo" shows the playlist before, track by track and with its receipt, and "redo" takes that back;
                   what was asked then, asked again, gives what it gave; counts if the two playlists differ
    same seed      the same messages with the same seeds, from another listener, give the same slates; counts if other
                   seeds give others
    pins           "keep 1-4 and swap the rest for something calmer": positions kept then and later never move; counts
                   if any other position changed, and the session can keep positions at all

All but `dislike` have to hold in every case. A dislike works on what the joint space takes for near, a case is judged
by what tracks state, and in a pool that is alike throughout the two can differ: it has to hold in `MIN_DISLIKED` of
its cases.

Conventions. Every conversation is of a listener without history. A track violates a wish when it is known not to have
the property, and a refusal when it is known to have it. `holds` is the share of counting cases in which a relation
holds, `counts` the share of cases that count, each with Wilson's 95 % interval over cases. `changed` is the share of a
slate that is not in the other one. Cases of one conversation are not independent, which these intervals leave aside.

References: Chen, Cheung & Yiu (1998), "Metamorphic testing"; Wilson (1927), "Probable inference".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.reply import Reply
from assistant.session import SessionState
from evals.metamorphic_cases import Case, fill
from evals.metamorphic_judge import Clause, Judge
from evals.metamorphic_talk import Conversation, Talker, ids
from evals.metamorphic_words import list_clauses
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.types import Progress
from recsys.vocabulary import load_vocabulary

#: Most of a slate that may change where the order of independent clauses does.
MAX_CHANGED = 0.2
#: Clauses of one message whose order is changed.
MAX_CLAUSES = 4
#: Shortest and longest slate in which the neighbours of a disliked track are counted; a shorter one has too few.
MIN_WATCHED, MAX_WATCHED = 20, 60

_UNDO = ("undo", "undo that", "go back", "take that back", "back to the one before", "the previous playlist")
_CALMER = "something calmer"
_PINS: tuple[tuple[tuple[int, ...], tuple[str, ...]], ...] = (
    ((1, 2, 3, 4), (f"keep 1-4 and swap the rest for {_CALMER}",)),
    ((1, 2, 3, 4), (f"keep 1–4 and swap the rest for {_CALMER}",)),
    ((2, 5), (f"keep 2 and 5 and swap the rest for {_CALMER}",)),
    ((2, 5), ("keep 2 and 5", _CALMER)),
    ((1, 3, 6), (f"keep 1, 3 and 6 and swap the rest for {_CALMER}",)),
)
#: Whether a session can keep positions at all: without that, no position is ever promised to stay.
_KEEPS_POSITIONS = "pins" in SessionState.model_fields
_STANDS_BEHIND = ("from", "since", "before", "over", "under", "for", "with", "in", "of", "featuring", "without")


class Relations:
    """Looks at one conversation after the other, and collects the cases."""

    def __init__(self, talker: Talker) -> None:
        self._talker, self._judge = talker, talker.judge
        self.cases: list[Case] = []

    def look_at(self, number: int) -> None:
        """Hold a conversation and put every relation to it."""
        conversation = self._talker.hold(number)
        rng = self._talker.rng(number, 1)
        self._refusals(conversation)
        self._additions(conversation)
        self._order(conversation, rng)
        self._dislike(conversation, rng)
        self._same_seed(conversation)
        self._pins(conversation, rng)
        self._undo(conversation, rng)  # the last: it goes on with the conversation itself

    def _note(
        self,
        relation: str,
        kind: str,
        conversation: Conversation,
        told: str,
        *,
        counts: bool,
        holds: bool,
        changed: float | None = None,
    ) -> None:
        self.cases.append(Case(relation, kind, conversation.name, counts, holds, told, changed))

    def _named(self, track_id: str) -> str:
        return f"{self._judge[track_id].artist} – {self._judge[track_id].title}"

    def _refusals(self, conversation: Conversation) -> None:
        for number, turn in enumerate(conversation.turns):
            for refused in (clause for clause in turn.stated if not clause.wanted):
                found = [
                    f"turn {later + 1} ({other.text!r}) has {self._named(track_id)}"
                    for later, other in enumerate(conversation.turns[number:], number)
                    for track_id in other.slate
                    if self._judge.has(track_id, refused)
                ]
                before = any(self._judge.has(track_id, refused) for track_id in conversation.slate_before(number))
                self._note(
                    "refusal",
                    refused.facet.value,
                    conversation,
                    f"{turn.text!r}: {'; '.join(found)}",
                    counts=before,
                    holds=not found,
                )

    def _additions(self, conversation: Conversation) -> None:
        for number, (before, after) in enumerate(itertools.pairwise(conversation.turns), 1):
            if not after.stated or not before.slate or not after.slate:
                continue
            others, together = before.standing, self._judge.meeting(after.standing)
            room = self._judge.fill(after.standing) >= len(after.slate)
            tempting = np.any(self._judge.meeting(after.stated) & ~self._judge.meeting(others))
            more = [
                f"{clause.words!r} {n_before} → {n_after}"
                for clause in others
                if (n_after := self._judge.violations(after.slate, clause)) / len(after.slate)
                > (n_before := self._judge.violations(before.slate, clause)) / len(before.slate)
            ]
            self._note(
                "addition",
                "refused" if not after.stated[0].wanted else "wanted",
                conversation,
                f"turn {number + 1} {after.text!r}, {int(together.sum())} tracks meet all: {'; '.join(more)}",
                counts=bool(room and tempting),
                holds=not more,
            )

    def _order(self, conversation: Conversation, rng: np.random.Generator) -> None:
        clauses = [*conversation.last.standing][:MAX_CLAUSES]
        if len(clauses) < 2:
            return
        other = [clauses[number] for number in rng.permutation(len(clauses)).tolist()]
        if other == clauses:
            other.reverse()
        self._orders("in a message", conversation, [list_clauses(clauses)], [list_clauses(other)], clauses)
        head = next((clause for clause in clauses if clause.wanted and not _stands_behind(clause)), None)
        behind = [clause for clause in clauses if clause.wanted and _stands_behind(clause)]
        if head and len(behind) >= 2:
            said = [" ".join(clause.words for clause in (head, *tail)) for tail in (behind, behind[::-1])]
            self._orders("without commas", conversation, said[:1], said[1:], [head, *behind])

    def _orders(
        self,
        kind: str,
        conversation: Conversation,
        one: Sequence[str],
        other: Sequence[str],
        clauses: Sequence[Clause],
    ) -> None:
        slates: list[tuple[str, ...]] = []
        for number, said in enumerate((one, other)):
            talk = self._talker.talk(conversation, f"{kind} {number}")
            for text in said:
                talk.say(text, conversation.last.seed)
            slates.append(ids(talk.replies[-1]))
        first, second = slates
        changed = 1.0 - len(set(first) & set(second)) / max(len(first), len(second), 1)
        self._note(
            "order",
            kind,
            conversation,
            f"{' / '.join(one)!r} against {' / '.join(other)!r}: {changed:.0%} changed",
            counts=self._judge.fill(clauses) >= 2 * max(len(first), len(second), 1),
            holds=changed <= MAX_CHANGED,
            changed=changed,
        )

    def _dislike(self, conversation: Conversation, rng: np.random.Generator) -> None:
        last = conversation.last
        if not last.slate:
            return
        disliked = str(rng.choice(last.slate))
        n_watched = min(MAX_WATCHED, self._judge.fill(last.standing) // 2)
        if n_watched < MIN_WATCHED:
            return
        near = set(self._judge.neighbours(disliked, self._judge.meeting(last.standing), n_watched // 2))
        found = []
        for name in ("indifferent", "disliking"):
            talk = self._talker.again(conversation, name)
            if name == "disliking":
                talk.dislike(disliked)
            lengths = [n_watched * third // 3 for third in (1, 2, 3)]
            slates = [ids(talk.say(last.text, last.seed, n_tracks=length)) for length in lengths]
            found.append(sum(len(near.intersection(slate)) for slate in slates))
        self._note(
            "dislike",
            "one track",
            conversation,
            f"{self._named(disliked)}: {len(near)} neighbours shown {found[0]} → {found[1]} times in up to {n_watched}",
            counts=max(found) > 0,
            holds=found[1] < found[0],
        )

    def _same_seed(self, conversation: Conversation) -> None:
        again = self._talker.again(conversation, "again")
        others = self._talker.again(conversation, "with other seeds", seeds=1_000)
        said = [turn.slate for turn in conversation.turns]
        differing = [number for number, reply in enumerate(again.replies) if ids(reply) != said[number]]
        self._note(
            "same seed",
            "all turns",
            conversation,
            f"other slates in turns {', '.join(str(number + 1) for number in differing)}",
            counts=[ids(reply) for reply in others.replies] != said,
            holds=not differing,
        )

    def _pins(self, conversation: Conversation, rng: np.random.Generator) -> None:
        kept, said = _PINS[int(rng.integers(len(_PINS)))]
        last = conversation.last
        if len(last.slate) < max(kept):
            return
        talk = self._talker.again(conversation, "pinning")
        slates = [ids(talk.say(text, last.seed + step)) for step, text in enumerate((*said, "less famous ones"), 1)]
        moved = [
            f"{position} after {text!r}"
            for slate, text in zip(slates, (*said, "less famous ones"), strict=True)
            for position in kept
            if slate[position - 1 : position] != last.slate[position - 1 : position]
        ]
        others = [n for n in range(len(last.slate)) if n + 1 not in kept]
        changed = any(slate[n : n + 1] != last.slate[n : n + 1] for slate in slates for n in others)
        self._note(
            "pins",
            f"{len(kept)} positions",
            conversation,
            f"moved: {'; '.join(moved)}",
            counts=_KEEPS_POSITIONS and changed,
            holds=not moved,
        )

    def _undo(self, conversation: Conversation, rng: np.random.Generator) -> None:
        talk, turns = conversation.talk, conversation.turns
        shown = list(talk.replies)
        back = talk.say(str(rng.choice(_UNDO)), turns[-1].seed)
        forth = talk.say("redo", turns[-1].seed)
        again = [talk.say("undo", turns[-1].seed), talk.say(turns[-1].text, turns[-1].seed)]
        steps = [
            ("undo", back, shown[-2]),
            ("redo", forth, shown[-1]),
            ("undo after redo", again[0], shown[-2]),
        ]
        if turns[-1].stated:  # "something else" goes by what undone playlists have shown too
            steps.append(("the same wish after undo", again[1], shown[-1]))
        wrong = [name for name, found, expected in steps if _shown(found) != _shown(expected)]
        self._note(
            "undo",
            "a turn back",
            conversation,
            f"not as before: {', '.join(wrong)} of {turns[-1].text!r}",
            counts=ids(shown[-2]) != ids(shown[-1]),
            holds=not wrong,
        )


def _shown(reply: Reply) -> tuple[object, ...]:
    """What a reply puts on screen."""
    return ids(reply), reply.receipt, reply.total


def _stands_behind(clause: Clause) -> bool:
    return clause.words.split()[0] in _STANDS_BEHIND


def evaluate(
    catalogue: Path,
    n_conversations: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[Case]]:
    """Index a catalogue and look at `n_conversations` about it per seed."""
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            assistant.index(catalogue, progress=progress)
            cases = [case for seed in seeds for case in look(assistant, n_conversations, seed, progress=progress)]
            n_tracks = assistant.status().n_tracks
    stated = {"catalogue": catalogue, "tracks": n_tracks, "conversations": n_conversations}
    report = Report("segue eval metamorphic", stated | product_settings(settings), seeds)
    fill(report, cases)
    return report, cases


def look(assistant: Assistant, n_conversations: int, seed: int, *, progress: Progress | None = None) -> list[Case]:
    """Hold conversations with an assistant whose catalogue is indexed, and look at them."""
    catalogue = Catalogue.load(generations.current(assistant.settings.home).folder / "catalogue")
    judge = Judge([catalogue.track(row) for row in range(len(catalogue))], load_vocabulary())
    relations = Relations(Talker(assistant, judge, seed))
    for number in range(n_conversations):
        relations.look_at(number)
        if progress:
            progress("conversations", number + 1, n_conversations)
    return relations.cases
