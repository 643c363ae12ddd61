"""The web page's HTML: everything shown is escaped, every address is safe, every state can be read without colour."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.radio_start import RadioStart
from assistant.reply import ReceiptLine, Reply, SlateTrack
from connectors.playlists import FORMATS
from connectors.web_dials import dials_html
from connectors.web_text import length_label, web_address
from connectors.web_view import exports_html, footer_html, header_html, receipt_html, slate_html

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><script>alert(1)</script>",
    '" onmouseover="alert(1)" data-x="',
    "' onfocus='alert(1)' autofocus='",
    "${alert(1)} {{this}} {{{this}}} `${alert(1)}`",
    "&lt;b&gt; &amp;",
    "\u202egnp.exe \u0000\u0007\x1b[31m",
    "\ud800 lone surrogate",
    "[a](javascript:alert(1)) ![x](http://evil.example/x.png)",
)
#: Everything that the page may consist of.
TAGS = {
    *("a", "b", "bdi", "defs", "div", "li", "p", "path", "span", "strong", "svg", "symbol", "use", "ul"),
    *("label", "input", "output", "table", "thead", "tbody", "tr", "th", "td", "button", "details", "summary", "rect"),
}
VOID = {"path", "input"}


class Page(HTMLParser):
    """Reads HTML strictly: tags must be known and balanced, no attribute may be an event handler."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"unexpected <{tag}>"
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"unexpected comment {data!r}")

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [a for t, a in self.elements if t == tag and all(a.get(k) == v for k, v in attributes.items())]


def a_track(position: int = 1, **fields: Any) -> SlateTrack:
    given = {
        "track_id": f"t{position}",
        "title": "Pink Moon",
        "artist": "Nick Drake",
        "artists": ("Nick Drake",),
        "link": "https://example.org/pink-moon",
    }
    return SlateTrack(position=position, **(given | fields))


def a_reply(*tracks: SlateTrack, **fields: Any) -> Reply:
    given: dict[str, Any] = {"session_id": "s", "turn": 1, "query": "mellow, please", "text": "Here.", "seed": 7}
    return Reply(tracks=tracks, **(given | fields))


def a_line(**fields: Any) -> ReceiptLine:
    given: dict[str, Any] = {"constraint": "no country", "hard": True, "asked": "all", "delivered": "20 of 20"}
    return ReceiptLine(**(given | fields))


def all_of(reply: Reply) -> str:
    return slate_html(reply) + exports_html(reply) + footer_html(reply)


def test_a_row_says_everything_about_its_track() -> None:
    track = a_track(3, album="Pink Moon (album)", year=1972, duration_s=124.4, reason="Quiet folk guitar.")
    page = Page(slate_html(a_reply(track, total="2 min")))
    for words in ("1 track", "2 min", "3", "Nick Drake", "Pink Moon (album)", "1972", "2:04", "Quiet folk guitar."):
        assert words in page.text
    (link,) = page.all("a")
    assert link["href"] == "https://example.org/pink-moon"
    assert "noopener" in link["rel"]


def test_unknown_fields_stay_empty() -> None:
    html = slate_html(a_reply(a_track()))
    assert '<td role="cell" class="sg-year"></td>' in html
    assert '<td role="cell" class="sg-length">–</td>' in html
    assert "None" not in Page(html).text


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words(words: str) -> None:
    track = a_track(track_id=words, title=words, artist=words, artists=(words,), album=words, link=words, reason=words)
    line = a_line(constraint=words, asked=words, delivered=words)
    reply = a_reply(track, receipt=(line,), total=words, index=words, query=words)
    page = Page(all_of(reply))
    assert not page.all("script")
    assert not page.all("img")
    assert [a["href"] for a in page.all("a") if not a["href"].startswith("data:")] == []
    assert "\u202e" not in page.text
    all_of(reply).encode("utf-8")


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_words_make_a_page(words: str, link: str) -> None:
    track = a_track(track_id=words, title=words, artist=words, album=words, link=link, reason=words)
    reply = a_reply(track, receipt=(a_line(constraint=words, delivered=words),), total=words, query=words)
    page = Page(all_of(reply))
    assert len(page.all("button", **{"data-track": words.encode("utf-8", "replace").decode()})) == 9
    all_of(reply).encode("utf-8")


def test_a_track_id_comes_back_as_it_is() -> None:
    odd = 'spotify:"<id>" & more'
    buttons = [b for b in Page(slate_html(a_reply(a_track(track_id=odd)))).all("button") if "data-track" in b]
    assert {button["data-track"] for button in buttons} == {odd}
    menu = ["more", "pin", "radio-track", "radio-artist"]
    assert [b["data-act"] for b in buttons] == ["like", "dislike", "why", "swap", "remove", *menu]


def test_every_slate_can_go_on_and_a_radio_is_skipped_rather_than_swapped() -> None:
    plain_page = Page(slate_html(a_reply(a_track())))
    radio_page = Page(slate_html(a_reply(a_track(), radio=RadioStart())))
    for page in (plain_page, radio_page):
        for act in ("keep-going", "like-last", "radio-playlist"):
            assert len(page.all("button", **{"data-act": act})) == 1
    for act, there in (("swap", plain_page), ("without", plain_page), ("skip", radio_page)):
        assert [len(page.all("button", **{"data-act": act})) for page in (plain_page, radio_page)] == [
            there is plain_page,
            there is radio_page,
        ]
    assert radio_page.all("button", **{"data-act": "skip"})[0]["aria-label"].startswith("Skip ")
    assert not Page(slate_html(a_reply())).all("button", **{"data-act": "keep-going"})


def test_very_long_words_are_cut() -> None:
    long = "Long " * 400
    html = slate_html(a_reply(a_track(title=long, artist=long, album=long, reason=long)))
    assert len(html) < 8_000
    assert "…" in html


@pytest.mark.parametrize(
    ("liked", "newer", "pressed"),
    [
        (None, {}, ("false", "false")),
        (True, {}, ("true", "false")),
        (False, {}, ("false", "true")),
        (None, {"t1": True}, ("true", "false")),
        (True, {"t1": False}, ("false", "true")),
        (True, {"t1": None}, ("false", "false")),
    ],
)
def test_ratings_show_their_state(liked: bool | None, newer: dict[str, bool | None], pressed: tuple[str, str]) -> None:
    page = Page(slate_html(a_reply(a_track(liked=liked)), newer))
    buttons = [*page.all("button", **{"data-act": "like"}), *page.all("button", **{"data-act": "dislike"})]
    assert tuple(button["aria-pressed"] for button in buttons) == pressed
    assert tuple(button["title"].startswith("Take") for button in buttons) == tuple(p == "true" for p in pressed)
    assert [button["aria-label"] for button in buttons] == [
        "Like Pink Moon by Nick Drake",
        "Dislike Pink Moon by Nick Drake",
    ]


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://open.spotify.com/track/abc", True),
        ("http://localhost:8000/x", True),
        ("HTTPS://EXAMPLE.ORG/", True),
        ("file:///music/a%20b.mp3", False),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("vbscript:x", False),
        ("//evil.example/x", False),
        ("https:", False),
        ("https://[", False),
        ("file:x", False),
        ("music/a.mp3", False),
        ("", False),
        ("https://example.org/" + "a" * 3_000, False),
    ],
)
def test_only_safe_addresses_become_links(link: str, safe: bool) -> None:
    assert (web_address(link) is not None) is safe
    assert len(Page(slate_html(a_reply(a_track(link=link)))).all("a")) == int(safe)


def test_receipt_chips_tell_without_colour_how_it_went() -> None:
    lines = (
        a_line(n_met=20, n_total=20),
        a_line(constraint="mellow", hard=False, delivered="17 of 20, 2 unknown", n_met=17, n_total=20, unknown=2),
        a_line(constraint="minutes", asked="45", delivered="52 min", relaxed=True),
    )
    page = Page(receipt_html(lines))
    assert [chip["class"] for chip in page.all("li")] == ["sg-chip sg-met", "sg-chip sg-partly", "sg-chip sg-relaxed"]
    assert "as asked: no country 20 of 20" in page.text
    assert "partly: mellow 17 of 20, 2 unknown" in page.text
    assert "gave way: minutes 52 min" in page.text
    assert receipt_html(()) == ""


def test_exports_hold_the_whole_files() -> None:
    page = Page(exports_html(a_reply(a_track(title="Ágætis byrjun"), query="Mellow: rainy/sunday? 45 min")))
    files = {a["download"]: base64.b64decode(a["href"].split(",", 1)[1]).decode() for a in page.all("a")}
    assert list(files) == [f"Mellow- rainy-sunday- 45 min{end}" for end in FORMATS if end != ".m3u"]
    written = {name.rsplit(".", 1)[1]: text for name, text in files.items()}
    m3u8, csv, document = written["m3u8"], written["csv"], written["json"]
    assert m3u8.startswith("#EXTM3U\n")
    assert "Nick Drake - Ágætis byrjun" in m3u8
    assert "Ágætis byrjun" in csv
    assert json.loads(document)["tracks"][0]["title"] == "Ágætis byrjun"


def test_only_what_can_be_played_has_a_button_for_it() -> None:
    reply = a_reply(a_track(1, path="/music/one.flac"), a_track(2, path="/music/gone.flac"))
    assert Page(slate_html(reply)).all("button", **{"aria-pressed": "false", "title": "Play"}) == []
    (button,) = Page(slate_html(reply, playable={"t1"})).all("button", title="Play")
    assert button["data-media"] == "media/t1"


def test_a_row_leads_to_the_web_and_never_says_where_a_file_is() -> None:
    places = {"path": "/srv/secret music/one.flac", "link": "file:///srv/secret%20music/one.flac"}
    shown = slate_html(a_reply(a_track(1, **places), a_track(2, **places, ids={"spotify": "abc"})), playable={"t1"})
    assert "secret" not in shown
    addresses = [a["href"] for a in Page(shown).all("a")]
    assert addresses[0].startswith("https://www.youtube.com/results?search_query=")
    assert addresses[1] == "https://open.spotify.com/track/abc"


@pytest.mark.parametrize("paths", [True, False])
def test_files_to_save_say_where_tracks_are_to_the_owner_alone(paths: bool) -> None:
    track = a_track(path="/srv/secret/one.flac", link="file:///srv/secret/one.flac")
    page = Page(exports_html(a_reply(track), paths=paths))
    written = [base64.b64decode(a["href"].split(",", 1)[1]).decode() for a in page.all("a")]
    assert any("/srv/secret" in text for text in written) is paths
    if not paths:
        assert all("Pink" in text for text in written)
        assert any("https://www.youtube.com/results?search_query=" in text for text in written)


def test_dials_stand_where_they_are_told_and_never_beyond_their_ends() -> None:
    values = {"how_much_me": 1.25, "discovery": 0.0, "fame": -0.62345, "n_tracks": 80.0}
    shown = dials_html(values)
    sliders = {s["data-dial"]: s for s in Page(shown).all("input")}
    assert {name: s["value"] for name, s in sliders.items()} == {
        "how_much_me": "1.25",
        "discovery": "0",
        "fame": "-0.62345",
        "n_tracks": "60",
    }
    assert re.findall(r"<output>(.*?)</output>", shown) == ["1.25", "0", "-0.62", "80"]


def test_without_tracks_there_is_nothing_to_save() -> None:
    empty = a_reply(receipt=(a_line(),))
    assert exports_html(None) == exports_html(empty) == ""
    assert "No tracks" in Page(slate_html(empty)).text
    assert "Your playlist appears here" in Page(slate_html(None)).text


@pytest.mark.parametrize("query", ["", "…", "../../etc/passwd", "a" * 300, "雨の日曜日 に 聴く", "con\u0000.exe"])
def test_file_names_are_short_and_harmless(query: str) -> None:
    names = [a["download"] for a in Page(exports_html(a_reply(a_track(), query=query))).all("a")]
    assert len(names) == len(set(names)) == len(FORMATS) - 1
    for name in names:
        assert re.fullmatch(r"[\w…][\w. …-]{0,59}\.\w+", name), name


@pytest.mark.parametrize(
    ("seconds", "estimated", "label"),
    [
        (None, False, "–"),
        (0, False, "0:00"),
        (59.6, False, "1:00"),
        (185, False, "3:05"),
        (3_729, False, "1:02:09"),
        (215, True, "≈ 3:35"),
    ],
)
def test_lengths_read_as_a_clock(seconds: float | None, estimated: bool, label: str) -> None:
    assert length_label(seconds, estimated=estimated) == label


def test_the_footer_names_index_and_seed() -> None:
    words = Page(footer_html(a_reply(a_track(), index="chroma", n_candidates=1_200, timings_ms={"total": 41.6}))).text
    assert words == "index chroma · seed 7 · 1,200 candidates · 42 ms"
    assert footer_html(None) == ""


def test_the_header_is_plain() -> None:
    assert "Segue" in header_html()
