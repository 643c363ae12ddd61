"""Every track has an address that can be pressed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.links import link
from recsys.types import Track


def track(**more: object) -> Track:
    return Track("t", "Song 2", ("Blur", "Friends"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/music/Blur/Song 2.mp3", "file:///music/Blur/Song%202.mp3"),
        ("C:\\Music\\song.mp3", "file:///C:/Music/song.mp3"),
        ("file:///music/a.mp3", "file:///music/a.mp3"),
        ("Blur/Song 2.mp3", "Blur/Song%202.mp3"),
    ],
)
def test_a_file_comes_first(path: str, address: str) -> None:
    assert link(track(path=path, ids={"spotify": "abc"})) == address


def test_known_ids_give_direct_addresses() -> None:
    both = {"spotify": "3GfOAdcoc3X5GPiiXmpBjK", "youtube": "SSbBvKaM6sk"}
    assert link(track(ids=both)) == "https://open.spotify.com/track/3GfOAdcoc3X5GPiiXmpBjK"
    assert link(track(ids={"spotify": "spotify:track:xyz"})) == "https://open.spotify.com/track/xyz"
    assert link(track(ids={"youtube": "SSbBvKaM6sk"})) == "https://www.youtube.com/watch?v=SSbBvKaM6sk"


def test_otherwise_a_search_for_artist_and_title() -> None:
    assert link(track()) == "https://www.youtube.com/results?search_query=Blur%2C+Friends+Song+2"


@given(st.text(), st.text(), st.text(min_size=1))
def test_no_text_breaks_out_of_the_address(title: str, artist: str, identity: str) -> None:
    address = link(Track("t", title, (artist,)))
    assert not set(address) & set("\"'<> \n\r")
    assert list(parse_qs(urlparse(address).query, keep_blank_values=True)) == ["search_query"]
    assert not set(link(Track("t", title, (artist,), ids={"youtube": identity}))) & set("\"'<> \n\r&#")
