"""The page "Curate" in a real browser: a playlist is read, changed, looked at and saved; recipes are made anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import HOSTILE_TITLE, Guest

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Arrive = Callable[..., Guest]
JAZZ = "\n".join(f"The Number {i // 2}s - Jazz Piece {i}" for i in (0, 5, 10, 15, 20, 25))
BOX = "A playlist, or what one should be"


def at_the_desk(me: Guest, text: str, button: str = "Read it as a playlist") -> None:
    """Go to the page and put a playlist on the desk."""
    me.tab("Curate")
    me.page.get_by_label(BOX).fill(text)
    me.press(button)
    me.page.locator("#sg-desk table").wait_for()


def titles(me: Guest) -> list[str]:
    """The playlist as it can be read."""
    return [text.removesuffix(" new") for text in me.page.locator(".sg-work td.sg-title").all_inner_texts()]


def done(me: Guest, button: str, words: str) -> None:
    """Press a button and wait until the desk says what was done."""
    me.press(button)
    me.page.locator("#sg-desk p", has_text=words).first.wait_for()


def test_a_pasted_playlist_is_matched_looked_at_and_changed_step_by_step(guest: Arrive) -> None:
    me = guest()
    at_the_desk(me, f"{JAZZ}\nThe Number 2s - Jazz Piece 5\nThe Number 4s - Techno Piece 9\nNobody - No such thing")
    me.said("8 tracks of 9 found here")
    me.page.get_by_text("Not found here: 1").click()
    me.page.get_by_text("Nobody – No such thing").wait_for()
    like = me.page.locator(".sg-like").inner_text()
    assert "Jazz Piece 5" in like[like.index("Duplicates") :]
    assert "the only techno among jazz" in like
    assert "Decades" in like

    done(me, "Take duplicates out", "Took out 1 repeated track")
    assert titles(me) == [line.split(" - ")[1] for line in JAZZ.split("\n")] + ["Techno Piece 9"]
    me.press("Remove: Techno Piece 9", nth=0)
    me.page.locator("#sg-desk p", has_text="Took out 1 track.").wait_for()
    before = titles(me)
    assert len(before) == 6
    me.page.get_by_label("Tracks to add").fill("3")
    done(me, "Extend", "Added 3 tracks")
    assert titles(me)[:6] == before
    assert me.page.locator(".sg-new").count() == 3
    me.page.get_by_text("What changed").click()
    assert me.page.locator(".sg-changes li").count() == 3
    me.shoot("web-curate-1280")
    me.press("Undo the last change")
    me.said("Undone")
    assert titles(me) == before
    with me.page.expect_download() as download:
        me.page.get_by_role("link", name="JSON").click()
    saved = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [track["title"] for track in saved["tracks"]] == before


def test_a_playlist_file_is_opened_shortened_and_put_in_order(guest: Arrive, tmp_path: Path) -> None:
    me = guest()
    me.tab("Curate")
    lines = [
        f"#EXTINF:-1,The Number {i // 2}s - {kind} Piece {i}\n{i}.mp3"
        for i, kind in enumerate(("Jazz", "Folk", "Soul", "Rock", "Techno") * 3)
    ]
    file = tmp_path / "mixed bag.m3u8"
    file.write_text("#EXTM3U\n" + "\n".join(reversed(lines)), "utf-8")
    me.page.locator("#sg-curate input[type=file]").first.set_input_files(file)
    me.page.locator("#sg-desk table").wait_for()
    assert len(titles(me)) == 15
    me.page.get_by_label("Length in minutes").fill("20")
    done(me, "Shorten", "Took out")
    assert 5 <= len(titles(me)) <= 9
    me.page.get_by_label("Order").click()
    me.page.get_by_role("option", name="loud to calm").click()
    done(me, "Re-order", "Energy")
    assert titles(me)[-1].startswith(("Jazz", "Folk"))
    before = titles(me)
    bad = tmp_path / "broken.xspf"
    bad.write_text("<playlist><!ENTITY", "utf-8")
    me.page.locator("#sg-curate input[type=file]").first.set_input_files(bad)
    me.page.locator("#sg-desk .sg-problem", has_text="cannot read").wait_for()
    assert titles(me) == before
    me.page.get_by_label("Length in minutes").fill("")
    me.press("Shorten")
    me.said("Say how many minutes")


def test_a_recipe_is_written_run_kept_saved_and_loaded(guest: Arrive, tmp_path: Path) -> None:
    me = guest()
    at_the_desk(me, "mellow folk, 6 tracks", "Make one from these words")
    me.press("Recipes: make it anew")
    recipe = me.page.get_by_label("Recipe (YAML)")
    done(me, "Write one for this playlist", "A recipe is written below")
    assert "prompt: mellow folk, 6 tracks" in recipe.input_value()
    first = titles(me)
    me.press(f"Keep: {first[2]} by")
    me.page.locator('#sg-desk [aria-pressed="true"]').wait_for()
    assert "approved:" in recipe.input_value()
    recipe.fill(recipe.input_value().replace("mellow folk", "mellow jazz") + "fresh: true\n")
    done(me, "Run the recipe", "mellow jazz")
    second = titles(me)
    assert second[2] == first[2]
    assert {title.split()[0] for title in second if title != first[2]} == {"Jazz"}
    assert "5 added, − 5 removed" in me.page.locator(".sg-diff summary").inner_text()
    with me.page.expect_download() as download:
        me.page.get_by_role("link", name="Save as YAML").click()
    file = tmp_path / str(download.value.suggested_filename)
    download.value.save_as(file)
    assert file.suffix == ".yaml"
    recipe.fill("prompt: [")
    me.press("Run the recipe")
    me.said("cannot follow the recipe")
    assert titles(me) == second
    assert recipe.input_value() == "prompt: ["
    me.page.locator("#sg-curate input[type=file]").last.set_input_files(file)
    me.page.wait_for_function("document.querySelector('#sg-recipe textarea').value.startsWith('#')")
    assert recipe.input_value() == file.read_text("utf-8")


def test_a_hostile_playlist_on_a_narrow_dark_page(guest: Arrive) -> None:
    me = guest(width=360, height=760, dark=True)
    at_the_desk(
        me, f"Mallory - {HOSTILE_TITLE}\nMallory - ${{alert(2)}} {{{{this}}}}\n<b>Nobody</b> - <script>alert(7)"
    )
    assert HOSTILE_TITLE in titles(me)
    assert "${alert(2)} {{this}}" in titles(me)
    me.page.get_by_text("Not found here: 1").click()
    me.page.get_by_text("<b>Nobody</b>").wait_for()
    assert me.page.locator("#sg-desk img, #sg-desk script, #sg-desk b").count() == 0
    assert me.fits(360)
    remove = me.page.get_by_role("button", name="Remove: ${alert(2)}")
    remove.focus()
    me.page.keyboard.press("Enter")
    me.page.locator("#sg-desk p", has_text="Took out 1 track.").wait_for()
    assert len(titles(me)) == 1
    me.shoot("web-curate-360-dark")
