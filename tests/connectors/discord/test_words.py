"""Text in Discord: escaping, links, splitting, and pages that fit."""

from __future__ import annotations

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.phrasebook import ENGLISH_BOOK
from assistant.reply import Reply, SlateTrack
from connectors.discord.budget import Budget
from connectors.discord.phrases import LANGUAGES, phrases
from connectors.discord.slates import pages, slate_embed
from connectors.discord.words import MAX_DESCRIPTION, MAX_EMBED, label, safe, split, web_link


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AC/DC", "AC/DC"),
        ("**bold** _x_", "\\*\\*bold\\*\\* \\_x\\_"),
        ("@everyone", "@\u200beveryone"),
        ("<@12> <#3> <:a:1>", "\\<@\u200b12\\> \\<#3\\> \\<:a:1\\>"),
        ("https://evil.example", "https:\u200b//evil.example"),
        ("discord.gg/abc", "discord\u200b.gg/abc"),
        ("# Heading", "\\# Heading"),
        ("1. first", "1\\. first"),
        ("two\nlines", "two lines"),
    ],
)
def test_text_is_shown_as_it_was_written(text: str, shown: str) -> None:
    assert safe(text, 100) == shown


def test_only_addresses_of_the_web_become_links() -> None:
    assert web_link("x", "https://example.org/a_(b)") == "[x](https://example.org/a_%28b%29)"
    for address in (
        "",
        "file:///music/a.flac",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "https://a/" + "x" * 300,
    ):
        assert web_link("x", address) == "x"


@given(st.text(max_size=9_000))
def test_long_texts_are_split_without_loss(text: str) -> None:
    parts = split(text)
    assert all(1 <= len(part) <= 2_000 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_labels_are_never_empty_nor_too_long() -> None:
    assert label("", 80) == "–"
    assert len(label("x" * 500, 80)) <= 80


_ANYTHING = st.builds(lambda part, times: part * times, st.text(max_size=10), st.integers(0, 30))


@given(st.lists(st.tuples(_ANYTHING, _ANYTHING, _ANYTHING), min_size=1, max_size=6), st.integers(1, 30))
def test_every_page_fits_into_an_embed(names: list[tuple[str, str, str]], n_tracks: int) -> None:
    tracks = tuple(
        SlateTrack(
            position=n,
            track_id=f"t{n}",
            title=title,
            artist=artist,
            artists=(artist,),
            link=f"https://example.org/{'x' * 200}",
            reason=reason,
        )
        for n, (title, artist, reason) in zip(range(1, n_tracks + 1), cycle(names), strict=False)
    )
    reply = Reply(session_id="s", turn=1, query="*" * 300, text="_" * 350, tracks=tracks)
    cut = pages(reply)
    assert [track for page in cut for track in page] == list(tracks)
    for page in range(len(cut)):
        embed = slate_embed(reply, page, ENGLISH_BOOK)
        assert len(embed.description or "") <= MAX_DESCRIPTION
        assert len(embed) <= MAX_EMBED


def test_every_language_says_every_phrase_with_the_same_places() -> None:
    import re

    known = {code: phrases(code)._templates for code in LANGUAGES if code != "en"}
    everything = set().union(*known.values())
    for code, templates in known.items():
        assert set(templates) == everything, code
        for english, said in templates.items():
            assert set(re.findall(r"\{(\w+)\}", said)) == set(re.findall(r"\{(\w+)\}", english)), (code, english)


def test_a_day_has_so_many_uses_of_the_language_model_and_no_more() -> None:
    class Records:
        def __init__(self) -> None:
            self.values: dict[str, int] = {}

        def change(self, _kind: str, key: str, change: object) -> bool:
            self.values[key], result = change(self.values.get(key))  # type: ignore[operator]
            return result

    class Assistant:
        rewords, records = True, Records()

    budget = Budget(Assistant(), 2)  # type: ignore[arg-type]
    assert [budget.take("500", day="2026-03-01") for _ in range(4)] == [True, True, False, False]
    assert not budget.take("501", 3, day="2026-03-01")
    assert budget.take("501", 2, day="2026-03-01")
    assert budget.take("500", day="2026-03-02")
    assert not Budget(Assistant(), 0).take("500")  # type: ignore[arg-type]
    Assistant.rewords = False
    assert not budget.take("502")
