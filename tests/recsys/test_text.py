"""Folding: which spellings are one word, one title, one artist."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys.text import artist_key, base_title, fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Beyoncé & JAY-Z", "beyonce and jay z"),
        ("Sigur Rós", "sigur ros"),
        ("MØ", "mo"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Ｆｕｌｌ ﬁ", "full fi"),
        ("rock'n'roll", "rock n roll"),
        ("A$AP Rocky", "asap rocky"),
        ("P!nk", "pink"),
        ("$100 Bills!", "100 bills"),
        ("a_b  c\t\n d", "a b c d"),
        ("Ёлка", "елка"),
        ("Мой", "мой"),
        ("バンド", "バンド"),
        ("हिन्दी गाने", "हिन्दी गाने"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_fold_of_known_spellings(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
@example("İ")
@example("ß̂")
@example("ﷺ")
@example("가̂")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(), st.text())
def test_folds_have_single_spaces_and_no_punctuation_or_upper_case(left: str, right: str) -> None:
    folded = fold(f"{left}, {right}!")
    assert folded == " ".join(folded.split())
    assert not set(folded) & set(",.!-_&'\"$()[]/")
    assert folded == folded.lower()


@given(st.text(alphabet="abc ABCéÉ&-."), st.text(alphabet="abc ABCéÉ&-."))
def test_fold_of_words_side_by_side_is_their_folds_side_by_side(left: str, right: str) -> None:
    assert fold(f"{left} {right}") == f"{fold(left)} {fold(right)}".strip()


@pytest.mark.parametrize(
    ("title", "base"),
    [
        ("I Don't Care (with Justin Bieber) - Loud Luxury Remix", "i don t care"),
        ("1999 - 2019 Remaster", "1999"),
        ("Money (Remastered 2011) [Mono]", "money"),
        ("Hey Jude - Live", "hey jude"),
        ("Bohemian Rhapsody - Live at Wembley '86", "bohemian rhapsody"),
        ("Youth feat. Khalid", "youth"),
        ("Crazy in Love (feat. Jay-Z)", "crazy in love"),
        ("Pressure (Alesso Remix) [feat. Nadia Ali]", "pressure"),
        ('Let It Go (From "Frozen")', "let it go"),
        ("(I Can't Get No) Satisfaction - Mono Version / Remastered", "i can t get no satisfaction"),
        ("Another Brick in the Wall, Pt. 2 - 2011 Remastered Version", "another brick in the wall pt 2"),
        # What is no decoration stays.
        ("Live and Let Die", "live and let die"),
        ("Stuck (With You)", "stuck with you"),
        ("Love - Hate", "love hate"),
        ("Live", "live"),
        ("(Remix)", "remix"),
        ("???", "???"),
    ],
)
def test_base_title_drops_versions_only(title: str, base: str) -> None:
    assert base_title(title) == base


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_never_loses_everything(title: str) -> None:
    assert base_title(title)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The Beatles", "beatles"),
        ("beatles", "beatles"),
        ("The The", "the the"),
        ("The", "the"),
        ("Theory", "theory"),
        ("!!!", "!!!"),
        ("AC/DC", "ac dc"),
    ],
)
def test_artist_keys(name: str, key: str) -> None:
    assert artist_key(name) == key


@given(st.text())
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert artist_key(artist_key(name)) == artist_key(name)
