"""Two thousand messages nobody would write: no exception, no last resort, nothing that breaks a page or a file."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assistant.labels import MAX_TEXT
from assistant.reply import Reply
from connectors.playlists import write_playlist
from connectors.web_view import exports_html, footer_html, slate_html
from tests.e2e.fuzzed import fuzzed_messages
from tests.proofs import proof_sizes

pytestmark = pytest.mark.e2e

_VOID = {"meta", "br", "img", "input", "hr", "path", "use"}
_ALLOWED = _VOID | {
    "div",
    "p",
    "span",
    "strong",
    "small",
    "ul",
    "li",
    "a",
    "button",
    "svg",
    "defs",
    "symbol",
    "footer",
    "bdi",
}
_ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td", "rect", "details", "summary", "ol", "section", "h2", "h3"}
#: Control characters, halves of surrogate pairs, and those that turn lines round; joiners stay, emoji need them.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
#: Seconds after which an answer to anything is too late, on a machine with other load.
_TOO_LONG_S = 10.0


class _Page(HTMLParser):
    """Checks that the page is well formed and holds no element or attribute but ours."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ALLOWED or (tag == "b" and self.open[-1] in ("li", "button")), tag
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("href", "src") or (value or "").startswith(
                ("http://", "https://", "file:///", "data:", "#")
            ), value
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def _check_shown(reply: Reply) -> None:
    """What connectors show of a reply is safe text of bounded length."""
    shown = [reply.text, reply.query, reply.total]
    shown += [text for line in reply.receipt for text in (line.constraint, line.asked, line.delivered)]
    shown += [text for track in reply.tracks for text in (track.title, track.artist, track.reason, track.album or "")]
    for text in shown:
        assert not _UNSAFE.search(text), ascii(text)
        assert len(text) <= 4 * MAX_TEXT, len(text)
    page = _Page()
    page.feed(f"<div>{slate_html(reply)}{exports_html(reply)}{footer_html(reply)}</div>")
    page.close()
    assert page.open == []


def _check_files(reply: Reply, folder: Path) -> None:
    for name in ("list.m3u8", "list.csv", "list.json"):
        write_playlist(reply, folder / name)
    assert len(json.loads((folder / "list.json").read_text(encoding="utf-8"))["tracks"]) == len(reply.tracks)
    assert (folder / "list.m3u8").read_text(encoding="utf-8").count("#EXTINF:") == len(reply.tracks)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("n", proof_sizes(200, 2_000))
def test_nothing_anyone_can_say_breaks_a_turn(n: int, installation: Any, tmp_path: Path) -> None:
    last_resorts, slowest_s = [], 0.0
    for number, message in enumerate(fuzzed_messages(n, seed=2)):
        started = time.perf_counter()
        reply = installation.reply(message)
        slowest_s = max(slowest_s, time.perf_counter() - started)
        if reply.last_resort:
            last_resorts.append(ascii(message.text[:200]))
            continue
        assert Reply.model_validate_json(reply.model_dump_json()) == reply
        assert reply.text.strip()
        assert len(reply.tracks) <= 200
        _check_shown(reply)
        if reply.tracks and number % 20 == 0:
            _check_files(reply, tmp_path)
    assert last_resorts == []
    assert slowest_s < _TOO_LONG_S


def test_after_all_that_an_ordinary_request_is_answered(installation: Any) -> None:
    for message in fuzzed_messages(30, seed=9):
        installation.reply(message.model_copy(update={"listener_id": "carla", "session_id": "odd"}))
    ordinary = fuzzed_messages(1, seed=0)[0].model_copy(
        update={"listener_id": "carla", "session_id": "new", "text": "mellow jazz", "n_tracks": 8, "minutes": None}
    )
    reply = installation.reply(ordinary)
    assert len(reply.tracks) == 8
    assert not reply.last_resort
