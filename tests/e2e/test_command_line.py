"""Whole transcripts of the command line on a small catalogue: what a person types and what is then there to see."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.reports import Check
from connectors.cli import app

pytestmark = pytest.mark.e2e

#: What a small catalogue is served from; the suite also runs with SEGUE_INDEX=chroma.
INDEX = "chroma" if os.environ.get("SEGUE_INDEX") == "chroma" else "exact"
LINK = r"https://www\.youtube\.com/results\?search_query=\S+"


@dataclass(frozen=True)
class Transcript:
    """One command line and what came of it."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Segue = Callable[..., Transcript]


def command_line(*arguments: object, stdin: str | None = None) -> Transcript:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, prog_name="segue")
    return Transcript(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def indexing(tmp_path_factory: pytest.TempPathFactory, small_catalogue: Path) -> Iterator[Transcript]:
    """The transcript of indexing the small catalogue, with two bad rows and a column that no header gives away."""
    folder = tmp_path_factory.mktemp("cli")
    rows = list(csv.reader(small_catalogue.read_text(encoding="utf-8").splitlines()))
    rows[0][rows[0].index("title")] = "what_it_is_called"
    rows[3:3] = [["bad1", "", "Nobody", *[""] * 7], ["bad2", "Nothing", "", *[""] * 7]]
    with (folder / "songs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HOME": folder / "home",
            "TRAINING_STEPS": 30,
            "THREADS": 1,
            "LISTENER": "ann",
            "LOG_LEVEL": "error",
        }.items():
            patch.setenv(f"SEGUE_{name}", str(value))
        yield command_line("index", folder / "songs.csv", "--name", "mine", "--map", "title=what_it_is_called")


@pytest.fixture
def segue(indexing: Transcript) -> Segue:
    """The command line where the small catalogue is indexed."""
    assert indexing.status == 0, indexing.err
    return command_line


def test_index_reports_rows_tracks_and_what_was_skipped(indexing: Transcript) -> None:
    assert indexing.status == 0
    assert indexing.lines[:3] == [
        "mine: 153 tracks from 155 rows, 0 playlists, 2 rows skipped",
        "  line 4: has no title",
        "  line 5: has no artist",
    ]
    assert re.fullmatch(r"Serving 153 tracks with a model trained on it; \d+\.\d s", indexing.lines[3])
    assert len(indexing.lines) == 4


def test_a_playlist_is_a_table_with_reasons_receipt_and_links(segue: Segue) -> None:
    done = segue("playlist", "mellow jazz,", "no techno", "-n", 5, "--seed", 7)
    assert (done.status, done.err) == (0, "")
    assert re.match(r"5 tracks, 1\d min: .*jazz.*", done.out)
    rows = [line for line in done.lines if re.match(r"\d  \S.* – The Number \d+s  +\d{4}    \d:\d\d$", line)]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert sum("Jazz Piece" in row for row in rows) == 5
    assert re.search(r"✓ +\d +no techno +all +5 of 5\n", done.out)
    assert re.search(r"✓ +\d +tracks +5 +5\n", done.out)
    assert len(re.findall(rf"^  \d  {LINK}$", done.out, re.MULTILINE)) == 5
    assert done.lines[-1].endswith(f" · seed 7 · index {INDEX}")
    assert all(len(line) <= 80 for line in done.lines if "://" not in line)


def test_a_playlist_is_written_in_every_format(segue: Segue, tmp_path: Path) -> None:
    files = [tmp_path / f"list.{extension}" for extension in ("m3u8", "csv", "json")]
    options = [part for file in files for part in ("-o", file)]
    done = segue("playlist", "20 folk tracks, 3 hours", "-n", 4, "--seed", 7, *options)
    assert (done.status, done.out) == (0, "")
    assert re.search(rf"^Wrote 4 tracks, \d+ min, to {re.escape(str(files[0]))} \(seed 7\)$", done.err, re.MULTILINE)
    document = json.loads(files[2].read_text(encoding="utf-8"))
    assert (document["schema"], document["seed"], document["index"]) == (1, 7, INDEX)
    titles = [one["title"] for one in document["tracks"]]
    assert len(titles) == 4
    with files[1].open(encoding="utf-8", newline="") as file:
        assert [row["title"] for row in csv.DictReader(file)] == titles
    named = re.findall(r"^#EXTINF:\d+,.* - (.*)$", files[0].read_text(encoding="utf-8"), re.MULTILINE)
    assert named == titles
    shown = segue("playlist", "20 folk tracks, 3 hours", "-n", 4, "--seed", 7, "-o", "-", "-o", files[2])
    assert shown.status == 0
    assert all(title[:20] in shown.out for title in titles)
    assert json.loads(files[2].read_text(encoding="utf-8")) == document


@pytest.mark.parametrize("request_text", ["mellow piano", "something energetic from the 80s, 30 minutes"])
def test_both_indexes_give_the_same_playlist(
    segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_text: str
) -> None:
    slates = {}
    for kind in ("exact", "chroma"):
        monkeypatch.setenv("SEGUE_INDEX", kind)
        assert segue("playlist", request_text, "--seed", 7, "-o", tmp_path / "list.json").status == 0
        document = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
        assert document.pop("index") == kind
        slates[kind] = document
    assert slates["exact"] == slates["chroma"]


def test_minutes_beat_the_words(segue: Segue, tmp_path: Path) -> None:
    assert segue("playlist", "2 rock tracks", "--minutes", 30, "-o", tmp_path / "list.json").status == 0
    tracks = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))["tracks"]
    assert sum(one["duration_s"] for one in tracks) / 60 == pytest.approx(30, rel=0.05)


def test_a_chat_refines_rates_and_saves(segue: Segue, tmp_path: Path) -> None:
    lines = ("mellow folk, 6 tracks", "/like 1", "/why 1", "no jazz", f"/save {tmp_path}/list.m3u8", "/quit")
    done = segue("chat", "--listener", "bob", stdin="".join(f"{line}\n" for line in lines))
    assert (done.status, done.err) == (0, "")
    asked = [line for line in done.lines if line.startswith("› ")]
    assert asked == [f"› {line}" for line in lines]
    liked = re.search(r"^♥ (.+) – (.+)$", done.out, re.MULTILINE)
    assert liked
    assert f"\n{liked[1]} – {liked[2]}\n" in done.out  # /why names it
    assert re.search(r"✓ +\d +no jazz +all +6 of 6\n", done.out)
    assert f"Saved 6 tracks to {tmp_path}/list.m3u8\n" in done.out
    assert (tmp_path / "list.m3u8").read_text(encoding="utf-8").startswith("#EXTM3U\n#PLAYLIST:no jazz\n")
    stored = json.loads(segue("status", "--json").out)
    assert stored["n_events"] >= 1


@pytest.fixture
def two_tastes(segue: Segue) -> tuple[str, str]:
    """Listeners who like jazz and techno."""
    for listener, genre in (("jan", "jazz"), ("tom", "techno")):
        lines = (f"{genre}, 6 tracks", *(f"/like {number}" for number in range(1, 7)))
        assert segue("chat", "--listener", listener, stdin="".join(f"{line}\n" for line in lines)).status == 0
    return "jan", "tom"


def test_two_listeners_are_compared(segue: Segue, two_tastes: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "compared.json"
    people = [part for listener in two_tastes for part in ("--listener", listener)]
    done = segue("compare", "something nice", *people, "-n", 8, "--json", file)
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == "“something nice”"
    assert done.lines[1].split() == ["#", "jan", "tom"]
    assert "Jazz Piece" in done.lines[2].split("The Number")[0]
    assert "Techno Piece" in done.lines[2]
    written = json.loads(file.read_text(encoding="utf-8"))
    assert [side["listener_id"] for side in written["lists"]] == ["jan", "tom"]
    assert written["lists"][0]["own_fit"] > written["lists"][1]["other_fit"]
    assert f"Jaccard {written['jaccard']:.2f}" in done.out
    twice = segue("compare", "calm jazz", "loud techno", "--listener", "jan")
    assert (twice.status, twice.lines[0]) == (0, "jan asks twice")


def test_a_map_is_a_page_of_its_own(segue: Segue, two_tastes: tuple[str, str], tmp_path: Path) -> None:
    people = [part for listener in two_tastes for part in ("--listener", listener)]
    done = segue("map", "-o", tmp_path / "map.html", "--query", "something nice", *people)
    assert (done.status, done.out) == (0, "")
    assert done.err == f"Wrote 153 tracks to {tmp_path}/map.html; open it in a browser\n"
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "picks for jan" in page
    stranger = segue("map", "-o", tmp_path / "none.html", "--query", "x", "--listener", "zoe")
    assert stranger.status == 1
    assert "segue chat --listener zoe" in stranger.err
    assert not (tmp_path / "none.html").exists()


def test_a_stranger_cannot_be_compared(segue: Segue, two_tastes: tuple[str, str], tmp_path: Path) -> None:
    done = segue("compare", "something nice", "--listener", "jan", "--listener", "zoe")
    assert (done.status, done.out) == (1, "")
    assert re.fullmatch(r"segue: listener 'zoe' has no taste here yet; .*`segue chat --listener zoe`.*\n", done.err)
    done = segue("compare", "something", "nice", "--listener", "jan", "--listener", "tom")
    assert done.status == 1
    assert done.err.startswith("segue: cannot compare 2 requests of 2 listeners; give one request, in quotes, and two")
    done = segue("compare", "x", "--listener", "jan", "--json", tmp_path / "missing" / "x.json")
    assert done.status == 1
    assert "there is no folder" in done.err


def test_a_chat_that_cannot_do_something_says_so_and_fails(segue: Segue) -> None:
    done = segue("chat", stdin="/like 1\n")
    assert done.status == 1
    assert done.err == "segue: cannot follow '/like': there is no playlist yet; ask for music first\n"


def test_indexing_again_finds_nothing_to_do(segue: Segue) -> None:
    source = json.loads(segue("status", "--json").out)["sources"][0]
    done = segue("index", source["path"], "--map", "title=what_it_is_called")
    assert done.status == 0
    assert done.lines[0] == "mine: 153 tracks and 0 playlists, as they were"
    assert re.fullmatch(r"Serving 153 tracks with the model as it was \(nothing changed\); \d+\.\d s", done.lines[1])


def test_status_says_what_is_where(segue: Segue, tmp_path: Path) -> None:
    report = json.loads(segue("status", "--json").out)
    assert (report["n_tracks"], report["index"]["kind"]) == (153, INDEX)
    done = segue("status")
    assert (done.status, done.err) == (0, "")
    for words in (
        "Data folder  ",
        "mine: 153 tracks",
        f"{INDEX}, 153 tracks, built ",
        " steps, loss ",
        "all-MiniLM-L6-v2",
    ):
        assert words in done.out


def test_training_again_serves_a_new_model(segue: Segue) -> None:
    before = json.loads(segue("status", "--json").out)
    done = segue("train", "--seed", 3, "--steps", 20)
    assert done.status == 0
    assert re.fullmatch(r"Trained on 153 tracks: 20 steps, loss \d\.\d{3}; \d+\.\d s\n", done.out)
    after = json.loads(segue("status", "--json").out)
    assert after["index"]["generation"] != before["index"]["generation"]
    assert after["model"]["steps"] == 20


@pytest.mark.parametrize(("broken", "status"), [((), 0), (("chromium",), 0), (("weights",), 1)])
def test_the_doctor_fails_when_something_needed_is_broken(
    segue: Segue, monkeypatch: pytest.MonkeyPatch, broken: tuple[str, ...], status: int
) -> None:
    def examine(_: Assistant) -> list[Check]:  # the real one imports everything, which takes a while
        return [
            Check(name=name, ok=name not in broken, detail="seen", remedy="mend it", optional=name == "chromium")
            for name in ("weights", "chromium")
        ]

    monkeypatch.setattr(Assistant, "doctor", examine)
    done = segue("doctor")
    assert (done.status, done.err) == (status, "")
    assert done.out.count("mend it") == len(broken)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["index", "missing.csv"], r"segue: cannot read \S*missing\.csv: .+; .+\n"),
        (["index", "garbage.csv"], r"segue: cannot read \S*garbage\.csv: .+; .+\n"),
        (["index", "."], r"segue: cannot read \S+: it is a folder without audio files; .+\n"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "garbage.csv").write_bytes(bytes(range(256)) * 20)
    before = segue("status", "--json").out
    done = segue(*arguments)
    assert (done.status, done.out) == (1, "")
    assert re.fullmatch(said, done.err)
    assert json.loads(segue("status", "--json").out)["sources"] == json.loads(before)["sources"]


def test_a_data_folder_that_cannot_be_made_is_one_line(
    segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path / "file" / "home"))
    for command in (("playlist", "jazz"), ("status",), ("train",)):
        done = segue(*command)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("segue: ")
        assert done.err.count("\n") == 1
