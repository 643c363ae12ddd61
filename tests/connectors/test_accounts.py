"""Playlists reach accounts whole, in order and once; what does not match, and what stops the sending, is told."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.entries import Entry
from assistant.settings import Settings
from connectors.accounts import ACCOUNTS, open_account
from connectors.accounts.base import NOT_TAKEN, NOT_THERE, Account
from connectors.accounts.contract import CLAUSES, run_contract
from connectors.accounts.errors import NoClientError, NotSetUpError, ServiceError, SignInError, UnknownAccountError
from connectors.accounts.patience import Patience, retry_after_s
from connectors.accounts.spotify import SpotifyAccount, sign_in, token_path
from tests.connectors.doubles import listenbrainz, spotify, subsonic
from tests.connectors.doubles.library import LIBRARY, Song
from tests.connectors.doubles.listenbrainz import ListenBrainzDouble
from tests.connectors.doubles.server import Double
from tests.connectors.doubles.spotify import SpotifyDouble
from tests.connectors.doubles.subsonic import SubsonicDouble
from tests.connectors.replies import reply, track

DOUBLES: dict[str, type[Double]] = {
    "spotify": SpotifyDouble,
    "listenbrainz": ListenBrainzDouble,
    "subsonic": SubsonicDouble,
}
#: What adds tracks and what makes a playlist, by the end of its path.
ADD = {"spotify": "/items", "listenbrainz": "/item/add", "subsonic": "/updatePlaylist.view"}
MAKE = {"spotify": "/me/playlists", "listenbrainz": "/create", "subsonic": "/createPlaylist.view"}
SEARCH = {"spotify": "/search", "listenbrainz": "/lookup/", "subsonic": "/search3.view"}
SECRETS = ("sssh-", spotify.SECRET, listenbrainz.TOKEN, subsonic.PASSWORD)


@dataclass
class Desk:
    """An account at a double, and how long was waited for it."""

    name: str
    double: Any
    account: Account
    naps: list[float]

    def song_id(self, song: Song) -> str:
        return {"spotify": song.spotify, "listenbrainz": song.mbid, "subsonic": str(song.number)}[self.name]

    def there(self, name: str) -> list[list[str]]:
        """The tracks of every playlist of that name."""
        return [self.double.items[i] for i, called in self.double.names.items() if called == name]


def settings_for(name: str, double: Any, home: Path, **more: str) -> Settings:
    given: dict[str, Any] = {
        "spotify": lambda: double.settings(),
        "listenbrainz": lambda: {"token": listenbrainz.TOKEN, "url": double.url},
        "subsonic": lambda: {"url": f"{double.url}/music", "user": subsonic.USER, "password": subsonic.PASSWORD},
    }
    return Settings(home=home, **{name: given[name]() | more})


def open_desk(name: str, double: Any, home: Path) -> Desk:
    settings = settings_for(name, double, home)
    if name == "spotify":
        begun = sign_in(settings)
        begun.finish(double.allow(begun.address))
    account = open_account(name, settings)
    naps: list[float] = []
    account.patient = Patience(account.service, sleep=naps.append)
    double.asked.clear()
    return Desk(name, double, account, naps)


@pytest.fixture(params=list(DOUBLES))
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with DOUBLES[request.param]() as double:
        opened = open_desk(request.param, double, tmp_path)
        yield opened
        opened.account.close()


@pytest.fixture
def at_spotify(tmp_path: Path) -> Iterator[Desk]:
    with SpotifyDouble() as double:
        opened = open_desk("spotify", double, tmp_path)
        yield opened
        opened.account.close()


def entries(songs: list[Song]) -> list[tuple[str, Entry]]:
    return [(f"t{song.number}", Entry(song.title, song.artist)) for song in songs]


MANY = [song for song in LIBRARY if song.artist == "Many"][:205]


def test_every_clause_of_the_contract_holds_and_nothing_is_left(desk: Desk) -> None:
    before = set(desk.double.names)
    outcomes = list(run_contract(desk.account))
    assert [one for one in outcomes if one.problem] == []
    assert len(outcomes) == len(CLAUSES) + 1
    assert set(desk.double.names) == before


def test_the_contract_holds_as_spotify_is_since_february_2026(at_spotify: Desk) -> None:
    at_spotify.double.old = False
    assert [one for one in run_contract(at_spotify.account) if one.problem] == []
    assert at_spotify.double.names == {}


def test_the_contract_tells_a_service_that_loses_tracks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    add = desk.account.add
    monkeypatch.setattr(desk.account, "add", lambda playlist_id, ids: add(playlist_id, ids[:-1]))
    broken = [one.clause for one in run_contract(desk.account) if one.problem]
    assert "makes a playlist, in order, and says what is missing" in broken
    assert "takes more tracks than fit into one request" in broken
    assert not [name for name in desk.double.names.values() if name.startswith("Segue check")]


def test_a_slate_is_sent_by_the_surest_match_and_the_rest_is_told(desk: Desk) -> None:
    slate = reply(
        track(1, "Alison", duration_s=231.0),
        track(2, "Vapour Trail", artist="Ride", artists=("Ride",), ids={"isrc": "GBAAA9000001"}),
        track(3, "Yellow", artist="Coldplay", artists=("Coldplay",)),
        track(4, "Not Anywhere", artist="Nobody", artists=("Nobody",)),
    )
    report = desk.account.send(slate, "Rainy / “sunday” 🌧️")
    assert report.complete
    assert [(one.track_id, one.title, one.artist, one.why) for one in report.unmatched] == [
        ("id-4", "Not Anywhere", "Nobody", NOT_THERE)
    ]
    by_isrc = "name" if desk.name == "listenbrainz" else "isrc"
    assert [one.how for one in report.matched] == ["name", by_isrc, "version"]
    wanted = [desk.song_id(LIBRARY[n]) for n in (3, 4, 6)]
    assert desk.there("Rainy / “sunday” 🌧️") == [wanted]
    assert report.url.startswith("http")


@pytest.mark.parametrize(
    ("title", "artist"),
    [("Alison", "A Karaoke Band"), ("Alison (Acoustic Cover)", "Slowdive"), ("Alisson", "Slowdive")],
)
def test_the_first_hit_of_a_search_is_not_taken_for_what_was_meant(desk: Desk, title: str, artist: str) -> None:
    assert desk.account.find(Entry(title, artist)) is None


def test_205_tracks_go_in_three_parts_and_stay_in_order(desk: Desk) -> None:
    report = desk.account.send_entries(entries(MANY), "Many")
    assert report.complete
    assert report.n_sent == 205
    assert desk.there("Many") == [[desk.song_id(song) for song in MANY]]
    assert desk.double.count("POST", ADD[desk.name]) == 3


def test_more_than_a_service_takes_at_once_is_refused_by_the_double(desk: Desk) -> None:
    there = desk.account.make("Too many", "", public=False)
    with pytest.raises(ValueError, match="did not take it"):
        desk.account.add(there.playlist_id, [desk.song_id(song) for song in MANY[:101]])


def test_the_same_playlist_twice_is_one_playlist_and_other_tracks_get_another(desk: Desk) -> None:
    first = desk.account.send_entries(entries(MANY[:3]), "Mix")
    again = desk.account.send_entries(entries(MANY[:3]), "Mix")
    assert (again.playlist_id, again.unchanged, again.n_sent) == (first.playlist_id, True, 3)
    other = desk.account.send_entries(entries(MANY[5:7]), "Mix")
    assert (other.name, other.complete) == ("Mix (2)", True)
    assert len(desk.there("Mix")) == len(desk.there("Mix (2)")) == 1


def test_two_tracks_that_are_one_there_are_sent_once_and_told(desk: Desk) -> None:
    twice = [("a", Entry("Vapour Trail", "Ride")), ("b", Entry("Vapour Trail (2010 Remaster)", "Ride"))]
    report = desk.account.send_entries(twice, "Twice")
    assert (report.n_sent, [one.track_id for one in report.unmatched]) == (1, ["b"])


def test_nothing_is_made_of_tracks_that_are_not_there(desk: Desk) -> None:
    report = desk.account.send_entries([("x", Entry("Not Anywhere", "Nobody"))], "Empty")
    assert (report.playlist_id, report.url, report.complete) == ("", "", False)
    assert desk.there("Empty") == []


def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(desk: Desk) -> None:
    desk.double.fail(SEARCH[desk.name], 429, headers={"Retry-After": "7"}, times=2)
    desk.double.fail(ADD[desk.name], 429, headers={"Retry-After": "3"})
    report = desk.account.send_entries(entries(MANY[:2]), "Busy")
    assert report.complete
    assert desk.naps == [7.0, 7.0, 3.0]


def test_a_service_that_asks_for_an_hour_is_not_waited_for(desk: Desk) -> None:
    desk.double.fail(SEARCH[desk.name], 429, headers={"Retry-After": "3600"})
    with pytest.raises(ServiceError, match=r"busy.*120 s is all that is waited; try again later"):
        desk.account.send_entries(entries(MANY[:2]), "Never")
    assert desk.naps == []
    assert desk.there("Never") == []


def test_what_was_sent_before_a_failure_is_told_and_sending_again_goes_on_from_there(desk: Desk) -> None:
    desk.double.fail(ADD[desk.name], 429, headers={"Retry-After": "900"}, after=1, times=1)
    report = desk.account.send_entries(entries(MANY[:105]), "Half")
    assert (report.n_sent, report.complete, len(report.matched)) == (100, False, 105)
    assert "busy" in report.problem
    assert [len(one) for one in desk.there("Half")] == [100]
    again = desk.account.send_entries(entries(MANY[:105]), "Half")
    assert (again.playlist_id, again.complete, again.n_sent) == (report.playlist_id, True, 105)
    assert desk.there("Half") == [[desk.song_id(song) for song in MANY[:105]]]


@pytest.mark.parametrize("done", [False, True])
def test_a_failing_service_is_asked_again_without_doing_anything_twice(desk: Desk, done: bool) -> None:
    # Spotify lists and makes playlists at one address: the first time it is asked to list them.
    desk.double.fail(MAKE[desk.name], 502, done=done, after=int(desk.name == "spotify"))
    desk.double.fail(ADD[desk.name], 503, done=done)
    report = desk.account.send_entries(entries(MANY[:102]), "Shaky")
    assert report.complete
    assert desk.there("Shaky") == [[desk.song_id(song) for song in MANY[:102]]]


def test_a_service_that_always_fails_is_given_up(desk: Desk) -> None:
    desk.double.fail(SEARCH[desk.name], 500, times=100)
    with pytest.raises(ServiceError, match="it answered 500; try again later"):
        desk.account.send_entries(entries(MANY[:1]), "Never")
    assert desk.naps == [0.5, 1.0, 2.0]


def test_a_service_that_is_gone_is_an_error_in_one_sentence(desk: Desk) -> None:
    desk.double.stop()
    with pytest.raises(ServiceError, match=r"cannot be reached \(\w+\); try again later"):
        desk.account.send_entries(entries(MANY[:1]), "Never")


def test_one_track_that_the_service_refuses_does_not_stop_the_others(at_spotify: Desk) -> None:
    gone = ("gone", Entry("Gone", "Nobody", ids={"spotify": "0" * 22}))
    report = at_spotify.account.send_entries([*entries(MANY[:2]), gone, *entries(MANY[2:4])], "Mixed")
    assert report.complete
    assert [(one.track_id, one.why) for one in report.unmatched] == [("gone", NOT_TAKEN)]
    assert at_spotify.there("Mixed") == [[song.spotify for song in MANY[:4]]]
    again = at_spotify.account.send_entries([*entries(MANY[:2]), gone, *entries(MANY[2:4])], "Mixed")
    assert (again.playlist_id, again.complete, again.n_sent) == (report.playlist_id, True, 4)
    assert [(one.track_id, one.why) for one in again.unmatched] == [("gone", NOT_TAKEN)]
    assert at_spotify.there("Mixed") == [[song.spotify for song in MANY[:4]]]
    assert at_spotify.there("Mixed (2)") == []


def test_a_playlist_of_which_nothing_was_taken_is_not_complete(at_spotify: Desk) -> None:
    gone = [(f"gone{n}", Entry("Gone", "Nobody", ids={"spotify": str(n) * 22})) for n in range(2)]
    report = at_spotify.account.send_entries(gone, "None")
    assert (report.n_sent, report.matched, report.complete) == (0, (), False)
    assert [one.why for one in report.unmatched] == [NOT_TAKEN, NOT_TAKEN]


def test_ids_of_the_service_are_used_without_a_search(tmp_path: Path) -> None:
    for name, ids, how in (
        ("spotify", {"spotify": LIBRARY[4].spotify}, "id"),
        ("listenbrainz", {"mbid": LIBRARY[4].mbid}, "mbid"),
    ):
        with DOUBLES[name]() as double:
            desk = open_desk(name, double, tmp_path / name)
            report = desk.account.send_entries([("t", Entry("Other words", "Nobody", ids=ids))], "By id")
            assert [(one.how, one.service_id) for one in report.matched] == [(how, desk.song_id(LIBRARY[4]))]
            assert not double.count("GET", SEARCH[name])
            desk.account.close()


def test_an_isrc_without_proof_is_believed_only_with_the_names(at_spotify: Desk) -> None:
    at_spotify.double.old = False
    find = at_spotify.account.find
    assert find(Entry("Vapour Trail", "Ride", ids={"isrc": "GBAAA9000001"})) == (LIBRARY[4].spotify, "isrc")
    assert find(Entry("Something Else", "Nobody", ids={"isrc": "GBAAA9000001"})) is None


# --- signing in ---


@pytest.mark.parametrize("name", ["listenbrainz", "subsonic"])
def test_wrong_credentials_are_told_with_the_setting_that_holds_them(name: str, tmp_path: Path) -> None:
    with DOUBLES[name]() as double:
        field = {"listenbrainz": "token", "subsonic": "password"}[name]
        account = open_account(name, settings_for(name, double, tmp_path, **{field: "sssh-wrong"}))
        with pytest.raises(SignInError, match=rf"not valid.*SEGUE_{name.upper()}__") as caught:
            account.send_entries(entries(MANY[:1]), "Never")
        assert "sssh" not in str(caught.value)
        account.close()


def test_a_token_that_ended_is_refreshed_while_a_playlist_is_sent(at_spotify: Desk) -> None:
    double = at_spotify.double
    old = json.loads(token_path_of(at_spotify).read_text())["access_token"]
    double.end_tokens()
    assert at_spotify.account.send_entries(entries(MANY[:3]), "Fresh").complete
    assert double.count("POST", "/api/token") == 1
    assert json.loads(token_path_of(at_spotify).read_text())["access_token"] != old
    double.end_tokens()
    double.refresh.clear()
    with pytest.raises(SignInError, match="the sign-in has ended; run `segue login spotify`"):
        at_spotify.account.send_entries(entries(MANY[:3]), "Never")


def test_a_token_is_refreshed_before_its_time_is_over(at_spotify: Desk) -> None:
    path = token_path_of(at_spotify)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expires_at": 1}))
    assert at_spotify.account.send_entries(entries(MANY[:1]), "Fresh").complete
    assert at_spotify.double.count("POST", "/api/token") == 1


def token_path_of(desk: Desk) -> Path:
    assert isinstance(desk.account, SpotifyAccount)
    path = desk.account._oauth.cache_handler.path
    assert isinstance(path, Path)
    return path


def test_the_token_is_for_its_owner_alone(at_spotify: Desk) -> None:
    path = token_path_of(at_spotify)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    at_spotify.double.end_tokens()
    at_spotify.account.patient(at_spotify.account.playlists)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_address_of_another_sign_in_is_not_taken(tmp_path: Path) -> None:
    with SpotifyDouble() as double:
        settings = settings_for("spotify", double, tmp_path)
        begun, other = sign_in(settings), sign_in(settings)
        for address in (double.allow(other.address), "http://127.0.0.1:8888/callback?error=access_denied", "nonsense"):
            with pytest.raises(SignInError, match="run `segue login spotify` again and paste the whole address"):
                begun.finish(address)
        assert not token_path(tmp_path).exists()
        with pytest.raises(NotSetUpError, match="nobody is signed in; run `segue login spotify`"):
            open_account("spotify", settings)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_missing_setting_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotSetUpError, match=rf"SEGUE_{name.upper()}__\w+ is empty; "):
        open_account(name, Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("name", "package"), [("spotify", "spotipy"), ("listenbrainz", "liblistenbrainz"), ("subsonic", "libopensonic")]
)
def test_a_missing_client_library_is_told_with_what_installs_it(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"connectors.accounts.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NoClientError, match=rf"is not installed; run `pip install 'segue\[{name}\]'`"):
        open_account(name, Settings(home=tmp_path))


def test_an_unknown_service_is_told_from_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownAccountError, match="'tidal'; use one of spotify, listenbrainz, subsonic"):
        open_account("tidal", Settings(home=tmp_path))


def test_no_secret_is_logged_or_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.double.fail(ADD[desk.name], 503)
    report = desk.account.send_entries(entries(MANY[:2]), "Secret")
    if desk.name == "spotify":
        desk.double.end_tokens()
    again = desk.account.send_entries(entries(MANY[:3]), "Secret")
    said = caplog.text + report.model_dump_json() + again.model_dump_json() + repr(desk.account)
    assert report.complete
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        (None, None),
    ],
)
def test_how_long_to_wait_is_read_as_seconds_or_as_a_date(header: str | None, expected: float | None) -> None:
    assert retry_after_s({} if header is None else {"retry-after": header}) == expected
