"""Replies for tests of what connectors make of them, with names that break careless formats."""

from __future__ import annotations

from assistant.reply import ReceiptLine, Reply, SlateTrack

NASTY_NAMES = (
    "AC/DC – Back\\in Black",
    "The \"Best\", of; the\trest, 'quoted'",
    "ليلة حب",
    "הלב",
    "夜に駆ける",
    "👩\u200d🎤 🎸 ❤️",
    "two\nlines\r\nand\u2028a third\x85 and\x0b\x0cfourth",
    "#EXTINF:-1,forged",
    '=HYPERLINK("http://example.org")',
    "+1",
    "-0.5",
    "@SUM(A1)",
    "\tcmd",
    " padded ",
    "bold [red]markup[/red] <b>&amp;",
    "nul\x00 and escape \x1b[31m",
    "lone \ud800 surrogate",
    "",
    "x" * 5_000,
)


def track(position: int, title: str, **more: object) -> SlateTrack:
    fields = {
        "track_id": f"id-{position}",
        "artist": "Slowdive",
        "artists": ("Slowdive",),
        "album": "Souvlaki",
        "year": 1993,
        "duration_s": 231.4,
        "link": f"https://www.youtube.com/results?search_query=track+{position}",
        "reason": "Dreamy shoegaze from 1993 with guitar.",
    }
    return SlateTrack(position=position, title=title, **(fields | more))  # type: ignore[arg-type]


def reply(*tracks: SlateTrack, **more: object) -> Reply:
    fields = {
        "session_id": "s",
        "turn": 1,
        "query": "something mellow",
        "text": "2 tracks, ≈ 8 min (1 estimated): mellow.",
        "tracks": tracks,
        "receipt": (
            ReceiptLine(
                constraint="mellow",
                hard=False,
                asked="preferred",
                delivered="1 of 2, 1 unknown",
                n_met=1,
                n_total=2,
                unknown=1,
            ),
            ReceiptLine(constraint="no country", hard=True, asked="all", delivered="2 of 2", n_met=2, n_total=2),
            ReceiptLine(constraint="minutes", hard=True, asked="8", delivered="≈ 8 min (1 estimated)", unknown=1),
            ReceiptLine(constraint="popular", hard=False, asked="well-known tracks", delivered="median popularity 0.5"),
            ReceiptLine(
                constraint="from 1990 to 1999",
                hard=True,
                asked="all",
                delivered="1 of 2",
                n_met=1,
                n_total=2,
                relaxed=True,
            ),
        ),
        "total": "≈ 8 min (1 estimated)",
        "seed": 7,
        "index": "exact",
    }
    return Reply(**(fields | more))  # type: ignore[arg-type]
