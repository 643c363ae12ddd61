"""What `segue eval sequential` reads: benchmarks, logs as published, targets by prefix, and files that are broken."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.run import eval_app
from evals.sequential import by_chance
from recsys.sequential.benchmark import Extras, build_benchmark
from recsys.sequential.benchmark_reading import read_benchmark, read_vectors
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.measure import both_ranks, ranks
from recsys.sequential.popularity import Popularity
from recsys.sequential.reading_logs import read_lastfm_1k
from recsys.sequential.sequences import Questions, Sequences
from recsys.sequential.sessions import SessionSettings
from recsys.store import Store
from recsys.types import Event, EventKind, Track

N_LISTENERS, N_SESSIONS, N_STEPS, N_TRACKS = 10, 20, 6, 30


def _run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(eval_app, ["sequential", *map(str, arguments)])
    known = result.exception is None or isinstance(result.exception, SystemExit | ValueError)
    assert known, result.exception
    return result.exit_code, f"{result.output}{result.exception or ''}"


def _report(folder: Path, *arguments: object) -> dict[str, Any]:
    status, output = _run(*arguments, "--json", folder / "next.json")
    assert status == 0, output
    return json.loads((folder / "next.json").read_text())  # type: ignore[no-any-return]


def _clock(at: int, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)


def _plays() -> list[tuple[int, int, int]]:
    """Two hundred sessions: (listener, seconds, track), each mostly followed by the next number."""
    rng, found = np.random.default_rng(64), []
    for listener in range(N_LISTENERS):
        for session in range(N_SESSIONS):
            begin, one = 1_200_000_000 + session * 86_400 + listener * 7, int(rng.integers(N_TRACKS))
            for step in range(N_STEPS):
                found.append((listener, begin + step * 180, one))
                one = (one + 1) % N_TRACKS if rng.random() < 0.9 else int(rng.integers(N_TRACKS))
    return found


@pytest.fixture(scope="module")
def lastfm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LastFM-1K as published: no header, newest first for each listener, some rows broken, the first among them."""
    folder = tmp_path_factory.mktemp("lastfm-dataset-1K")
    lines = ["user_000000\tbroken off\n", "\t\t\t\t\t\n"]
    for listener in range(N_LISTENERS):
        plays = [one for one in _plays() if one[0] == listener]
        for _, at, track in reversed(plays):
            said = _clock(at, "%Y-%m-%dT%H:%M:%SZ")
            lines.append(f"user_{listener:06}\t{said}\t\tArtist {track % 9}\t\tTrack {track}\n")
    (folder / "userid-timestamp-artid-artname-traid-traname.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(lastfm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its benchmark, with vectors in which neighbours by number are alike."""

    def near(names: Any) -> Any:
        angle = np.array([int(name.split()[-1]) for name in names]) * 2 * np.pi / N_TRACKS
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)

    settings = SessionSettings(least_steps=3)
    folder = tmp_path_factory.mktemp("benchmark") / "e4srec"
    return build_benchmark(read_lastfm_1k(lastfm), folder, Extras({"audio": near}), settings=settings).folder


def test_a_benchmark_is_read_with_its_candidates_and_vectors(built: Path, tmp_path: Path) -> None:
    found = _report(tmp_path, "--data", built, "--models", "popularity,successors,content")
    card = json.loads((built / "card.json").read_text())
    n = card["parts"]["test"]["sessions"]
    drawn = 1 + card["candidates"]["negatives"]
    by = found["results"]
    assert by["successors"]["all"][f"hr@5_of_{drawn}"]["n"] == by["successors"]["all"]["hr@5"]["n"] == n
    assert by["successors"]["all"]["hr@5"]["mean"] > by["popularity"]["all"]["hr@5"]["mean"] + 0.3
    assert by["content"]["all"]["hr@5"]["mean"] > by["popularity"]["all"]["hr@5"]["mean"]
    # Among fewer, nothing comes later.
    assert by["popularity"]["all"][f"hr@5_of_{drawn}"]["mean"] >= by["popularity"]["all"]["hr@5"]["mean"]
    assert f"ndcg@10_of_{drawn}" in by["successors - content"]["all"]
    candidates = np.load(built / "test.candidates.npy")
    exact = (5 / (candidates > 0).sum(axis=1)).mean()
    assert by["chance"]["all"][f"hr@5_of_{drawn}"]["mean"] == pytest.approx(exact)
    assert by["chance"]["all"]["hr@5"]["mean"] == pytest.approx(5 / card["n_items"])
    told = found["settings"]
    assert (told["format"], told["part"], told["intervals draw"]) == ("benchmark", "test", "whole listeners")
    validation = _report(tmp_path, "--data", built, "--part", "validation", "--models", "popularity")
    assert validation["results"]["popularity"]["all"]["hr@5"]["n"] == card["parts"]["validation"]["sessions"]


def test_a_benchmark_says_the_same_as_its_files_do(built: Path, tmp_path: Path) -> None:
    files = ("--data", built / "train.txt", "--targets", built / "test.targets.txt", "--names", built / "items.json")
    arguments = ("--models", "successors,content", "--vectors", built, "--repeats", "allow")
    by_files = _report(tmp_path, *files, *arguments)["results"]
    by_folder = _report(tmp_path, "--data", built, *arguments)["results"]
    for name in ("successors", "content"):
        assert by_files[name]["all"]["hr@10"]["mean"] == by_folder[name]["all"]["hr@10"]["mean"]


def test_vectors_of_a_benchmark_are_joined_by_number_or_name(built: Path) -> None:
    names = json.loads((built / "items.json").read_text())
    table = np.load(built / "vectors" / "audio.npy")
    np.testing.assert_array_equal(read_vectors(built, ["3", "nobody", "1"])["audio"], [table[2], [0, 0], table[0]])
    np.testing.assert_array_equal(read_vectors(built, [names["3"]])["audio"], table[2:3])
    with pytest.raises(SequenceDataError, match="it has none of the items"):
        read_vectors(built, ["nobody"])


def test_targets_that_train_never_has_are_missed_in_both_rankings(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    folder.mkdir()
    read = read_benchmark(built)
    rare = int(read.questions.targets[0])
    for path in built.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    lines = (built / "train.txt").read_text().splitlines()
    left = [line for line in lines if str(rare + 1) not in line.split()[1:]]
    (folder / "train.txt").write_text("\n".join(left))
    found = _report(tmp_path, "--data", folder, "--models", "popularity")
    n_missed = int((read.questions.targets == rare).sum())
    assert found["details"]["questions"]["targets_not_in_data"] == n_missed > 0
    reached = found["results"]["popularity"]["all"]
    assert reached["hr@20"]["n"] == len(read.questions)
    among = next(one for name, one in reached.items() if name.startswith("hr@20_of_"))
    assert among["mean"] <= 1 - n_missed / len(read.questions)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "items.json").write_text("[]"), "items.json"),
        (lambda folder: (folder / "items.json").write_text('{"2": "a"}'), "items.json: it cannot be read"),
        (lambda folder: (folder / "test.txt").unlink(), "test.txt: cannot be opened"),
        (lambda folder: (folder / "train.txt").write_text("u/1 1 999\n"), "train.txt, line 1: an item is no number"),
        (lambda folder: np.save(folder / "test.candidates.npy", np.ones((2, 3), int)), r"shape \(2, 3\)"),
        (lambda folder: (folder / "test.candidates.npy").write_bytes(b"no"), "test.candidates.npy: it cannot be read"),
        (lambda folder: (folder / "vectors" / "audio.npy").write_bytes(b""), "audio.npy: it cannot be read"),
    ],
    ids=["no items", "items missing", "no test", "number beyond", "other candidates", "no candidates", "no vectors"],
)
def test_a_damaged_benchmark_is_refused_in_a_sentence(
    built: Path, tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    folder = tmp_path / "damaged"
    (folder / "vectors").mkdir(parents=True)
    for path in built.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(built)).write_bytes(path.read_bytes())
    damage(folder)
    status, output = _run("--data", folder, "--models", "content")
    assert status
    assert re.search(told, output), output


def test_chance_is_what_random_rankings_reach() -> None:
    rng = np.random.default_rng(7)
    for n in (3, 12, 40):
        places = rng.integers(1, n + 1, 200_000)
        exact = by_chance(np.array([n]))
        for cut in (5, 10, 20):
            assert exact[f"hr@{cut}"][0] == pytest.approx((places <= cut).mean(), abs=0.005)
            assert exact[f"ndcg@{cut}"][0] == pytest.approx(
                np.where(places <= cut, 1 / np.log2(1 + places), 0).mean(), abs=0.005
            )
            assert exact[f"mrr@{cut}"][0] == pytest.approx(np.where(places <= cut, 1 / places, 0).mean(), abs=0.005)


def test_places_among_candidates_count_those_alone_and_ties_against() -> None:
    names = [str(row) for row in range(5)]
    model = Popularity().fit(Sequences.of([[0, 0, 0], [1, 1], [2], [3]], names))
    questions = Questions(Sequences.of([[0], [0], [0]], names), np.array([2, 1, 2]))
    candidates = np.array([[3, 4, -1], [0, 4, -1], [4, -1, -1]])
    full, among = both_ranks(model, questions, candidates, repeats=True)
    assert among.tolist() == [2, 2, 1]
    assert full.tolist() == ranks(model, questions, repeats=True).tolist() == [4, 2, 4]


def test_intervals_draw_whole_sequences_of_prefixes(tmp_path: Path) -> None:
    """Forty questions of two sequences, one all right and one all wrong, are no forty independent ones."""
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("".join(f"u{n} a b c d e f g\n" for n in range(9)))
    right = "".join(f"{'a b c d e f g ' * turn}a b c d e f\tg\n" for turn in range(20))
    wrong = "".join(f"{'b c d e f g a ' * turn}b c d e f g\ta\n" for turn in range(20))
    targets.write_text(right + wrong)
    named = tmp_path / "named.txt"
    lines = targets.read_text().splitlines()
    named.write_text("".join(f"{'r' if n < 20 else 'w'}\t{line}\n" for n, line in enumerate(lines)))
    whole = []
    for path in (targets, named):
        report = tmp_path / f"{path.stem}.json"
        report.mkdir(exist_ok=True)
        found = _report(report, "--data", data, "--targets", path, "--models", "successors", "--repeats", "allow")
        whole.append(found["results"]["successors"]["all"]["mrr@5"])
    assert whole[0]["n"] == whole[1]["n"] == 40
    # Of two sequences, one quarter of the resamples has the one twice, and one quarter the other.
    assert (whole[1]["low"], whole[1]["high"]) == (pytest.approx(0, abs=0.3), 1.0)
    assert whole[0] == whole[1]


@pytest.mark.parametrize("form", ["lastfm1k", "music4all", "events"])
def test_logs_are_cut_and_split_by_time(form: str, lastfm: Path, tmp_path: Path) -> None:
    data = lastfm
    if form == "music4all":
        data = tmp_path / "userid_trackid_timestamp.tsv"
        rows = [f"u{who}\tt{track}\t{_clock(at, '%Y-%m-%d %H:%M')}" for who, at, track in _plays()]
        data.write_text("\n".join(["user_id\ttrack_id\ttimestamp", "u0\t\t2008-01-01 10:00", "u0\tt1\tnever", *rows]))
    if form == "events":
        data = tmp_path / "home"
        data.mkdir()
        store = Store.open(f"sqlite:///{(data / 'segue.db').as_posix()}")
        store.add_source("mine", "", "csv", "1", [Track(f"t{n}", f"Track {n}", ("Band",)) for n in range(N_TRACKS)])
        store.add_events([Event(f"u{who}", f"t{track}", EventKind.PLAY, float(at)) for who, at, track in _plays()])
        store.close()
    arguments = ("--data", data, "--format", form, "--models", "popularity,successors", "--json", tmp_path / "n.json")
    found = _report(tmp_path, *arguments[:-2])
    split = found["details"]["split"]
    assert sum(split.values()) == N_LISTENERS * N_SESSIONS
    by = found["results"]
    assert by["successors"]["all"]["hr@5"]["n"] == split["test"] * (N_STEPS - 1)
    assert by["successors - popularity" if "successors - popularity" in by else "popularity - successors"]
    assert by["successors"]["all"]["hr@5"]["mean"] > 0.8 > by["popularity"]["all"]["hr@5"]["mean"]
    assert found["settings"]["sessions"]["gap_s"] == 1200
    drawn = _report(tmp_path, *arguments[:-2], "--draw", 7, "--part", "validation", "--gap", 4)
    assert drawn["settings"]["sessions"]["gap_s"] == 240


def test_a_log_is_cut_as_asked(lastfm: Path, tmp_path: Path) -> None:
    log = ("--data", lastfm, "--format", "lastfm1k", "--models", "popularity")
    status, output = _run(*log, "--preset", "paper")
    assert status
    assert "none of 1,200 plays is in a session of 10 steps" in output
    cut = ("--preset", "paper", "--least-plays", 100, "--least-steps", 4, "--first-listens", "--most-steps", 5)
    found = _report(tmp_path, *log, *cut)
    expected = {"least_plays": 100, "least_item_plays": 7, "least_steps": 4, "most_steps": 5, "first_listens": True}
    assert found["settings"]["sessions"] == expected | {"gap_s": 1200}
    assert "again" not in found["results"]["popularity"]
    artists = _report(tmp_path, *log, "--artists")
    assert artists["settings"]["items"] == 9
    few = _report(tmp_path, *log, "--draw", 5)
    assert few["results"]["popularity"]["all"]["hr@5"]["n"] == 5


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.txt"
    path.write_text("".join(f"u{n} a{n % 5} b{n % 3} c{n % 2}\n" for n in range(20)))
    return path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--gap", "5"), "only a log is cut into sessions"),
        (("--preset", "paper"), "only a log is cut into sessions"),
        (("--part", "test"), "only a log or a benchmark is split by time"),
        (("--artists",), "only lastfm1k has artists"),
        (("--format", "lastfm1k", "--targets", "x"), "have targets beside them"),
        (("--format", "events", "--names", "x"), "have names of their own"),
        (("--format", "events"), "it holds no segue.db"),
        (("--format", "lastfm1k", "--least-steps", "5", "--most-steps", "3"), "fewer than at least 5"),
        (("--format", "lastfm1k"), "rows cannot be read"),
        (("--format", "music4all"), "its header has no column 'user_id'"),
        (("--positions", "0"), "--positions"),
        (("--positions", "1000000000", "--models", "popularity"), ""),
        (("--models", "ease,eaze"), "no model 'eaze'"),
        (("--models", "ease+"), "no model ''"),
        (("--models", "content"), "it was given no vectors"),
        (("--json", "/proc/none/next.json"), "--json"),
        (("--json", "/proc/next.json"), "--json"),
        (("--names", "absent.json"), "absent.json: cannot be opened"),
        (("--vectors", "absent"), "holds no artists.tsv"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(data: Path, arguments: tuple[str, ...], told: str) -> None:
    models = () if "--models" in arguments else ("--models", "popularity,mixture")
    status, output = _run("--data", data, *models, *arguments)
    assert bool(status) == bool(told), output
    assert told in output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it holds no sequence"),
        (b"u a\n", "too few or too short"),
        (b"u a\nv b\nw c\n", "too few or too short"),
        (gzip.compress(b"".join(b"u%d a b\n" % n for n in range(5000)))[:9000], "cannot be read on"),
        (gzip.compress(b"u a b c\nv b c d\n")[:12] + b"\xff\xff\xff\xff\xff", "cannot be read on"),
        (b"u a b", "cannot be read on"),
    ],
    ids=["empty", "one step", "steps", "cut off", "damaged", "not packed"],
)
def test_a_file_that_is_broken_is_told_by_name(tmp_path: Path, content: bytes, told: str) -> None:
    packed = told == "cannot be read on"
    path = tmp_path / ("data.txt.gz" if packed else "data.txt")
    path.write_bytes(content)
    status, output = _run("--data", path, "--models", "popularity")
    assert status
    assert told in output
    assert "data.txt" in output or "sequences" in output


def test_line_ends_marks_and_blanks_change_no_figure(tmp_path: Path, data: Path) -> None:
    plain = data.read_text()
    figures = []
    for number, content in enumerate(
        (plain, "\ufeff" + plain.replace("\n", "\r\n"), plain.replace(" ", "\t \t"), f"\n\n{plain}\n  \n".rstrip("\n"))
    ):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(content.encode())
        found = _report(tmp_path, "--data", path, "--models", "nearby")["results"]["nearby"]["all"]
        figures.append({name: one for name, one in found.items() if "@" in name})
    assert all(one == figures[0] for one in figures[1:])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("nobody a1\n", "line 1: there is no sequence 'nobody' in the data"),
        ("u1 a1\nu2 a1\nu1 a1\n", "line 3: it asks the same as line 1; write each target once"),
        ("", "it holds no target"),
        ("u1 a1\na1 b1\tc1\n", "line 1: it is not PREFIX<TAB>ITEM"),
        ("a1\tb1\tc1\na1\tb1\n", "line 1: it is not PREFIX<TAB>ITEM; write all lines in one form"),
        ("\ta1\tb1\n", "line 1: it names no sequence"),
    ],
)
def test_targets_that_are_broken_are_told_by_line(data: Path, tmp_path: Path, lines: str, told: str) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text(lines)
    status, output = _run("--data", data, "--targets", targets, "--models", "popularity")
    assert status
    assert told in output


def test_more_questions_than_there_are_cannot_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "sessions.txt"
    path.write_text("a b c\n" * 20)
    found = _report(tmp_path, "--data", path, "--format", "session", "--models", "popularity", "--draw", 999)
    assert found["results"]["popularity"]["all"]["hr@5"]["n"] == 4
