"""Accounts from the command line: sign in, send, try the contract; each ends with a status that scripts can use."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assistant.reply import Reply
from connectors import cli, sending
from connectors.accounts.spotify import token_path
from connectors.cli import app
from tests.connectors.doubles.listenbrainz import TOKEN, ListenBrainzDouble
from tests.connectors.doubles.spotify import SpotifyDouble
from tests.connectors.doubles.subsonic import PASSWORD, USER, SubsonicDouble
from tests.connectors.replies import reply, track


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder for each test, and the log level as it was."""
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture
def at_listenbrainz(monkeypatch: pytest.MonkeyPatch) -> Iterator[ListenBrainzDouble]:
    with ListenBrainzDouble() as double:
        monkeypatch.setenv("SEGUE_LISTENBRAINZ__TOKEN", TOKEN)
        monkeypatch.setenv("SEGUE_LISTENBRAINZ__URL", double.url)
        yield double


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin, prog_name="segue")


def answering(monkeypatch: pytest.MonkeyPatch, slate: Reply) -> None:
    class Fixed:
        def reply(self, _: object) -> Reply:
            return slate

    monkeypatch.setattr(cli, "_ready", lambda _: nullcontext(Fixed()))


SLATE = reply(
    track(1, "Alison"),
    track(2, "When the Sun Hits"),
    track(3, "Yellow", artist="Coldplay", artists=("Coldplay",)),
    track(4, "Not Anywhere", artist="Nobody", artists=("Nobody",)),
)


def test_a_playlist_is_sent_and_what_is_missing_is_named(
    at_listenbrainz: ListenBrainzDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, SLATE)
    result = run("playlist", "something", "mellow", "--to", "listenbrainz", "--name", "Rainy", "--public")
    assert result.exit_code == 0, result.output
    (playlist_id,) = at_listenbrainz.names
    assert at_listenbrainz.names[playlist_id] == "Rainy"
    assert at_listenbrainz.public[playlist_id]
    url = f"https://listenbrainz.org/playlist/{playlist_id}"
    assert f"Sent 3 of 4 tracks to ListenBrainz as “Rainy”: {url}" in result.stdout
    assert "✗ Nobody – Not Anywhere: the service has no track of this title and artist" in result.stdout
    assert "~ Coldplay – Yellow: another version" in result.stdout
    again = run("playlist", "something", "mellow", "--to", "listenbrainz", "--name", "Rainy")
    assert f"“Rainy” is at ListenBrainz already: {url}" in again.stdout
    assert len(at_listenbrainz.names) == 1


def test_a_playlist_that_could_not_be_sent_whole_ends_with_status_1(
    at_listenbrainz: ListenBrainzDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, SLATE)
    at_listenbrainz.fail("/item/add", 429, headers={"Retry-After": "9999"})
    result = run("playlist", "x", "--to", "listenbrainz")
    assert result.exit_code == 1
    assert "Sent 0 of 4 tracks to ListenBrainz as “something mellow”" in result.stdout
    assert "Not all of it is there: ListenBrainz did not do it: it is busy" in result.stdout


def test_an_account_without_settings_is_told_before_any_playlist_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_ready", lambda _: pytest.fail("a playlist was made"))
    result = run("playlist", "x", "--to", "listenbrainz")
    assert result.exit_code == 1
    assert "ListenBrainz is not set up: SEGUE_LISTENBRAINZ__TOKEN is empty; copy your token from" in result.stderr


def test_signing_in_to_spotify_needs_no_browser_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []

    class Listener:
        """Who opens the address that was printed, says yes, and pastes the one that the browser ends on."""

        def readline(self) -> str:
            address = next(word for line in printed for word in line.split() if word.startswith("http"))
            return double.allow(address) + "\n"

    with SpotifyDouble() as double:
        for name, value in double.settings().items():
            monkeypatch.setenv(f"SEGUE_SPOTIFY__{name.upper()}", value)
        monkeypatch.setattr(sending, "sys", SimpleNamespace(stdin=Listener()))
        monkeypatch.setattr(sending.typer, "echo", lambda words, err=False: printed.append(words))
        sending.login("spotify")
    assert printed[-1] == "Signed in as ann"
    assert token_path(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["listenbrainz", "subsonic"])
def test_the_doctor_tries_the_contract_on_the_real_service(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    doubles: dict[str, Any] = {"listenbrainz": ListenBrainzDouble, "subsonic": SubsonicDouble}
    with doubles[name]() as double:
        monkeypatch.setenv("SEGUE_LISTENBRAINZ__TOKEN", TOKEN)
        monkeypatch.setenv("SEGUE_LISTENBRAINZ__URL", double.url)
        monkeypatch.setenv("SEGUE_SUBSONIC__URL", f"{double.url}/music")
        monkeypatch.setenv("SEGUE_SUBSONIC__USER", USER)
        monkeypatch.setenv("SEGUE_SUBSONIC__PASSWORD", PASSWORD)
        before = dict(double.names)
        result = run("doctor", "--live", name)
        assert result.exit_code == 0, result.output
        assert result.stdout.count("✓") == 9
        assert "✗" not in result.stdout
        assert double.names == before
        double.fail("/lookup/" if name == "listenbrainz" else "/search3.view", 404, times=500)
        broken = run("doctor", "--live", name)
        assert broken.exit_code == 1
        assert "✗ finds tracks that it has by title and artist: " in broken.stdout
        assert "✓ deletes what it made" in broken.stdout
