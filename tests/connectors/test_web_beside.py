"""The pages beside the chat as HTML: words of anybody's stay words, and what is drawn can also be read."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from assistant.curate_reports import CuratedPlaylist, EraGap, OutOfPlace, PlaylistAnalysis, Share
from assistant.history_reports import BadEntry, HistoryFile, HistoryReport, UnmatchedHeard
from assistant.reply import Diff, SlateTrack
from assistant.reports import MapListener, MapReport, MapTrack, Suggestion
from assistant.taste_reports import (
    DataReport,
    Exposure,
    TasteMonth,
    TasteReport,
    TasteSentence,
    TasteShare,
    TasteTrack,
)
from connectors.web_curate_view import desk_html, recipe_link
from connectors.web_map import map_html
from connectors.web_taste_view import export_html, joined_html, taste_html
from connectors.web_welcome_view import artists_html, history_html, intro_html

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</td></table></svg><script>alert(1)</script>",
    '" onmouseover="alert(1)" data-x="',
    "' onfocus='alert(1)' autofocus='",
    "\u202egnp.exe \u0000\u001b[31m",
    "\ud800 half a character",
    "Long " * 400,
)
_VOID = {"path", "rect"}
_FORBIDDEN = {"script", "img", "iframe", "object", "style", "link", "input", "form"}


class Page(HTMLParser):
    """Reads HTML strictly: balanced, nothing that runs or loads, no handlers."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text = ""
        html.encode("utf-8")
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _FORBIDDEN
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("style", "src")]
        self.open.append(tag)
        self.attributes.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def a_track(words: str) -> SlateTrack:
    return SlateTrack(position=1, track_id=words, title=words, artist=words, artists=(words,), link="", new=True)


def a_playlist(words: str) -> CuratedPlaylist:
    analysis = PlaylistAnalysis(
        n_tracks=1,
        artists=(Share(name=words, n=2, share=1.0),),
        gaps=(EraGap(first=1970, last=1979, said=words),),
        out_of_place=(OutOfPlace(position=1, track_id=words, title=words, artist=words, z=4.0, reason=words),),
        energy=(0.1, None, 0.9),
        energy_said=words,
    )
    diff = Diff(added=(words,), removed=("gone",), moved=(words,), n_kept=1)
    return CuratedPlaylist(tracks=(a_track(words),), diff=diff, total="3 min", said=words, analysis=analysis)


def a_taste(words: str, *, rated: bool | None = None) -> TasteReport:
    track = TasteTrack(track_id=words, title=words, artist=words, weight=1.0, how=words, rated=rated, at=1.7e9)
    share = TasteShare(key=words, name=words, n=3, lift=4.0)
    exposures = [
        Exposure(track_id=words, title=words, artist=words, n_shown=2, last_shown_at=1.7e9, state=state, until=1.8e9)
        for state in ("normal", "resting", "never")
    ]
    return TasteReport(
        sentences=(TasteSentence(text=words, evidence=(words,)),),
        n_events=3,
        since=1.7e9,
        liked=(track,),
        disliked=(track,),
        artists=(share,),
        genres=(share,),
        timeline=(TasteMonth(month="2026-03", n_events=3, genre=words, artist=words),),
        exposures=tuple(exposures),
        n_exposures=9,
    )


def a_map(words: str) -> MapReport:
    picks = tuple(MapTrack(track_id=f"t{n}", title=words, artist=words, x=1.0, y=1.0) for n in range(8))
    listener = MapListener(listener_id=words, start=(0.0, 0.0), end=(1.0, 1.0), picks=picks)
    return MapReport(request=words, tracks=picks, listeners=(listener,), n_catalogue=8, kept=0.5)


def a_history(words: str) -> HistoryReport:
    return HistoryReport(
        files=(HistoryFile(name=words, format=words, n_rows=5),),
        ignored=(words,),
        n_rows=5,
        n_events=2,
        n_new=2,
        n_known=0,
        n_matched_tracks=1,
        n_added_tracks=1,
        left_out={words: 1},
        n_left_out=1,
        unmatched=(UnmatchedHeard(name=words, n_rows=1, why=words),),
        n_unmatched=1,
        bad_rows=(BadEntry(place=words, why=words),),
        n_bad_rows=1,
        since=None,
        until=None,
        n_tracks=1,
        generation_changed=False,
        seconds=0.1,
        index_seconds=0.0,
    )


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_words_of_anybody_are_only_words(words: str) -> None:
    data = DataReport(path="", n_bytes=3, files=(words,), n_events=1, n_sessions=1, n_turns=1, n_playlists=1)
    one = Suggestion(kind="artist", key=words, name=words)
    for html in (
        taste_html(a_taste(words), words, problem=True),
        joined_html([words], words, words),
        export_html(data, b"zip", words),
        map_html(a_map(words)),
        desk_html(a_playlist(words), words, [(words, words)], words, before={"gone": words}, approved=frozenset()),
        desk_html(None, "", [(words, words)], words),
        recipe_link(words, words),
        intro_html([words]),
        artists_html([one], {words: words}),
        history_html(a_history(words)),
    ):
        Page(html)


def test_an_id_comes_back_from_its_button_as_it_is() -> None:
    page = Page(taste_html(a_taste('a"b&<c>')))
    assert {each["data-track"] for each in page.attributes if "data-track" in each} == {'a"b&<c>'}


def test_what_was_only_played_can_be_disliked_and_a_rating_taken_back() -> None:
    acts = [each.get("data-act") for each in Page(taste_html(a_taste("5 plays"))).attributes]
    assert "dislike" in acts
    assert "unrate" not in acts
    for rated in (True, False):
        told = a_taste("1 Mal gemocht, 5 Mal gehört", rated=rated)  # whatever language it is told in
        acts = [each.get("data-act") for each in Page(taste_html(told)).attributes]
        assert "unrate" in acts
        assert "dislike" not in acts


def test_the_drawings_say_in_words_what_they_show() -> None:
    page = Page(taste_html(a_taste("jazz")))
    assert "Mar 2026" in page.text
    drawn = Page(map_html(a_map("dark techno")))
    labels = [each["aria-label"] for each in drawn.attributes if each.get("class") == "sg-map-pick"]
    assert labels == [f"{n}. dark techno by dark techno" for n in range(1, 9)]


def test_picks_on_one_point_are_drawn_apart_and_inside() -> None:
    discs = [
        (float(each["cx"] or 0), float(each["cy"] or 0))
        for each in Page(map_html(a_map("x"))).attributes
        if each.get("r") == "10"
    ]
    assert len(discs) == 8
    for place, (x, y) in enumerate(discs):
        assert 10 <= x <= 470
        assert 10 <= y <= 330
        assert all((x - u) ** 2 + (y - v) ** 2 >= 20**2 for u, v in discs[:place])
