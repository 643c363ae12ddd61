"""MusicBrainz and ListenBrainz are asked politely, answer for the track that was meant, and may fail without harm."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import musicbrainzngs.musicbrainz
import pytest

from assistant.lookups import Asked, LookedUp
from assistant.settings import Settings
from connectors.accounts.errors import NoClientError, NotSetUpError, ServiceError, SignInError
from connectors.accounts.listenbrainz import Client
from connectors.accounts.patience import Patience
from connectors.lookups import open_lookup
from connectors.lookups.listenbrainz import ListenBrainzLookup
from connectors.lookups.musicbrainz import MusicBrainz
from connectors.lookups.same import likeness
from tests.connectors.doubles import listenbrainz
from tests.connectors.doubles.library import LIBRARY
from tests.connectors.doubles.listenbrainz import ListenBrainzDouble
from tests.connectors.doubles.musicbrainz import RECORDINGS, MusicBrainzDouble

#: The library leaves the answers that it asks again after unread, and their sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
ROADS = Asked("Roads", "Portishead")


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.naps: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(musicbrainzngs.musicbrainz, "time", SimpleNamespace(time=made.time, sleep=made.sleep))
    limited = musicbrainzngs.musicbrainz._mb_request
    monkeypatch.setattr(limited, "remaining_requests", None)
    monkeypatch.setattr(limited, "last_call", 0.0)
    return made


@pytest.fixture
def double(clock: Clock) -> Iterator[MusicBrainzDouble]:
    with MusicBrainzDouble(clock.time) as opened:
        yield opened
    gc.collect()


@pytest.fixture
def musicbrainz(double: MusicBrainzDouble) -> MusicBrainz:
    return MusicBrainz(double.url, "ann@example.org")


def test_a_recording_is_described_by_itself_and_by_its_artist(musicbrainz: MusicBrainz) -> None:
    found = musicbrainz.look_up(ROADS)
    assert found is not None
    assert (found.year, found.duration_s, found.country) == (1994, 304.0, "GB")
    assert dict(found.words)["trip hop"] == 8 + 13
    assert found.match > 0.9


def test_another_artists_recording_and_another_title_are_not_the_track(musicbrainz: MusicBrainz) -> None:
    assert musicbrainz.look_up(Asked("Roads", "Somebody Else")) is None
    assert musicbrainz.look_up(Asked("Numb", "Portishead")) is None


def test_signs_of_the_query_language_are_only_words(musicbrainz: MusicBrainz) -> None:
    found = musicbrainz.look_up(Asked('R & B <"Love">', "AC/DC"))
    assert found is not None
    assert (found.year, found.duration_s, found.country) == (1980, None, "AU")


def test_an_id_finds_the_recording_without_a_search_and_a_dead_id_falls_back_on_the_name(
    musicbrainz: MusicBrainz, double: MusicBrainzDouble
) -> None:
    found = musicbrainz.look_up(Asked("other words", "Portishead", mbid=RECORDINGS[0].mbid))
    assert found is not None
    assert (found.match, found.year) == (1.0, 1994)
    assert double.count("GET", "/recording/") == 0
    again = musicbrainz.look_up(Asked("Roads", "Portishead", mbid="20000000-0000-4000-8000-999999999999"))
    assert again is not None
    assert again.match < 1


def test_no_more_than_one_request_a_second_goes_out_and_an_artist_is_asked_for_once(
    musicbrainz: MusicBrainz, double: MusicBrainzDouble, clock: Clock
) -> None:
    began = clock.now
    for title in ("Roads", "Roads (live)", "Nothing"):
        musicbrainz.look_up(Asked(title, "Portishead"))
    assert double.n_too_soon == 0
    assert sum("/artist/" in one.path for one in double.asked) == 1
    assert clock.now - began >= len(double.asked) - 1 > 2


def test_a_busy_service_is_asked_again_later_and_later(
    musicbrainz: MusicBrainz, double: MusicBrainzDouble, clock: Clock
) -> None:
    double.fail("/recording/", 503, times=3)
    found = musicbrainz.look_up(ROADS)
    assert found is not None
    assert [nap for nap in clock.naps if nap >= 2][:3] == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(("status", "said"), [(503, "it answered 503"), (400, "cannot be read")])
def test_a_service_that_always_fails_is_an_error_in_one_sentence(
    musicbrainz: MusicBrainz, double: MusicBrainzDouble, status: int, said: str
) -> None:
    double.fail("/recording/", status, times=100)
    with pytest.raises(ServiceError, match=f"{said}.*try again later"):
        musicbrainz.look_up(ROADS)


def test_a_service_that_is_gone_is_an_error_in_one_sentence(
    musicbrainz: MusicBrainz, double: MusicBrainzDouble
) -> None:
    double.stop()
    with pytest.raises(ServiceError, match=r"cannot be reached \(\w+\)"):
        musicbrainz.look_up(ROADS)


def test_who_asks_musicbrainz_has_to_say_who_they_are(tmp_path: Path) -> None:
    with pytest.raises(NotSetUpError, match="SEGUE_MUSICBRAINZ__CONTACT"):
        open_lookup("musicbrainz", Settings(_env_file=None, home=tmp_path))
    with pytest.raises(NotSetUpError, match="SEGUE_LISTENBRAINZ__TOKEN"):
        open_lookup("listenbrainz", Settings(_env_file=None, home=tmp_path))


def test_a_missing_client_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "musicbrainzngs", None)
    monkeypatch.delitem(sys.modules, "connectors.lookups.musicbrainz", raising=False)
    with pytest.raises(NoClientError, match=r"pip install 'segue\[musicbrainz\]'"):
        open_lookup("musicbrainz", Settings(_env_file=None, home=tmp_path, musicbrainz={"contact": "ann@example.org"}))


# --- ListenBrainz ---


class KnowingDouble(ListenBrainzDouble):
    """ListenBrainz that tells what it knows of a recording, in the form of its metadata cache."""

    def _lookup(self, asked: Any) -> Any:
        status, found = super()._lookup(asked)
        if found and asked.one("metadata") == "true":
            assert asked.one("inc").split() == ["artist", "tag", "release"]
            found = found | {
                "metadata": {
                    "recording": {"length": 231000, "rels": []},
                    "release": {"name": "An album", "year": 1993},
                    "artist": {"name": found["artist_credit_name"], "artists": [{"area": "United Kingdom"}]},
                    "tag": {
                        "recording": [{"tag": "shoegaze", "count": 3}],
                        "artist": [{"tag": "shoegaze", "count": 9}, {"tag": "dreamy", "count": 2}, {"tag": None}],
                    },
                }
            }
        return status, found


@pytest.fixture
def at_listenbrainz() -> Iterator[tuple[KnowingDouble, ListenBrainzLookup, list[float]]]:
    naps: list[float] = []
    with KnowingDouble() as opened:
        client = Client(opened.url, listenbrainz.TOKEN)
        yield opened, ListenBrainzLookup(client, lambda: Patience("ListenBrainz", sleep=naps.append)), naps
        client.session.close()


def test_one_request_tells_all_that_listenbrainz_knows(at_listenbrainz: Any) -> None:
    double, lookup, _ = at_listenbrainz
    found = lookup.look_up(Asked("Alison", "Slowdive"))
    assert isinstance(found, LookedUp)
    assert (found.year, found.duration_s, found.country) == (1993, 231.0, "United Kingdom")
    assert dict(found.words) == {"shoegaze": 12, "dreamy": 2}
    assert len(double.asked) == 1
    assert any(song.title == "Alison" for song in LIBRARY)


def test_what_listenbrainz_finds_near_a_name_is_not_taken_for_it(at_listenbrainz: Any) -> None:
    _, lookup, _ = at_listenbrainz
    assert lookup.look_up(Asked("Alison", "A Karaoke Band")) is None
    assert lookup.look_up(Asked("Not Anywhere", "Nobody")) is None


def test_listenbrainz_is_waited_for_as_long_as_it_asks(at_listenbrainz: Any) -> None:
    double, lookup, naps = at_listenbrainz
    double.fail("/lookup/", 429, headers={"Retry-After": "7"})
    double.fail("/lookup/", 503)
    assert lookup.look_up(Asked("Alison", "Slowdive")) is not None
    assert naps == [7.0, 1.0]
    double.fail("/lookup/", 429, headers={"Retry-After": "3600"})
    with pytest.raises(ServiceError, match="120 s is all that is waited"):
        lookup.look_up(Asked("Alison", "Slowdive"))
    double.fail("/lookup/", 401)
    with pytest.raises(SignInError, match="the token is not valid"):
        lookup.look_up(Asked("Alison", "Slowdive"))


def test_a_version_is_less_surely_the_track_and_another_length_less_still() -> None:
    asked = Asked("Roads", "Portishead", duration_s=304.0)
    same, far = (likeness(asked, "Roads", ["Portishead"], seconds) for seconds in (310.0, 400.0))
    live = likeness(asked, "Roads (Live)", ["portishead"], None)
    assert 1 > same > far > 0
    assert same > live > 0
    assert likeness(asked, "Numb", ["Portishead"]) == likeness(asked, "Roads", ["Beck"]) == 0
