"""Nothing explicit where that is asked for, in new playlists and in those shown again; unknown is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.recipes import Named, Recipe
from assistant.reply import Message, Reply
from assistant.understanding.explicitness import wants_clean

#: Of ten tracks each: stated as explicit, stated as not, and nothing said.
STATES = {"loud": "true", "mild": "false", "open": ""}


@pytest.fixture(scope="module")
def marked(
    tmp_path_factory: pytest.TempPathFactory, starter_home: Path, open_assistant: Callable[..., Assistant]
) -> Iterator[Assistant]:
    """An assistant over thirty tracks, a third of them explicit."""
    import shutil

    home = tmp_path_factory.mktemp("marked") / "home"
    shutil.copytree(starter_home / "cache" / "encoder", home / "cache" / "encoder")
    rows = ["title,artist,genre,explicit,duration"]
    for said, value in STATES.items():
        rows += [f"{said} {number},{said} singer {number},jazz,{value},200" for number in range(10)]
    rows += ["mild 0 (Explicit),mild singer 0,jazz,,200"]
    table = home.with_name("songs.csv")
    table.write_text("\n".join(rows), encoding="utf-8")
    with open_assistant(home) as opened:
        opened.index(table)
        yield opened


def titles(reply: Reply) -> set[str]:
    return {track.title.split()[0] if "Explicit" not in track.title else "loud" for track in reply.tracks}


def ask(assistant: Assistant, session: str, text: str, **more: object) -> Reply:
    told = {"listener_id": "ann", "session_id": session, "text": text} | more
    return assistant.reply(Message.model_validate(told))


def test_a_clean_playlist_has_nothing_explicit_and_counts_the_unknown(marked: Assistant) -> None:
    assert "loud" in titles(ask(marked, "a", "jazz", n_tracks=30))
    reply = ask(marked, "b", "jazz", n_tracks=30, clean=True)
    assert titles(reply) == {"mild", "open"}
    assert len(reply.tracks) == 20
    line = next(line for line in reply.receipt if line.constraint == "clean")
    assert (line.n_met, line.n_total, line.unknown, line.delivered) == (10, 20, 10, "10 of 20, 10 unknown")


def test_a_title_asked_for_by_name_is_not_shown_either(marked: Assistant) -> None:
    assert any(track.title == "loud 3" for track in ask(marked, "c", "play “loud 3” by loud singer 3").tracks)
    assert titles(ask(marked, "d", "play “loud 3” by loud singer 3", clean=True)) <= {"mild", "open"}


def test_neither_pins_nor_undo_bring_explicit_tracks_back(marked: Assistant) -> None:
    first = ask(marked, "e", "jazz", n_tracks=30)
    at = next(track.position for track in first.tracks if track.title.startswith("loud"))
    ask(marked, "e", f"keep {at}")
    assert titles(ask(marked, "e", "something mellow", clean=True)) <= {"mild", "open"}
    undone = ask(marked, "e", "", step="undo", clean=True)
    assert undone.tracks
    assert titles(undone) <= {"mild", "open"}
    assert [track.position for track in undone.tracks] == list(range(1, len(undone.tracks) + 1))


def test_a_clean_recipe_leaves_out_even_what_it_must_include(marked: Assistant) -> None:
    recipe = Recipe(name="Clean", prompt="jazz", n_tracks=8, clean_only=True, must_include=(Named(track="loud 1"),))
    made = marked.run_recipe(recipe, "ann")
    assert titles(made.reply) <= {"mild", "open"}
    assert "must_include: “loud 1” is left out: it is explicit, and the recipe is clean_only" in made.problems


def test_words_ask_for_a_clean_playlist_until_they_allow_the_rest(marked: Assistant) -> None:
    first = ask(marked, "words", "jazz with no explicit lyrics, 30 tracks")
    assert titles(first) == {"mild", "open"}
    assert "nothing explicit" in first.text
    assert "Unknown whether explicit: 10." in first.text
    line = next(line for line in first.receipt if line.constraint == "clean")
    assert (line.n_met, line.n_total, line.chip) == (10, 20, "clean")
    assert titles(ask(marked, "words", "something calmer")) == {"mild", "open"}
    assert "loud" in titles(ask(marked, "words", "explicit is fine"))
    assert titles(ask(marked, "words", "", step="undo")) == {"mild", "open"}


def test_the_wish_for_a_clean_playlist_is_a_chip_that_can_be_dropped(marked: Assistant) -> None:
    ask(marked, "chip", "kid friendly jazz, 30 tracks")
    dropped = ask(marked, "chip", "", chips=({"action": "drop", "chip": "clean"},))
    assert "loud" in titles(dropped)
    assert all(line.chip != "clean" for line in dropped.receipt)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("party mix no explicit lyrics no slow songs", True),
        ("swear-free hip-hop for a school dance", True),
        ("comedy songs that aren't dirty", True),
        ("keep it clean please", True),
        ("rap para niños sin palabrotas", True),
        ("pas de gros mots, y a les petits", True),
        ("nichts mit Schimpfwörtern", True),
        ("trap br sem palavrão", True),
        ("canzoni per bambini senza parolacce", True),
        ("I don't mind swearing", False),
        ("explicit songs are fine", False),
        ("uncensored rap", False),
        ("no clean versions", None),
        ("no Dirty Heads", None),
        ("Clean Bandit songs only", None),
        ("clean guitar tones, not dirty blues", None),
        ("nothing by Curse", None),
    ],
)
def test_what_words_say_of_explicit_songs(text: str, wanted: bool | None) -> None:
    assert wants_clean(text) is wanted


def test_an_analysis_counts_explicit_and_unknown(marked: Assistant) -> None:
    ids = [track.track_id for track in ask(marked, "f", "jazz", n_tracks=31).tracks]
    found = marked.analyse(ids)
    assert (found.n_explicit, found.n_unknown_explicit) == (10, 10)
    assert "10 tracks known to be explicit; 10 unknown." in found.sentences
