"""Lyrics: cleaned, cut, told by language, read for themes once, and forgotten with their tracks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from recsys.encoders.minilm import MiniLmEncoder
from recsys.encoders.text import TextEncoder
from recsys.lyrics.chunks import OVERLAP, SIZE, chunks, windows
from recsys.lyrics.cleaning import sung_words
from recsys.lyrics.language import CODES, language_of
from recsys.lyrics.passages import Passages, open_passages
from recsys.lyrics.stage import LyricsRead, read_lyrics
from recsys.lyrics.themes import ThemeFinder, load_themes
from recsys.spaces import add_space, cards, open_space
from recsys.store import Store
from recsys.types import Facet, FloatArray, Track
from recsys.vocabulary import load_vocabulary
from tests.words_encoder import WordsEncoder

SEA = "Hoist the canvas, let the rope go,\nthe harbour slides away behind,\nthe sailor prays among the waves"
WAR = "They handed me a rifle at nineteen,\nthe bombs came down upon the village,\nwho won this war, my general?"
GERMAN = "Der Regen fällt leise auf unser Dach,\ndein Mantel hängt noch an der Tür.\nIch rede am Abend mit dir."


@pytest.fixture(scope="module")
def finder(minilm: MiniLmEncoder) -> ThemeFinder:
    return ThemeFinder(minilm)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(f"sqlite:///{tmp_path / 'test.db'}")
    opened.add_source("mine", "", "csv", "1", [Track(name, name.title(), ("Ann",)) for name in ("sea", "war", "none")])
    opened.lyrics.put({"sea": (SEA, "tag"), "war": (WAR, "lrc")})
    return opened


def said(store: Store, track_id: str) -> dict[str, object]:
    return {one.field: one.value for one in store.annotations.of().get(track_id, ()) if one.source == "lyrics"}


# --- words ---


def test_only_what_is_sung_is_left_and_every_line_once() -> None:
    written = (
        "[ar: Ann]\n[00:01.20]Oh the <00:02.10>sea (x2)\n\n[Chorus]\nVerse 2:\n  oh  the sea\n[00:09.00] the shore"
    )
    assert sung_words(written) == "Oh the sea\nthe shore"
    assert sung_words("Bridge over the water\nHook, line and sinker for me and for you and the wind that blows") != ""
    assert sung_words("la " * 50_000).count("la") < 7_000


@pytest.mark.parametrize("n_tokens", [0, 1, SIZE, SIZE + 1, 200, 1_000])
def test_stretches_hold_every_token_and_share_some_with_the_next(n_tokens: int) -> None:
    cut = windows([(n, n + 1) for n in range(n_tokens)], SIZE, OVERLAP)
    assert sorted({n for start, end in cut for n in range(start, end)}) == list(range(n_tokens))
    assert all(end - start <= SIZE for start, end in cut)
    assert all(before - start == OVERLAP for (_, before), (start, _) in pairwise(cut))


def test_long_lyrics_are_cut_where_the_encoder_cuts_beyond_what_it_reads_at_once(minilm: MiniLmEncoder) -> None:
    words = [f"verse{n} sailing" for n in range(300)]
    text = " ".join(words)
    parts = chunks(text, minilm)
    assert len(minilm.token_spans(text)) > 900  # where 256 are read at once
    assert all(len(minilm.token_spans(part)) <= SIZE + 1 for part in parts)
    assert all(any(word in part for part in parts) for word in words)
    assert parts[-1].endswith(words[-1])


# --- language ---


def test_languages_are_those_of_the_vocabulary_and_of_the_classifier() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    known = LanguageIdentifier.from_model_file(MODEL_FILE).labels
    assert set(CODES) <= set(load_vocabulary().words(Facet.LANGUAGE))
    assert {code for codes in CODES.values() for code in codes} <= set(known)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (SEA, "english"),
        (GERMAN, "german"),
        ("さくら さくら 野山も里も 見わたす限り かすみか雲か 朝日ににおう", "japanese"),
        ("la la la la la\nla la la", None),
        ("Ooh baby", None),
        (f"{SEA}\n{GERMAN}", None),
        ("", None),
        ("123 456 789 1011 1213 1415", None),
    ],
)
def test_a_language_is_told_only_where_there_is_one(text: str, language: str | None) -> None:
    heard = language_of(sung_words(text))
    assert (heard.language if heard else None) == language
    assert heard is None or 0.6 <= heard.confidence <= 1


# --- themes ---


def test_every_theme_of_the_vocabulary_says_how_it_is_put_in_lyrics() -> None:
    assert [theme.name for theme in load_themes()] == list(load_vocabulary().words(Facet.THEME))
    assert all(len(theme.says) >= 3 for theme in load_themes())


@pytest.mark.parametrize(("text", "theme"), [(SEA, "the sea"), (WAR, "war")])
def test_lyrics_that_are_all_about_something_are_found_to_be(
    minilm: MiniLmEncoder, finder: ThemeFinder, text: str, theme: str
) -> None:
    found = finder.find(text, minilm.encode(chunks(text, minilm)))
    assert found[0].name == theme
    assert all(0.5 <= one.confidence <= 1 for one in found)
    assert not finder.reads("german")


def test_a_theme_stands_out_from_others_whatever_the_number_of_stretches(
    minilm: MiniLmEncoder, finder: ThemeFinder
) -> None:
    vectors = minilm.encode([SEA])
    many = np.repeat(vectors, 5, axis=0)
    np.testing.assert_allclose(finder.scores(SEA, vectors), finder.scores(SEA, many), atol=1e-4)


# --- the stage ---


def test_lyrics_become_annotations_a_space_and_stretches(store: Store, tmp_path: Path, minilm: MiniLmEncoder) -> None:
    assert read_lyrics(tmp_path, store, lambda: minilm) == LyricsRead(2, 2, changed=True)
    assert said(store, "sea")["language"] == "english"
    assert "war" in said(store, "war")["themes"]  # type: ignore[operator]
    assert said(store, "none") == {}
    space = open_space(tmp_path, "lyrics")
    assert set(space.ids) == {"sea", "war"}
    np.testing.assert_allclose(np.linalg.norm(space.vectors, axis=1), 1, atol=1e-5)
    passages = open_passages(tmp_path, ["war", "other", "sea"], minilm.name)
    assert passages is not None
    assert passages.read.tolist() == [True, False, True]
    near = passages.nearest(minilm.encode(["sailing on the ocean", "soldiers"]))
    assert near[2, 0] > near[0, 0]
    assert near[0, 1] > near[2, 1]
    assert near[1].tolist() == [0, 0]
    assert open_passages(tmp_path, ["war"], "another encoder") is None
    assert open_passages(tmp_path, ["other"], minilm.name) is None


def test_nothing_is_read_twice_and_only_changed_words_are_encoded_again(store: Store, tmp_path: Path) -> None:
    encoder = WordsEncoder()
    first = read_lyrics(tmp_path, store, lambda: encoder)
    seen = len(encoder.batches)
    assert read_lyrics(tmp_path, store, lambda: encoder) == LyricsRead(2)
    assert len(encoder.batches) == seen
    store.lyrics.put({"war": (WAR.replace("nineteen", "twenty"), "lrc")})
    assert (first.n_encoded, read_lyrics(tmp_path, store, lambda: encoder).n_encoded) == (2, 1)


def test_without_lyrics_no_encoder_is_opened_and_what_was_read_off_them_goes(store: Store, tmp_path: Path) -> None:
    encoder = WordsEncoder()
    read_lyrics(tmp_path, store, lambda: encoder)
    assert [card.name for card in cards(tmp_path)] == ["lyrics"]
    assert said(store, "sea")
    store.add_source("mine", "", "csv", "2", [Track("none", "None", ("Ann",))])

    def never() -> TextEncoder:
        raise AssertionError("there is nothing to read")

    assert read_lyrics(tmp_path, store, never) == LyricsRead(0, changed=True)
    assert read_lyrics(tmp_path, store, never) == LyricsRead(0)
    assert store.lyrics.ids() == []
    assert cards(tmp_path) == []
    assert store.annotations.of() == {}
    assert open_passages(tmp_path, ["sea"], encoder.name) is None


def test_a_space_of_that_name_that_was_brought_in_stays(store: Store, tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", np.eye(2, dtype=np.float32))
    (tmp_path / "own.txt").write_text("sea\nwar\n", encoding="utf-8")
    add_space(tmp_path, "lyrics", tmp_path / "own.npy", tmp_path / "own.txt", {"sea", "war"})
    assert read_lyrics(tmp_path, store, WordsEncoder).changed
    assert open_space(tmp_path, "lyrics").card.width == 2
    store.lyrics.drop({"sea", "war"})
    read_lyrics(tmp_path, store, WordsEncoder)
    assert open_space(tmp_path, "lyrics").card.width == 2


def test_lyrics_that_say_nothing_any_more_take_their_annotations_with_them(store: Store, tmp_path: Path) -> None:
    read_lyrics(tmp_path, store, WordsEncoder)
    store.lyrics.put({"war": ("la la la", "tag")})
    read_lyrics(tmp_path, store, WordsEncoder)
    assert said(store, "war").get("language") is None
    assert said(store, "sea")["language"] == "english"


def test_a_table_that_is_read_again_drops_only_its_own_lyrics(store: Store) -> None:
    tracks = [Track(name, name, ("Ann",)) for name in ("sea", "war", "none")]
    store.add_source("mine", "", "csv", "2", tracks, lyrics={"none": "from the table"})
    assert store.lyrics.ids() == ["none", "sea", "war"]
    store.add_source("mine", "", "csv", "3", tracks, lyrics={})
    assert store.lyrics.of({"sea", "none"}) == {"sea": (SEA, "tag")}
    store.lyrics.put({"sea": ("a\0b\ud800", "tag")})
    assert store.lyrics.of({"sea"})["sea"][0] == "a\ufffdb\ufffd"


_KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.lyrics.stage import read_lyrics
from recsys.store import Store
from tests.words_encoder import WordsEncoder

class Dying(WordsEncoder):
    def encode(self, texts):
        if len(self.batches) == 2:  # the phrasings of the themes, and the first stretches
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

home = Path(sys.argv[1])
read_lyrics(home, Store.open(f"sqlite:///{home / 'test.db'}"), Dying)
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'test.db'}")
    ids = [f"t{n}" for n in range(300)]
    store.add_source("mine", "", "csv", "1", [Track(one, one, ("Ann",)) for one in ids])
    store.lyrics.put({one: (f"word{n} of the sea and of the wind", "tag") for n, one in enumerate(ids)})
    root = str(Path(__file__).parents[2])
    child = [sys.executable, "-c", _KILLED, str(tmp_path)]
    assert subprocess.run(child, cwd=root, env={"PYTHONPATH": root}, check=False).returncode == -9
    encoder = WordsEncoder()
    # The first 256 stretches were kept, as one transaction.
    assert read_lyrics(tmp_path, store, lambda: encoder) == LyricsRead(300, 300 - 256, changed=True)
    undisturbed = tmp_path / "other"
    undisturbed.mkdir()
    read_lyrics(undisturbed, store, WordsEncoder)
    assert (open_space(tmp_path, "lyrics").vectors == open_space(undisturbed, "lyrics").vectors).all()


def test_the_nearest_stretch_is_a_tracks_own() -> None:
    """Guards against stretches of one track, or of none, that are counted to the next."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((9, 4)).astype(np.float32)
    starts, rows = np.array([0, 2, 2, 5, 8, 9]), np.array([3, 1, -1, 0, 2])
    passages = Passages(vectors, starts, rows, 5)
    asked = rng.standard_normal((2, 4)).astype(np.float32)
    own: Sequence[slice | None] = [slice(5, 8), None, slice(8, 9), slice(0, 2), None]
    expected: FloatArray = np.stack(
        [np.zeros(2) if one is None else (vectors[one] @ asked.T).max(axis=0) for one in own]
    ).astype(np.float32)
    np.testing.assert_allclose(passages.nearest(asked), expected, rtol=1e-5)
