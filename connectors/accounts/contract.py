"""What every account must do, clause by clause: tried on doubles in tests, and on the real service by the doctor.

It makes playlists whose names begin with "Segue check", and deletes them whatever comes of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from assistant.entries import Entry
from connectors.accounts.base import Account, There

_NOWHERE = Entry("A song that nobody has ever written qxzv", "No such band qxzv")


class BrokenClauseError(AssertionError):
    """A service, or Segue with it, does not do what a clause says."""


@dataclass
class Trial:
    """An account on trial, with tracks that it has."""

    account: Account
    name: str = field(default_factory=lambda: f"Segue check {secrets.token_hex(3)}")
    known: list[tuple[str, Entry]] = field(default_factory=list)

    def expect(self, true: bool, problem: str) -> None:
        """Break the clause unless something holds."""
        if not true:
            raise BrokenClauseError(problem)

    def mine(self) -> list[There]:
        """The playlists that this trial made."""
        return [one for one in self.account.patient(self.account.playlists) if one.name.startswith(self.name)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one clause; `problem` is empty where it holds."""

    clause: str
    problem: str = ""


def run_contract(account: Account) -> Iterator[Outcome]:
    """Try every clause in order, and yield what came of each as it is known."""
    trial = Trial(account)
    try:
        for words, clause in CLAUSES:
            problem = ""
            try:
                clause(trial)
            except Exception as error:  # whatever happens, the rest is tried and what was made is deleted
                problem = str(error) or type(error).__name__
            yield Outcome(words, problem)
            if problem and clause in _NEEDED:
                return
    finally:
        yield _cleaned(trial)


def _cleaned(trial: Trial) -> Outcome:
    words = "deletes what it made"
    try:
        for one in trial.mine():
            trial.account.patient(partial(trial.account.delete, one.playlist_id))
        left = trial.mine()
    except Exception as error:
        return Outcome(words, f"{error}; delete what is called “{trial.name}” by hand")
    return Outcome(words, f"{len(left)} playlists called “{trial.name}” are left; delete them by hand" if left else "")


def _signs_in(trial: Trial) -> None:
    trial.expect(bool(trial.account.patient(trial.account.owner)), "it does not say whose account it is")


def _finds(trial: Trial) -> None:
    examples = trial.account.patient(trial.account.examples)
    found: dict[str, Entry] = {}
    for entry in examples:
        hit = trial.account.patient(partial(trial.account.find, entry))
        trial.expect(hit is not None, f"it does not find {entry}")
        if hit is not None:
            trial.expect(hit[1] in ("name", "version", "isrc", "mbid", "id"), f"{entry} was found by {hit[1]!r}")
            found[hit[0]] = entry
    trial.known = [(f"segue-{number}", entry) for number, entry in enumerate(list(found.values())[:5])]
    trial.expect(len(trial.known) > 2, f"it finds {len(trial.known)} different tracks, and the trial needs three")


def _guesses_nothing(trial: Trial) -> None:
    hit = trial.account.patient(lambda: trial.account.find(_NOWHERE))
    trial.expect(hit is None, f"it takes {hit} for a track that nobody made")


def _makes(trial: Trial) -> None:
    report = trial.account.send_entries([*trial.known, ("nowhere", _NOWHERE)], trial.name, "made by Segue's doctor")
    trial.expect(report.complete, report.problem or f"{report.n_sent} of {len(trial.known)} tracks were sent")
    trial.expect([one.track_id for one in report.matched] == [one for one, _ in trial.known], "tracks are missing")
    trial.expect([one.track_id for one in report.unmatched] == ["nowhere"], "what it has not is not told")
    trial.expect(bool(report.unmatched[0].why), "why it was not sent is not told")
    there = trial.account.patient(lambda: trial.account.tracks(report.playlist_id))
    trial.expect(there == [one.service_id for one in report.matched], f"the order there is {there}")


def _same_again(trial: Trial) -> None:
    report = trial.account.send_entries(trial.known, trial.name)
    trial.expect(report.unchanged and report.complete, f"it was sent again as “{report.name}”")
    trial.expect(len(trial.mine()) == 1, f"there are {len(trial.mine())} playlists now")


def _other_tracks(trial: Trial) -> None:
    report = trial.account.send_entries(trial.known[::-1], trial.name)
    trial.expect(report.name == f"{trial.name} (2)", f"it is called “{report.name}”")
    trial.expect(report.complete, report.problem or "it is not whole")


def _goes_on(trial: Trial) -> None:
    account = trial.account
    begun = account.patient(lambda: account.make(f"{trial.name}, begun", "", public=False))
    first = account.patient(lambda: account.find(trial.known[0][1]))
    trial.expect(first is not None, "it no longer finds what it found")
    if first is not None:
        account.patient(lambda: account.add(begun.playlist_id, [first[0]]))
    report = account.send_entries(trial.known, begun.name)
    trial.expect(report.playlist_id == begun.playlist_id, "it began another one")
    trial.expect(report.complete and report.n_sent == len(trial.known), "it is not whole")


def _long(trial: Trial) -> None:
    account = trial.account
    ids = [hit[0] for _, entry in trial.known if (hit := account.patient(partial(account.find, entry)))]
    many = (ids * (account.batch // len(ids) + 2))[: account.batch + 1]
    there = account.patient(lambda: account.make(f"{trial.name}, long", "", public=False))
    account.patient(lambda: account.add(there.playlist_id, many[: account.batch]))
    account.patient(lambda: account.add(there.playlist_id, many[account.batch :]))
    trial.expect(
        account.patient(lambda: account.tracks(there.playlist_id)) == many, "not all tracks are there in order"
    )


#: What each clause says, and what tries it.
CLAUSES: tuple[tuple[str, Callable[[Trial], None]], ...] = (
    ("signs in", _signs_in),
    ("finds tracks that it has by title and artist", _finds),
    ("takes nothing for a track that it has not", _guesses_nothing),
    ("makes a playlist, in order, and says what is missing", _makes),
    ("makes nothing new of the same playlist", _same_again),
    ("gives other tracks under the same name a name of their own", _other_tracks),
    ("goes on with a playlist that was begun", _goes_on),
    ("takes more tracks than fit into one request", _long),
)
#: Without these the others cannot be tried.
_NEEDED = (_signs_in, _finds)
