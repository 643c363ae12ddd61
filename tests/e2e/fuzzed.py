"""Messages that nobody would write, and some that somebody would: drawn by seed, for the fuzz proof."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable

from assistant.reply import Message

_MUSIC = (
    *("jazz", "90s", "no rock", "like Nina Simone", "mellow", "45 minutes", "20 tracks", "not too fast", "piano"),
    *("between 1975 and 1982", "in French", "female vocals", "deep cuts", "more upbeat", "something else", "hip-hop"),
    *("start over", "from brazil", "no no no", "or", "and", "but not", "except", "without", "more like these", "for"),
)
_HOSTILE = (
    "'; DROP TABLE tracks; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><h1>broken</h1>",
    "[link](javascript:alert(1)) **bold** `code` ![x](http://example.com/x.png)",
    "| a | b |\n|---|---|\n# heading\n> quote\n```",
    "{{7*7}} ${7*7} #{7*7} %s %n %x {0} {} {query}",
    "../../../../etc/passwd",
    "$(reboot) `reboot` ; reboot",
    "\\x00\\u0000 \\ud800 \\",
    "((((((((((((((((((((((((((((((((((((((((",
    "[[[[[[***+++???|||^^^$$$",
    "a" * 60 + "!",
    "null None NaN undefined true -0",
)
_NUMBERS = (
    "0",
    "-1",
    "1",
    "200",
    "201",
    "99999999999999999999",
    "1e309",
    "-5",
    "3.7",
    "½",
    "٤٥",
    "四十五",
    "NaN",
    "00007",
)
_UNITS = ("tracks", "minutes", "hours", "songs", "min", "h", "seconds", "years", "s", "bpm", "%")
_SPEECH = (
    "quelque chose de calme pour un dimanche pluvieux",
    "etwas Ruhiges für einen regnerischen Sonntag",
    "雨の日曜日に静かな音楽",
    "موسيقى هادئة ليوم ممطر",
    "שירים שקטים ליום גשום",
    "дождливое воскресенье, что-нибудь спокойное",
    "बारिश के लिए कुछ शांत",
    "เพลงเบาๆ สำหรับวันฝนตก",
)
_EMOJI = "😀🎵🎶🏳️‍🌈👩‍👩‍👧‍👦🇫🇷👍🏽🫠❤️‍🔥\u200d\ufe0f"
_DIRECTIONS = "\u202e\u202d\u2066\u2067\u2069\u200f\u200e\u061c"
_BLANKS = " \t\n\r\x0b\x0c\x85\u00a0\u2028\u2029\u3000\ufeff"


def fuzzed_messages(n: int, seed: int) -> list[Message]:
    """Draw n messages of a few listeners and sessions, so that odd messages also meet odd sessions."""
    rng = random.Random(seed)
    return [_message(rng) for _ in range(n)]


def _message(rng: random.Random) -> Message:
    listener = rng.choice(["anna", "bob", "", "'; DROP TABLE events; --", "\x00", "🎵" * 300, "x" * 5_000])
    return Message(
        listener_id=listener,
        session_id=rng.choice(["s1", "s2", "s3", "", "<b>", "\ufffe", "y" * 1_000]),
        text=_text(rng),
        n_tracks=rng.choice([None] * 12 + [0, -3, 1, 7, 200, 10**12]),
        minutes=rng.choice([None] * 12 + [0.0, -1.0, 0.001, 45.0, 1e308, math.inf, math.nan]),
        seed=rng.choice([None] * 6 + [0, -1, 2**63, 7]),
    )


def _text(rng: random.Random) -> str:
    kinds: list[tuple[int, Callable[[random.Random], str]]] = [
        (6, _request_like),
        (4, _any_unicode),
        (3, _hostile),
        (2, _numbers),
        (2, lambda r: "".join(r.choices(_EMOJI, k=r.randint(1, 40)))),
        (2, lambda r: r.choice(_SPEECH)),
        (2, _right_to_left),
        (2, lambda r: "".join(chr(r.randrange(32)) for _ in range(r.randint(1, 60))) + r.choice(_MUSIC)),
        (1, lambda r: "".join(r.choices(_BLANKS, k=r.randint(0, 20)))),
        (1, _stacked_marks),
        (1, _huge),
    ]
    weights, makers = zip(*kinds, strict=True)
    return rng.choices(makers, weights)[0](rng)


def _request_like(rng: random.Random) -> str:
    """Words of requests in any order, with slips of the finger."""
    words = rng.choices(_MUSIC, k=rng.randint(1, 8))
    text = rng.choice([" ", ", ", "; ", "  ", ""]).join(words)
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(["", text[at] * 3, chr(rng.randrange(0x20, 0x250))]) + text[at + 1 :]
    return rng.choice([str, str.upper, str.title, str.swapcase])(text)


def _any_unicode(rng: random.Random) -> str:
    """Any code points, noncharacters and private ones included; halves of surrogate pairs are no text to pydantic."""
    planes = [0x250, 0x3000, 0xFFFF, sys.maxunicode]
    codes = [rng.randrange(rng.choice(planes) + 1) for _ in range(rng.randint(1, 120))]
    return "".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF)


def _hostile(rng: random.Random) -> str:
    return f"{rng.choice(['', 'jazz ', 'no '])}{rng.choice(_HOSTILE)}{rng.choice(['', ' please', ' 90s'])}"


def _numbers(rng: random.Random) -> str:
    pieces = [f"{rng.choice(_NUMBERS)} {rng.choice(_UNITS)}" for _ in range(rng.randint(1, 5))]
    return rng.choice([" ", " to ", "-", " between ", ", "]).join(pieces)


def _right_to_left(rng: random.Random) -> str:
    return "".join(rng.choice(_DIRECTIONS) + rng.choice([*_SPEECH, *_MUSIC]) for _ in range(rng.randint(1, 4)))


def _stacked_marks(rng: random.Random) -> str:
    return "".join(c + "".join(chr(rng.randrange(0x300, 0x36F)) for _ in range(30)) for c in rng.choice(_MUSIC))


def _huge(rng: random.Random) -> str:
    """About 100 kB."""
    piece = rng.choice([rng.choice(_MUSIC) + " ", "a", "no ", "like ", "🎵", "(", "9", "\u0301", "<b>", "and or "])
    return piece * (100_000 // len(piece.encode()))
