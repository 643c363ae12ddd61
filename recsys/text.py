"""Folding of names and titles: what makes two spellings the same word, title or artist.

Everything that compares text (catalogue postings, entity linking, vocabulary) folds with `fold`, so that both
sides of a comparison always agree.
"""

from __future__ import annotations

import re
import unicodedata

#: Latin letters that have no Unicode decomposition into a base letter and an accent; and ё, which
#: Russian writers use and leave out at will.
_UNDECOMPOSED = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "ё": "е",
    }
)
_NOT_WORD = re.compile(r"[\W_]+")
_SIGN_AS_S = re.compile(r"\$(?=[^\W\d_])")  # A$AP, Ke$ha
_SIGN_AS_I = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")  # P!nk

_BRACKETED = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"\s+[-–—]\s+")
_FEATURING = re.compile(r"\s+(?:feat\.?|ft\.|featuring)\s+.*$", re.IGNORECASE)

#: What a bracket, or the part after the last dash, must say (folded) to be a decoration and not the title.
_DECORATION = re.compile(
    r"""
    ^(?:feat|ft|featuring|vs|prod|produced\ by|original(?:ly)?\b.*\bby|(?:as\ )?made\ (?:popular|famous)\ by
       |in\ the\ style\ of|tribute\ to|recorded\ at|official|lyrics?\ video|music\ video|from\ the)\b
    |^with\ (?!you\b|u\b|me\b|us\b|him\b|her\b|them\b|a\b|an\b|the\b|my\b|your\b|or\b|out\b|love\b|no\b)
    |^live(?:$|\ (?:at|in|from|on|for|version|session|acoustic|performance|lounge|edit|mix|take|bonus
       |recording|remaster\w*|album|\d+)\b)
    |\b(?:remaster\w*|remix\w*|rmx|re\ ?record(?:ed|ing)|versions?|edit|edition|mono|stereo|acoustic|unplugged
       |demo|outtake|karaoke|instrumental|bootleg|rework|reworked|refix|bonus\ track|anniversary|deluxe
       |soundtrack|motion\ picture|rehearsal|sessions?|a\ ?cappella|acapella|mash\ ?up|radio\ (?:cut|mix))\b
    |\b(?:mix|mixed|live|dub|cover|flip|vip|take\ \d+)$
    |^(?:explicit|clean|bonus|extended|single|album|original|short|long|full|lyrics?|(?:19|20)\d\d)$
    """,
    re.VERBOSE,
)


#: The work that a track comes from: (From "Frozen").
_FROM_WORK = re.compile(r"^\s*from\s+[\"'“‘«]", re.IGNORECASE)


def fold(text: str) -> str:
    """Reduce text to lower-case words without accents or punctuation, so that spellings can be compared.

    NFKC, lower case, accents dropped from Latin and Greek letters (other scripts keep their marks, which are
    letters there), "&" read as "and", "$" and "!" inside words as the letters they stand for, everything that
    is neither letter nor digit as one space. Folding twice changes nothing. Text of signs only folds to "".
    """
    if not text.isascii():
        text = _without_accents(unicodedata.normalize("NFKC", text).lower())
    text = text.lower().replace("&", " and ")
    if "$" in text:
        text = _SIGN_AS_S.sub("s", text)
    if "!" in text:
        text = _SIGN_AS_I.sub("i", text)
    if text.isascii():
        return _NOT_WORD.sub(" ", text).strip()
    # \w leaves out the vowel signs of Indic and Thai scripts, which are marks and part of the word.
    return " ".join("".join(char if _in_word(char) else " " for char in text).split())


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _without_accents(text: str) -> str:
    """Drop combining marks after Latin and Greek letters and recompose the rest."""
    kept: list[str] = []
    bare = False  # the last base letter is one whose accents carry no identity
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) == "Mn":
            if not bare and kept:
                kept.append(char)
            continue
        bare = not char.isalpha() or char < "\u0400" or "\u1e00" <= char <= "\u1fff"
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_UNDECOMPOSED)


def base_title(title: str) -> str:
    """Fold a title without what only names a version: "(Remastered 2011)", "- Live", "feat. …", "[Mono]".

    Never empty for a title that has text: what would leave nothing is kept ("Live", "(Remix)", "???").
    """
    bare = _BRACKETED.sub(lambda match: "" if _is_decoration(match[1]) else match[0], title)
    parts = _DASHED.split(bare)
    while len(parts) > 1 and (_is_decoration(parts[-1]) or not parts[-1].strip()):
        parts.pop()
    bare = _FEATURING.sub("", " - ".join(parts))
    return fold(bare) or fold(title) or _plain(title)


def _is_decoration(part: str) -> bool:
    return bool(_DECORATION.search(fold(part)) or _FROM_WORK.match(part))


def artist_key(name: str) -> str:
    """Return the key under which an artist is filed: folded, without a leading "the".

    "The Beatles" and "beatles" share a key; "The The" and "The" keep theirs. A name of signs only ("!!!") is
    its own key.
    """
    key = fold(name)
    while key.startswith("the ") and key != "the the":
        key = key[4:]
    return key or _plain(name)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
