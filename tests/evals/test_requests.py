"""The checker of the thirty requests: every kind of predicate on slates whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.reply import Reply, SlateTrack
from evals.errors import EvaluationDataError
from evals.requests import FriendlyRequest, Predicate, SlateChecker, load_requests
from recsys.catalogue import Catalogue
from recsys.types import Facet, Track
from recsys.vocabulary import load_vocabulary

TRACKS = [
    Track("a", "One", ("Anna",), year=1971, genres=("jazz",), energy=0.2, country="france", duration_s=300),
    Track("b", "Two", ("Anna",), year=1975, genres=("bebop",), energy=0.4, country="france", duration_s=300),
    Track("c", "Three", ("Carl",), year=1982, genres=("rock",), energy=0.9, country="japan", duration_s=300),
    Track("d", "Four", ("Dora",), duration_s=300),
    Track("d2", "Four (Live)", ("Dora",), duration_s=300),
]


@pytest.fixture(scope="module")
def checker() -> SlateChecker:
    return SlateChecker(Catalogue.from_tracks(TRACKS))


def reply(*track_ids: str, reason: str = "Because.") -> Reply:
    tracks = [track for track_id in track_ids for track in TRACKS if track.track_id == track_id]
    shown = tuple(
        SlateTrack(
            position=n,
            track_id=track.track_id,
            title=track.title,
            artist=track.artist,
            artists=track.artists,
            duration_s=track.duration_s,
            link="https://example.com",
            reason=reason,
        )
        for n, track in enumerate(tracks, start=1)
    )
    return Reply(session_id="s", turn=1, query="q", text="t", tracks=shown)


def met(checker: SlateChecker, answer: Reply, **predicate: object) -> bool | None:
    """Check one predicate, given as in the file."""
    request = FriendlyRequest.model_validate({"name": "n", "say": "s", "predicates": [predicate]})
    first, *_ = checker.check(request, answer)
    return first.met


def test_shares_count_unknown_against_the_slate(checker: SlateChecker) -> None:
    jazz = {"kind": "share", "facet": "genre", "values": ["jazz"]}
    assert met(checker, reply("a", "b"), **jazz, at_least=1.0)  # bebop is jazz
    assert met(checker, reply("a", "b", "c", "d"), **jazz, at_least=0.5)
    assert not met(checker, reply("a", "b", "c", "d"), **jazz, at_least=0.6)
    assert not met(checker, reply(), **jazz, at_least=0.1)
    assert met(checker, reply("a", "c"), kind="share", facet="energy", high=0.5, at_least=0.5)


def test_any_of_several_properties_is_enough(checker: SlateChecker) -> None:
    either = [{"facet": "genre", "values": ["rock"]}, {"facet": "era", "low": 1970, "high": 1972}]
    assert met(checker, reply("a", "c"), kind="share", any=either, at_least=1.0)
    assert not met(checker, reply("a", "b"), kind="share", any=either, at_least=1.0)


def test_none_means_not_one_known(checker: SlateChecker) -> None:
    rock = {"kind": "none", "facet": "genre", "values": ["rock"]}
    assert met(checker, reply("a", "d"), **rock)
    assert not met(checker, reply("a", "c"), **rock)
    assert not met(checker, reply(), **rock)  # an empty slate keeps no promise


def test_what_the_catalogue_never_says_cannot_be_checked(checker: SlateChecker) -> None:
    assert met(checker, reply("a"), kind="share", facet="language", values=["french"], at_least=0.5) is None


def test_spreads_sizes_and_lengths(checker: SlateChecker) -> None:
    slate = reply("a", "b", "c", "d")
    assert met(checker, slate, kind="spread", over="artist", at_least=3)
    assert not met(checker, slate, kind="spread", over="artist", at_least=4)
    assert met(checker, slate, kind="spread", over="decade", at_least=2)
    assert met(checker, slate, kind="spread", over="country", at_least=2)
    assert not met(checker, slate, kind="spread", over="genre", at_least=4)
    assert met(checker, slate, kind="tracks", number=4)
    assert not met(checker, slate, kind="tracks", number=5)
    assert met(checker, slate, kind="minutes", number=20)
    assert met(checker, slate, kind="minutes", number=21)  # within five per cent
    assert not met(checker, slate, kind="minutes", number=22)


def test_every_slate_is_held_to_what_nobody_needs_to_say(checker: SlateChecker) -> None:
    request = FriendlyRequest.model_validate(
        {"name": "n", "say": ["one", "two"], "predicates": [{"kind": "tracks", "number": 2}]}
    )
    good = {check.asked: check.met for check in checker.check(request, reply("a", "c"))}
    assert good == {
        "2 tracks": True,
        "at most 2 by one artist": True,
        "every work once": True,
        "a reason and an address each": True,
    }
    bad = {check.asked: check.met for check in checker.check(request, reply("d", "d2", reason=""))}
    assert bad["every work once"] is False
    assert bad["a reason and an address each"] is False


def test_a_request_may_ask_for_more_of_an_artist(checker: SlateChecker) -> None:
    request = FriendlyRequest.model_validate(
        {"name": "n", "say": "s", "predicates": [{"kind": "most_by_one_artist", "number": 1}]}
    )
    assert next(check.met for check in checker.check(request, reply("a", "b"))) is False
    assert [check.asked for check in checker.check(request, reply("a"))].count("at most 1 by one artist") == 1


def test_the_shipped_requests_are_thirty_and_say_what_the_vocabulary_knows() -> None:
    requests = load_requests()
    assert len(requests) == 30
    assert len({request.name for request in requests}) == 30
    vocabulary = load_vocabulary()
    for request in requests:
        assert len(request.predicates) >= 2, request.name
        for predicate in request.predicates:
            for wanted in predicate.any:
                known = vocabulary.words(wanted.facet)
                if wanted.facet is not Facet.ARTIST:
                    assert set(wanted.values) <= set(known), (request.name, wanted.values)


@pytest.mark.parametrize(
    "text",
    [
        "requests = 3",
        "[[requests]]\nname = 'x'\nsay = 'y'\npredicates = []",
        "[[requests]]\nname = 'x'\nsay = 'y'\npredicates = [{ kind = 'share', at_least = 0.5 }]",
        "[[requests]]\nname = 'x'\nsay = 'y'\npredicates = [{ kind = 'tracks' }]",
        "[[requests]]\nname = 'x'\nsay = 'y'\npredicates = [{ kind = 'share', facet = 'colour', at_least = 1 }]",
        "no toml",
    ],
)
def test_a_file_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "requests.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=r"evals/requests\.toml"):
        load_requests(path)


def test_predicates_read_well() -> None:
    share = Predicate.model_validate({"kind": "share", "facet": "genre", "values": ["jazz", "soul"], "at_least": 0.8})
    assert share.words() == "80% jazz or soul"
