"""The benchmark is built of LastFM-1K's published form, whole, the same each time, and can be read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from recsys.attributes.scales import Scale
from recsys.sequential.benchmark import CHECKSUMS, Extras, build_benchmark, damaged
from recsys.sequential.benchmark_sources import attributes_from, durations_from, vectors_from
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.reading import read_sequences, read_targets, read_tokens
from recsys.sequential.reading_logs import read_lastfm_1k
from recsys.sequential.sessions import SessionSettings

N_LISTENERS, N_SESSIONS, N_STEPS, N_TRACKS = 10, 20, 12, 40
SETTINGS = SessionSettings(gap_s=20 * 60, least_steps=10, least_plays=100, least_item_plays=2)
LENGTH_S, STEP_S = 240, 180


def track(number: int) -> tuple[str, str]:
    return f"Artist {number % 8}", f"Track, “{number}”"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred sessions of ten listeners as LastFM-1K has them: no header, newest first for each listener."""
    folder = tmp_path_factory.mktemp("lastfm-dataset-1K")
    rng = np.random.default_rng(64)
    lines = []
    for listener in range(N_LISTENERS):
        plays = []
        for session in range(N_SESSIONS):
            begin = 1_200_000_000 + session * 86_400 + listener * 7
            for step in range(N_STEPS):
                artist, title = track(int(rng.integers(N_TRACKS)))
                at = datetime.fromtimestamp(begin + step * STEP_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                plays.append(f"user_{listener:06}\t{at}\t\t{artist}\t\t{title}\n")
        lines += reversed(plays)
    (folder / "userid-timestamp-artid-artname-traid-traname.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors, attributes and durations of three quarters of the tracks."""
    folder = tmp_path_factory.mktemp("known")
    numbers = range(N_TRACKS * 3 // 4)
    np.save(folder / "audio.npy", np.stack([np.full(4, number + 1, np.float32) for number in numbers]))
    names = [f"{artist.upper()}\t{title}" for artist, title in map(track, numbers)]
    (folder / "audio.ids.txt").write_text("\n".join(names), encoding="utf-8")
    genes = [json.dumps([number / 100] * 58) for number in numbers]
    named = zip(map(track, numbers), genes, strict=True)
    rows = [f"{artist}\t{title}\t{gene}" for (artist, title), gene in named]
    (folder / "genes.tsv").write_text("\n".join(["artist\ttitle\tgene_values", *rows]), encoding="utf-8")
    rows = [f"{artist}\t{title}\t{LENGTH_S * 1000}" for artist, title in map(track, numbers)]
    (folder / "lengths.tsv").write_text("\n".join(["artist\ttitle\tduration_ms", *rows]), encoding="utf-8")
    return folder


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def build(published: Path, known: Path, folder: Path) -> Path:
    extras = Extras(
        {"audio": vectors_from(known / "audio.npy")},
        attributes_from(known / "genes.tsv", Scale.UNIT),
        durations_from(known / "lengths.tsv"),
        {"vectors audio": "audio.npy"},
    )
    return build_benchmark(read_lastfm_1k(published), folder, extras, settings=SETTINGS).folder


@pytest.fixture(scope="module")
def folder(published: Path, known: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(published, known, tmp_path_factory.mktemp("benchmark") / "e4srec")


def test_every_session_is_in_one_part_and_can_be_read_back(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    n_sessions = sum(one["sessions"] for one in card["parts"].values()) + card["n_sessions_over_a_border"]
    assert n_sessions == N_LISTENERS * N_SESSIONS
    train = read_sequences(folder / "train.txt", names=folder / "items.json")
    assert len(train) == card["parts"]["train"]["sessions"]
    assert set(train.names) <= {f"{artist} – {title}" for artist, title in map(track, range(N_TRACKS))}
    targets = read_targets(folder / "test.targets.txt", train, read_tokens(folder / "train.txt", "listener"))
    test = read_sequences(folder / "test.txt")
    assert len(targets.owners) + len(targets.unknown) == len(test) == card["parts"]["test"]["sessions"]
    assert (targets.questions.prefixes.lengths == N_STEPS - 1).all()
    last = [test.names[items[-1]] for items in test]
    rows = read_tokens(folder / "train.txt", "listener")
    assert [rows[item] for item in targets.questions.targets.tolist()] == last
    assert not set(train.owners) & set(test.owners)


def test_items_are_numbered_by_their_plays_in_train(folder: Path) -> None:
    rows = [line.split("\t") for line in lines(folder / "items.tsv")[1:]]
    plays = [int(row[1]) for row in rows]
    assert plays == sorted(plays, reverse=True)
    tokens = [token for line in lines(folder / "train.txt") for token in line.split()[1:]]
    assert all(tokens.count(row[0]) == int(row[1]) for row in rows)


def test_what_is_known_of_items_stands_in_their_rows(folder: Path) -> None:
    names = [line.split("\t")[2] for line in lines(folder / "items.tsv")][1:]
    vectors, attributes = np.load(folder / "vectors" / "audio.npy"), np.load(folder / "attributes.npy")
    assert (len(vectors), attributes.shape) == (len(names), (len(names), 58))
    number_of = {f"{artist} – {title}": number for number in range(N_TRACKS) for artist, title in [track(number)]}
    for row, name in enumerate(names):
        number = number_of[name]
        there = number < N_TRACKS * 3 // 4
        assert vectors[row].tolist() == ([number + 1.0] * 4 if there else [0.0] * 4)
        assert np.isnan(attributes[row, 0]) != there
        assert not there or attributes[row, 57] == pytest.approx(number / 100)


def test_completion_is_told_where_the_length_is_known_and_never_of_the_last_step(folder: Path) -> None:
    names = json.loads((folder / "items.json").read_text(encoding="utf-8"))
    lengths = {f"{artist} – {title}" for artist, title in map(track, range(N_TRACKS * 3 // 4))}
    both = zip(lines(folder / "train.txt"), lines(folder / "train.completion.txt"), strict=True)
    for sequence, completion in both:
        items, cells = sequence.split()[1:], completion.split()
        assert cells[-1] == "-"
        for item, cell in zip(items[:-1], cells[:-1], strict=True):
            assert cell == (f"{STEP_S / LENGTH_S:.4f}" if names[item] in lengths else "-")


def test_negatives_are_not_in_the_session(folder: Path) -> None:
    candidates = np.load(folder / "test.candidates.npy")
    sessions = [line.split()[1:] for line in lines(folder / "test.txt")]
    assert len(candidates) == len(sessions)
    for row, items in zip(candidates.tolist(), sessions, strict=True):
        assert row[0] == int(items[-1])
        negatives = [one for one in row[1:] if one]
        assert len(set(negatives)) == len(negatives)
        assert not {str(one) for one in negatives} & set(items)


def test_it_is_the_same_again_and_damage_is_noticed(published: Path, known: Path, folder: Path, tmp_path: Path) -> None:
    again = build(published, known, tmp_path / "again")
    assert (again / CHECKSUMS).read_text(encoding="utf-8") == (folder / CHECKSUMS).read_text(encoding="utf-8")
    assert damaged(again) == []
    with (again / "test.txt").open("a", encoding="utf-8") as file:
        file.write("user_000000/99 1 2\n")
    (again / "items.json").unlink()
    assert damaged(again) == ["items.json", "test.txt"]
    assert build(published, known, again) == again
    assert damaged(again) == []


def test_nothing_else_is_written_over_and_bad_files_are_named(published: Path, known: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it", encoding="utf-8")
    with pytest.raises(SequenceDataError, match="there is something else"):
        build(published, known, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()
    (tmp_path / "mine" / "card.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SequenceDataError, match="there is something else"):
        build(published, known, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()
    np.save(tmp_path / "lone.npy", np.ones((2, 3), np.float32))
    with pytest.raises(SequenceDataError, match=r"nothing beside it names its rows; put one of lone\.ids\.txt"):
        vectors_from(tmp_path / "lone.npy")
    (tmp_path / "lone.ids.txt").write_text("A – B\n", encoding="utf-8")
    with pytest.raises(SequenceDataError, match=r"shape \(2, 3\), and lone\.ids\.txt names 1 rows"):
        vectors_from(tmp_path / "lone.npy")


def test_the_command_builds_and_checks(published: Path, known: Path, tmp_path: Path) -> None:
    from evals.run_benchmark import benchmark_app

    options = ["--least-plays", "100", "--least-item-plays", "2", "--embeddings", f"audio={known / 'audio.npy'}"]
    given = ["build", "--lastfm1k", str(published), "-o", str(tmp_path / "b"), *options]
    run = CliRunner().invoke(benchmark_app, given)
    assert run.exit_code == 0, run.output
    assert "vectors audio: 75% of items" in run.output
    assert "completion: not known" in run.output
    run = CliRunner().invoke(benchmark_app, ["check", str(tmp_path / "b")])
    assert (run.exit_code, run.output) == (0, "Every file is as it was built\n")


@pytest.mark.parametrize(
    "shares", [("--test", "1"), ("--test", "0"), ("--validation", "-0.1"), ("--validation", "0.9")]
)
def test_shares_that_leave_nothing_are_refused_before_anything_is_read(tmp_path: Path, shares: tuple[str, str]) -> None:
    from evals.run_benchmark import benchmark_app

    given = ["build", "--lastfm1k", str(tmp_path / "absent"), "-o", str(tmp_path / "b"), *shares]
    run = CliRunner().invoke(benchmark_app, given)
    assert isinstance(run.exception, SequenceDataError)
    assert "leave a part empty; give shares above 0" in str(run.exception)


def test_the_folder_that_one_works_in_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evals.run_benchmark import benchmark_app

    for made in ("work/deep", "full/empty", "other"):
        (tmp_path / made).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "other", target_is_directory=True)
    monkeypatch.chdir(tmp_path / "work" / "deep")
    there = sorted(tmp_path.rglob("*"))
    refused = {".": "you are in it", "..": "you are in it", "../../link": "a link", "../../full": "left as it is"}
    for folder, why in refused.items():
        run = CliRunner().invoke(benchmark_app, ["build", "--lastfm1k", str(tmp_path / "absent"), "-o", folder])
        assert isinstance(run.exception, SequenceDataError)
        assert why in str(run.exception)
        assert "name a new folder, such as -o e4srec" in str(run.exception)
    assert sorted(tmp_path.rglob("*")) == there


def test_the_evaluation_of_sequences_reads_it_back(folder: Path) -> None:
    from evals.sequential import evaluate
    from evals.sequential_tasks import Options

    report = evaluate(
        folder / "train.txt",
        ("popularity",),
        (64,),
        targets=folder / "test.targets.txt",
        options=Options(names=folder / "items.json"),
        progress=lambda stage, done, total: None,
    )
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    hr = report.results["popularity"]["all"]["hr@20"]
    assert hr.n == card["parts"]["test"]["sessions"]
    assert 0 < hr.mean <= 1
