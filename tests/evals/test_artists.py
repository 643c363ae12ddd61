"""Requests for artists: drawn fairly, judged by what sources write, and a refused artist is always noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.reply import Reply, SlateTrack
from evals.artist_requests import KINDS, SORTS, Artists, Asked, Named, Requests, sort_of
from evals.artists import Answered, Judge, failures, fill, look_at, tell
from evals.errors import EvaluationDataError
from evals.report import Report
from evals.run import eval_app
from recsys.catalogue import Catalogue
from recsys.text import artist_key
from recsys.types import Track

NAMES = ("Queen", "Simon & Garfunkel", "2Pac", "Beyoncé", "AC/DC", "Air", "Metallica", "Talking Heads", "Bob Marley")


def tracks() -> list[Track]:
    """Six works by each artist, and some by which artists are told from each other."""
    found = [
        Track(f"{name}-{n}", f"Work {chr(65 + n)} of {number}", (name,), genres=("rock" if number % 2 else "soul",))
        for number, name in enumerate(NAMES)
        for n in range(6)
    ]
    extra = {
        "guest": ("Slow (feat. Air)", ("Metallica",)),
        "with": ("Fast (with 2Pac and Air)", ("Metallica",)),
        "led": ("One Love", ("Bob Marley & The Wailers",)),
        "other": ("Crown", ("Queen Latifah",)),
        "live": ("Work A of 0 - Live", ("Queen",)),
    }
    return found + [Track(track_id, title, artists) for track_id, (title, artists) in extra.items()]


CATALOGUE = Catalogue.from_tracks(tracks())
JUDGE = Judge(CATALOGUE)


def named(name: str) -> Named:
    return Named(artist_key(name), name, sort_of(name), 6)


def reply(*track_ids: str) -> Reply:
    shown = [
        SlateTrack(position=n, track_id=track_id, title="", artist="", artists=(), link="")
        for n, track_id in enumerate(track_ids, 1)
    ]
    return Reply(session_id="s", turn=1, query="", text="", tracks=tuple(shown))


def by(name: str, n: int) -> list[str]:
    return [f"{name}-{number}" for number in range(n)]


@pytest.mark.parametrize(
    ("track_id", "name", "judged"),
    [
        ("Queen-0", "Queen", True),
        ("other", "Queen", False),
        ("guest", "Air", True),
        ("with", "2Pac", True),
        ("with", "Air", True),
        ("led", "Bob Marley", True),
        ("Metallica-0", "Air", False),
    ],
)
def test_a_track_is_by_whom_its_source_names(track_id: str, name: str, judged: bool) -> None:
    assert JUDGE.is_by(track_id, named(name)) is judged


def test_precision_is_over_the_works_that_there_are() -> None:
    asked = Asked("plain", "{x}", ("Queen",), wanted=(named("Queen"),))
    others = by("Air", 6)
    assert look_at(JUDGE, asked, [reply(*by("Queen", 6), *others)]).precision == 1, "six works, the live one is none"
    assert look_at(JUDGE, asked, [reply(*by("Queen", 3), *others)]).precision == 0.5
    assert look_at(JUDGE, asked, [reply(*others, *by("2Pac", 4), *by("Queen", 6))]).precision == 0, (
        "among the first ten"
    )
    assert look_at(JUDGE, asked, [reply()]).precision == 0


def test_what_else_counts_what_was_not_shown() -> None:
    asked = Asked("conversation", "what else by {x}", ("5 songs", "what else"), wanted=(named("Queen"),), again=True)
    first = reply(*by("Queen", 4))
    assert look_at(JUDGE, asked, [first, reply("Queen-4", "Queen-5", "Air-1")]).precision == 1, "two were left"
    assert (
        look_at(JUDGE, asked, [first, reply("Queen-5", "Air-1", "Air-2", "Air-3", "Air-4", "Queen-4")]).precision == 0.5
    )


def test_of_two_both_are_there() -> None:
    asked = Asked("two", "{x} and {y}", ("Queen and Air",), wanted=(named("Queen"), named("Air")))
    found = look_at(JUDGE, asked, [reply(*by("Queen", 6), *by("Air", 4))])
    assert (found.precision, found.both, found.failed) == (1, 1, False)
    found = look_at(JUDGE, asked, [reply(*by("Queen", 6), "live", "guest")])
    assert found.both == 1, "as a guest"
    found = look_at(JUDGE, asked, [reply(*by("Queen", 6))])
    assert (found.both, found.failed) == (0, True)


def test_who_is_refused_is_noticed_in_every_later_slate_and_never_before() -> None:
    full, refused = by("Metallica", 6) + by("Air", 6), named("Queen")
    asked = Asked("exclusion", "no {x}", ("Queen", "no Queen", "an hour"), refused=(refused,), since=1)
    first = reply(*by("Queen", 6))
    assert look_at(JUDGE, asked, [first, reply(*full), reply(*full)]).excluded == 0
    for slates in ([first, reply(*full, "live"), reply(*full)], [first, reply(*full), reply(*full, "Queen-3")]):
        found = look_at(JUDGE, asked, slates)
        assert (found.excluded, found.failed) == (1, True)
    assert look_at(JUDGE, asked, [first, reply(*full), reply("Air-1")]).filled == 0, "leaving out everybody"
    guest = Asked("like but not", "like {x} but not {x}", ("…",), refused=(named("Air"),), like=(named("Air"),))
    assert look_at(JUDGE, guest, [reply(*by("Queen", 6), *by("2Pac", 5), "guest")]).excluded == 1


def test_a_slate_like_an_artist_is_compared_with_chance() -> None:
    asked = Asked("like but not", "…", ("…",), refused=(named("Queen"),), like=(named("Queen"),))
    found = look_at(JUDGE, asked, [reply(*by("2Pac", 6), *by("Metallica", 2))])
    assert (found.related, found.chance) == (1, pytest.approx(24 / 52))


def drawn(seed: int, n: int = 280) -> list[Asked]:
    requests = Requests(Artists(CATALOGUE, 5), {"queen": ["soul"]}, np.random.default_rng(seed))
    return [requests.draw(KINDS[number % len(KINDS)]) for number in range(n)]


def test_requests_are_drawn_by_seed_and_every_kind_says_who_is_meant() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    for asked in drawn(1):
        assert bool(asked.wanted) != bool(asked.refused), asked
        assert (len(asked.wanted) == 2) == (asked.kind == "two" or "{y}" in asked.form)
        if asked.kind not in ("misspelt", "exclusion"):
            said = " ".join(asked.said).lower()
            assert all(one.name.lower() in said for one in (*asked.wanted, *asked.refused))
    ways = Counter(asked.form for asked in drawn(3) if asked.kind == "misspelt")
    assert set(ways) >= {"slip", "two slips", "joined", "spaceless", "bare", "cased"}


def test_sorts_of_names() -> None:
    names = {
        "Beyoncé": "accents",
        "2Pac": "numbers",
        "Simon & Garfunkel": "ampersand",
        "AC/DC": "marks",
        "Yes": "ordinary words",
    }
    names |= {
        "Abba": "short",
        "Metallica": "one word",
        "Talking Pictures": "ordinary words",
        "Daft Punkers": "several words",
    }
    assert {name: sort_of(name) for name in names} == names
    assert set(names.values()) == set(SORTS)


def test_a_misspelling_is_clear_or_drawn_anew() -> None:
    artists, queen = Artists(CATALOGUE, 5), named("Queen")
    assert artists.is_clear("quen", queen)
    assert not artists.is_clear("crown", queen), "a title"
    assert not artists.is_clear("ac dc", queen), "another artist"
    assert not artists.is_clear("aer", Named("are", "Are", "short", 6)), "as near to Air"


def test_a_catalogue_without_artists_enough_says_what_to_do() -> None:
    with pytest.raises(EvaluationDataError, match="lower --works"):
        Artists(CATALOGUE, 50)


def answered(**figures: float) -> Answered:
    refuses = "excluded" in figures
    who: dict[str, Sequence[Named]] = {"refused" if refuses else "wanted": (named("Queen"),)}
    asked = Asked("exclusion" if refuses else "plain", "{x}", ("Queen",), **who)  # type: ignore[arg-type]
    return Answered(asked, **figures)


def test_the_report_tells_kinds_apart_and_names_what_failed() -> None:
    found = [answered(precision=1.0), answered(precision=0.5), answered(excluded=1.0), answered(excluded=0.0)]
    report = Report("segue eval artist-requests", {}, [7])
    fill(report, found)
    assert report.results["segue"]["plain"]["p@10"].mean == 0.75
    assert report.results["segue"]["all"]["excluded"].mean == 0.5
    assert "p@10" not in report.results["segue"]["exclusion"]
    report.cases = failures(found)
    assert [case.get("p@10", case.get("excluded")) for case in report.to_json()["cases"]] == [0.5, 1.0]
    assert tell(found).startswith("1 of 2 sessions that refuse an artist showed one; 2 of 4 requests")


def test_every_command_has_a_name_of_its_own() -> None:
    """A second command of one name would hide the first without a word."""
    names = [one.name or one.callback.__name__ for one in eval_app.registered_commands if one.callback]
    assert len(names) == len(set(names))
    assert "artist_requests" in names
