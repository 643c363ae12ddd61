"""Recipes: the same each time, with what was approved in its place, and true to what they rule out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.curate_errors import RecipeError
from assistant.recipe_files import RecipeFile
from assistant.recipes import Named, Recipe, RecipeRun
from connectors.cli import app
from recsys.explicitness import explicit

FOLK = Recipe(name="Folk", prompt="mellow folk", n_tracks=10, seed=7)


@pytest.fixture(scope="module")
def run(assistant: Assistant) -> Callable[..., RecipeRun]:
    """Follow the folk recipe with some fields changed."""

    def follow(listener: str = "cook", exclude: tuple[str, ...] = (), **changed: object) -> RecipeRun:
        return assistant.run_recipe(Recipe.model_validate(FOLK.model_dump() | changed), listener, exclude=exclude)

    return follow


def ids(run: RecipeRun) -> list[str]:
    return [track.track_id for track in run.reply.tracks]


def test_a_recipe_gives_the_same_playlist_for_a_seed_and_another_for_another(run: Callable[..., RecipeRun]) -> None:
    first = run()
    assert ids(run()) == ids(first)
    assert ids(run(seed=8)) != ids(first)
    assert [one.id for one in first.recipe.last] == ids(first)
    again = run(**first.recipe.model_dump(include={"last"}))
    assert (again.diff.added, again.diff.removed, again.diff.moved, again.diff.n_kept) == ((), (), (), 10)


def test_time_that_passes_changes_nothing(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history fades from its last event on, so a recipe gives the same next year."""
    for number, track in enumerate(assistant.run_recipe(FOLK, "ager").reply.tracks[:4]):
        assistant.feedback("ager", None, track.track_id, "like" if number % 2 else "play")
    now = assistant.run_recipe(FOLK, "ager")
    monkeypatch.setattr("recsys.recommender.time.time", lambda: 4e9)
    assert ids(assistant.run_recipe(FOLK, "ager")) == ids(now)


def test_approved_tracks_keep_their_places_when_all_else_is_fresh(run: Callable[..., RecipeRun]) -> None:
    first = run()
    approved = [ids(first)[2], ids(first)[7]]
    recipe = first.recipe.approving(approved).model_copy(update={"fresh": True})
    second = run(**recipe.model_dump())
    assert (ids(second)[2], ids(second)[7]) == tuple(approved)
    assert set(ids(second)) & set(ids(first)) == set(approved) == set(second.kept)
    assert (len(second.diff.added), len(second.diff.removed), second.diff.n_kept) == (8, 8, 2)
    assert [track.pinned for track in second.reply.tracks] == [n in (2, 7) for n in range(10)]
    assert "8 new and 8 gone; 2 approved tracks kept" in second.reply.text


def test_what_must_be_there_is_found_by_name_or_reported(run: Callable[..., RecipeRun]) -> None:
    made = run(
        must_include=["Losing It – Fisher", "Fisher - Losing It", {"id": "starter:10cc-i-m-not-in-love"}, "Xyzzy"]
    )
    assert {"starter:fisher-losing-it", "starter:10cc-i-m-not-in-love"} <= set(ids(made))
    assert len(ids(made)) == len(set(ids(made))) == 10
    assert made.problems == ("must_include: the catalogue has no “Xyzzy”; check its title and artist",)


@pytest.mark.parametrize(
    "words", ["Stand by Me – Ben E. King", "Stand by Me by Ben E. King", "Ben E. King   -   Stand by Me"]
)
def test_a_title_may_hold_what_parts_it_from_its_artist(run: Callable[..., RecipeRun], words: str) -> None:
    made = run(must_include=[words])
    assert "Stand by Me" in [track.title for track in made.reply.tracks]
    assert made.problems == ()


def test_a_title_of_one_artist_never_stands_for_anothers(run: Callable[..., RecipeRun]) -> None:
    made = run(must_include=["Nobody – Knows"])
    assert not any(track.title == "Nobody" for track in made.reply.tracks)
    assert "“Nobody – Knows”" in made.problems[0]


def test_what_is_ruled_out_is_never_there_not_even_approved(run: Callable[..., RecipeRun]) -> None:
    first = run()
    gone, artist = first.reply.tracks[0], first.reply.tracks[1].artists[0]
    made = run(
        never_include=[gone.track_id, {"artist": artist}],
        must_include=[gone.track_id],
        approved=[{"id": first.reply.tracks[1].track_id}],
        last=[one.model_dump() for one in first.recipe.last],
    )
    assert gone.track_id not in ids(made)
    assert not any(artist in track.artists for track in made.reply.tracks)
    assert sum("never_include" in problem for problem in made.problems) == 2
    assert len(ids(made)) == 10


def test_quotas_and_the_general_cap_hold_even_for_artists_that_are_asked_for(run: Callable[..., RecipeRun]) -> None:
    asked = {"prompt": "songs by Abba and Queen, and more pop", "n_tracks": 12}
    free = Counter(track.artists[0] for track in run(**asked).reply.tracks)
    assert free["ABBA"] >= 2
    assert free["Queen"] >= 1
    made = run(**asked, quotas={"abba": 1, "Queen": 0}, max_per_artist=2)
    counts = Counter(track.artists[0] for track in made.reply.tracks)
    assert counts["ABBA"] == 1
    assert counts["Queen"] == 0
    assert max(counts.values()) <= 2


def test_a_track_that_must_be_there_does_not_break_a_quota(run: Callable[..., RecipeRun]) -> None:
    made = run(quotas={"Fisher": 0}, must_include=["Losing It – Fisher"])
    assert "starter:fisher-losing-it" not in ids(made)
    assert made.problems == ("must_include: “Losing It – Fisher” is left out: Fisher may have 0 tracks",)


def test_constraints_in_words_and_spelled_out_hold(run: Callable[..., RecipeRun]) -> None:
    made = run(constraints=["from the 1970s", {"facet": "vocals", "values": ["female"]}, "blorp"])
    assert all(track.year and 1970 <= track.year <= 1979 for track in made.reply.tracks)
    met = {line.constraint: (line.n_met, line.n_total) for line in made.reply.receipt}
    assert met["female vocals"] == (len(made.reply.tracks),) * 2
    assert any("“blorp” names nothing" in problem for problem in made.problems)


def test_other_playlists_tracks_are_not_taken(run: Callable[..., RecipeRun]) -> None:
    first = run()
    second = run(exclude=tuple(ids(first)), must_include=[ids(first)[0]])
    assert not set(ids(first)) & set(ids(second))
    assert "it is in another playlist" in second.problems[0]


def test_clean_only_says_of_how_many_nobody_knows(run: Callable[..., RecipeRun], assistant: Assistant) -> None:
    made = run(clean_only=True)
    catalogue = assistant.serving().recommender.catalogue
    unknown = sum(explicit(catalogue.track(row)) is None for row in catalogue.rows(ids(made)).tolist())
    assert unknown > 0
    assert f"clean_only: of {unknown} of 10 tracks nobody says whether they are explicit" in made.problems
    line = next(line for line in made.reply.receipt if line.constraint == "clean")
    assert (line.n_met, line.unknown) == (10 - unknown, unknown)


# --- files ---

BREAKFAST = """\
# My breakfast
version: 1
name: Sunday breakfast  # the slow one
prompt: 'mellow folk: no hurry'
n_tracks: 6
seed: 3
quotas: {Nick Drake: 2}
"""


def test_a_file_keeps_its_comments_and_reads_back_as_it_was() -> None:
    file = RecipeFile.read(BREAKFAST, "b.yaml")
    assert file.text == BREAKFAST
    played = file.recipe.model_copy(update={"last": (Named(id="a:1", track="No: 1 – Yes #2"),)})
    text = file.with_state(played).text
    assert text.startswith(BREAKFAST)
    assert RecipeFile.read(text, "b.yaml").recipe == played
    assert RecipeFile.read(RecipeFile.new(played).text, "new").recipe == played


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\npromt: y", r"bad, line 2: there is no field 'promt'; did you mean prompt\?"),
        ("prompt: y", "the field 'name' is missing; write a name"),
        ("name: x\nn_tracks: 0", "line 2: n_tracks is '0', but .*; write a number from 1 to 200"),
        ("name: x\ndials:\n  fame: 3", "line 3: dials.fame is '3'"),
        ("name: x\nconstraints:\n  - no pop\n  - {facet: loud, low: 1}", r"line 4: constraints\[2\].facet is 'loud'"),
        ("name: x\nmust_include:\n  - {artist: A}", "line 2: must_include: the artist A stands where only tracks can"),
        ("name: x\nname: y", "line 2: a field is there twice"),
        ("name: x: y", "line 1: it is no YAML .*quotes"),
        ("name: &a x\nprompt: *a", "references"),
        ("a: " + "[" * 40 + "]" * 40, "nests too deep"),
        ("- x", "it has no fields"),
        ("name: x\nversion: 2", "line 2: version is '2'"),
        ("x" * 600_000, "more than 500,000 letters"),
    ],
    ids=lambda value: str(value)[:12].replace("\n", " "),
)
def test_a_mistake_is_named_with_its_line_and_what_to_write(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        RecipeFile.read(text, "bad")


# --- command line ---


@pytest.fixture
def segue(starter_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a command line in an empty folder, over the starter: (exit status, all that it prints)."""
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("HOME", str(starter_home)),
        ("TRAINING_STEPS", "20"),
        ("THREADS", "1"),
        ("LOG_LEVEL", "error"),
    ):
        monkeypatch.setenv(f"SEGUE_{name}", value)

    def line(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(words), prog_name="segue")
        return result.exit_code, result.output if result.exception is None else f"{result.output}{result.exception}"

    return line


def test_a_recipe_is_saved_refreshed_and_keeps_what_is_approved(segue: Callable[..., tuple[int, str]]) -> None:
    status, _ = segue("playlist", "mellow folk", "-n", "5", "--seed", "3", "--save-recipe", "m.yaml", "-o", "m.csv")
    assert status == 0
    text = Path("m.yaml").read_text(encoding="utf-8")
    Path("m.yaml").write_text(text + "# mine\nfresh: true\n", encoding="utf-8")
    saved = RecipeFile.read(text, "m").recipe
    status, out = segue("playlist", "--recipe", "m.yaml", "--approve", "2,4-5", "-o", "m.m3u8")
    assert status == 0
    assert "2 new and 2 gone; 3 approved tracks kept" in out
    assert out.count("\n= ") == 3
    now = Path("m.yaml").read_text(encoding="utf-8")
    assert now.endswith("# mine\nfresh: true\n" + now[now.index("approved:") :])
    refreshed = RecipeFile.read(now, "m").recipe
    assert [refreshed.last[n] for n in (1, 3, 4)] == [saved.last[n] for n in (1, 3, 4)] == list(refreshed.approved)
    status, out = segue("playlist", "more", "--save-recipe", "m.yaml")
    assert status == 1
    assert "it is there already" in out
    status, out = segue("playlist", "--recipe", "m.yaml", "--approve", "9")
    assert "numbers from 1 to 5 of the playlist of last time" in out
    assert Path("m.yaml").read_text(encoding="utf-8") == now


def test_a_table_makes_many_without_repeats_and_names_its_bad_lines(segue: Callable[..., tuple[int, str]]) -> None:
    Path("r.yaml").write_text(
        "name: R\nprompt: folk\nn_tracks: 4\nseed: 1\nmust_include: [Losing It – Fisher]\n", encoding="utf-8"
    )
    Path("out").mkdir()
    Path("t.csv").write_text(
        "request,recipe,name,n_tracks,output\n"
        '"folk, please",,One,8,one.json\n'
        "folk,,,8,\n"
        ",r.yaml,,,r.json\n"
        "folk,,,many,x.m3u8\n"
        "folk,,,,../x.m3u8\n"
        ",../r.yaml,,,\n"
        "house,,,3,one.json\n"
        "Losing It by Fisher,,Last,3,last.json\n",
        encoding="utf-8",
    )
    status, out = segue("playlist", "--batch", "t.csv", "-o", "out")
    assert status == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["folk.m3u8", "last.json", "one.json", "r.json"]
    assert not Path("../x.m3u8").exists()
    for number, problem in ((5, "n_tracks is 'many'"), (6, "leads out of"), (7, "leads out of"), (8, "by line 2")):
        assert f"line {number}: skipped: " in out
        assert problem in out
    import json

    titles = [
        (track["title"], track["artist"])
        for name in ("one", "r", "last")
        for track in json.loads(Path(f"out/{name}.json").read_text(encoding="utf-8"))["tracks"]
    ]
    titles += [tuple(line.split(" - ", 1)[::-1]) for line in _named(Path("out/folk.m3u8"))]
    assert len({(title.lower(), artist.lower()) for title, artist in titles}) == len(titles) == 8 + 4 + 3 + 8
    assert "last:" in Path("r.yaml").read_text(encoding="utf-8")


def _named(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(",", 1)[1] for line in lines if line.startswith("#EXTINF")]


def test_a_playlist_of_elsewhere_is_looked_at_and_changed(segue: Callable[..., tuple[int, str]]) -> None:
    assert segue("playlist", "mellow folk", "-n", "9", "-o", "mine.m3u8")[0] == 0
    with Path("mine.m3u8").open("a", encoding="utf-8") as file:
        file.write("#EXTINF:200,Nobody - At All\nnowhere.mp3\n/no\x1b[31mwhere\u202e/\n#PLAYLIST:Mi\x1b[2Jne\n")
    status, out = segue("curate", "mine.m3u8")
    assert status == 0
    assert "Mi[2Jne: 9 of 11 tracks are in the catalogue" in out
    assert "not here: no[31mwhere" in out
    assert not {"\x1b", "\u202e"}.intersection(out)
    assert "not here: Nobody – At All" in out
    assert "Energy " in out
    status, out = segue("curate", "mine.m3u8", "--extend", "3", "--arc", "rising", "-o", "better.csv")
    assert status == 0
    assert "9 kept, 3 new, 0 gone" in out
    assert len(Path("better.csv").read_text(encoding="utf-8").splitlines()) == 13
