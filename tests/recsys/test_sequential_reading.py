"""Files of sequences, logs of listening and the app's own events become sequences."""

from __future__ import annotations

import bz2
import gzip
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from recsys.sequential.errors import SequenceDataError
from recsys.sequential.item_vectors import read_item_vectors
from recsys.sequential.reading import last_lines, read_sequences, read_targets, read_tokens
from recsys.sequential.reading_logs import read_events, read_lastfm_1k, read_music4all
from recsys.sequential.sessions import PAPER, SessionSettings, sessions_of, split_by_time
from recsys.store import Store
from recsys.types import Event, EventKind

LASTFM = "userid-timestamp-artid-artname-traid-traname.tsv"


def test_a_line_of_a_listener_begins_with_who_it_is_of(tmp_path: Path) -> None:
    path = tmp_path / "listeners.txt"
    path.write_text("ann a b c\n\nbob b a\n")
    read = read_sequences(path)
    assert read.owners == ("ann", "bob")
    assert [[read.names[row] for row in one] for one in read] == [["a", "b", "c"], ["b", "a"]]


@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_session_is_named_by_its_line_packed_or_not(tmp_path: Path, suffix: str, pack: object) -> None:
    path = tmp_path / f"sessions.txt{suffix}"
    assert callable(pack)
    path.write_bytes(pack(b"7 8\r\n\r\n8 7 7\r\n"))
    read = read_sequences(path, "session")
    assert read.owners == ("1", "3")
    assert read.has_repeats()
    assert read.lengths.tolist() == [2, 3]


def test_items_are_called_by_the_names_that_are_given(tmp_path: Path) -> None:
    path, names = tmp_path / "listeners.txt", tmp_path / "names.json"
    path.write_text("ann 1 2 3\n")
    names.write_text(json.dumps({"1": "Enigma", "3": None}))
    assert read_sequences(path, names=names).names == ("Enigma", "2", "3")
    assert read_tokens(path, "listener") == ("1", "2", "3")


def test_a_listener_of_two_lines_is_refused_with_both(tmp_path: Path) -> None:
    path = tmp_path / "listeners.txt"
    path.write_text("ann a\nbob b\nann c\n")
    with pytest.raises(SequenceDataError, match=r"line 3: the sequence 'ann' is there twice, first in line 1"):
        read_sequences(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n \n", b"ann \xff\xfe\n", b"ann a b\rbob b c\r", b"\xff\xfea\x00 \x00b\x00"],
    ids=["empty", "blank", "no text", "old line ends", "utf-16"],
)
def test_a_file_without_sequences_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "listeners.txt"
    path.write_bytes(content)
    with pytest.raises(SequenceDataError):
        read_sequences(path)


def test_targets_of_sequences_have_the_whole_sequence_before_them(tmp_path: Path) -> None:
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("ann a b\nbob b c\n")
    targets.write_text("bob a\nann\tnew\n")
    read = read_sequences(data)
    found = read_targets(targets, read, read_tokens(data, "listener"))
    assert found.questions.prefixes[0].tolist() == read[1].tolist()
    assert [read.names[row] for row in found.questions.targets] == ["a"]
    assert (found.owners, found.unknown) == (("bob",), ("ann",))


def test_targets_may_bring_their_prefix(tmp_path: Path) -> None:
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("1 2 3\n3 1\n")
    targets.write_text("2 9 3\t1\n1\t3\n")
    read = read_sequences(data, "session")
    found = read_targets(targets, read, read_tokens(data, "session"), "session")
    assert [[read.names[row] for row in one] for one in found.questions.prefixes] == [["2", "3"], ["1"]]
    assert found.n_unknown_steps == 1


@pytest.mark.parametrize(
    ("form", "lines", "prefixes"),
    [
        ("session", "2\t3\n1 2\t3\n\t1\n", [["2"], ["1", "2"], []]),  # "2" is an item, and the name of a line too
        ("session", "2\t3\n", [["2"]]),
        ("listener", "\t3\n2\t3\n", [[], ["2"]]),
        ("listener", "2 3\t1\n2\t3\n", [["2", "3"], ["2"]]),
        ("listener", "2\t3\n3\t1\n", [["3", "1"], ["1", "2"]]),  # every line names a listener
    ],
)
def test_numbers_before_a_tab_are_told_apart_by_the_whole_file(
    tmp_path: Path, form: str, lines: str, prefixes: list[list[str]]
) -> None:
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("1 2 3\n2 3 1\n3 1 2\n")
    targets.write_text(lines)
    read = read_sequences(data, form)
    found = read_targets(targets, read, read_tokens(data, form), form)
    assert [[read.names[row] for row in one] for one in found.questions.prefixes] == prefixes


@pytest.mark.parametrize("line", ["carl a", "ann a b", "ann", "ann b"])
def test_a_line_that_is_no_target_is_refused_by_number(tmp_path: Path, line: str) -> None:
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("ann a b\n")
    targets.write_text(f"ann b\n{line}\n")
    with pytest.raises(SequenceDataError, match="line 2"):
        read_targets(targets, read_sequences(data), read_tokens(data, "listener"))


@pytest.mark.parametrize(
    ("lines", "groups"),
    [
        # Every step of two sessions in turn, as such files are written, shortest or longest first.
        ("a\tb\na b\tc\nb\ta\nb a\td\n", [0, 0, 1, 1]),
        ("a b\tc\na\tb\nb a\td\nb\ta\n", [0, 0, 1, 1]),
        # Two right answers after one prefix; an empty prefix is nobody's; a longer one may leave steps out.
        ("a b\tc\na b\td\n\td\n\tb\na b\tc\na b c d\ta\n", [0, 0, 1, 2, 3, 3]),
        # The same prefix with something else between is another session's.
        ("a b\tc\nd\ta\na b\tc\n", [0, 1, 2]),
        # Names say it, wherever the lines are.
        ("ann\ta b\tc\nbob\ta\tb\nann\td\ta\n", [0, 1, 0]),
    ],
)
def test_which_prefixes_are_of_one_sequence(tmp_path: Path, lines: str, groups: list[int]) -> None:
    data, targets = tmp_path / "data.txt", tmp_path / "targets.txt"
    data.write_text("x a b c d\n")
    targets.write_text(lines)
    found = read_targets(targets, read_sequences(data), read_tokens(data, "listener"))
    names = list(dict.fromkeys(found.owners))
    assert [names.index(owner) for owner in found.owners] == groups


def test_the_last_lines_are_the_latest() -> None:
    from recsys.sequential.sequences import Sequences

    earlier, later = last_lines(Sequences.of([[0]] * 20, ["a"]), 0.1)
    assert (len(earlier), later.owners) == (18, ("19", "20"))


def _lastfm_row(user: str, at: str, artist: str, track: str) -> str:
    return f"{user}\t{at}\t\t{artist}\t\t{track}\n"


def test_lastfm_1k_is_put_in_order_and_broken_rows_are_counted(tmp_path: Path) -> None:
    rows = [
        _lastfm_row("user_1", "2009-05-04T23:08:57Z", "Enigma", "Sadeness"),
        _lastfm_row("user_1", "2009-05-04T13:54:10Z", "Underworld", "Boy, Boy, Boy"),
        "user_1\tbroken off\n",
        _lastfm_row("user_2", "2009-05-04T24:08:57Z", "Enigma", "Sadeness"),
        *(_lastfm_row("user_2", f"2008-02-29T10:0{minute}:00Z", "Enigma", "Sadeness") for minute in range(8)),
    ]
    (tmp_path / LASTFM).write_text("".join(rows), encoding="utf-8")
    plays = read_lastfm_1k(tmp_path)
    assert plays.n_bad_rows == 2
    assert [plays.names[row] for row in plays.items[:2]] == ["Underworld – Boy, Boy, Boy", "Enigma – Sadeness"]
    assert plays.times[0] == 1241445250
    assert plays.times[2] == 1204279200


def test_lastfm_1k_is_read_in_memory_that_its_text_does_not_fill(tmp_path: Path) -> None:
    path, told = tmp_path / LASTFM, list[tuple[int, int]]()
    with path.open("w", encoding="utf-8") as file:
        for number in range(25_000):
            at = f"2009-05-{1 + number % 28:02}T{number % 24:02}:08:57Z"
            file.write(_lastfm_row(f"user_{number // 4_000}", at, f"Artist of a long name {number % 90}", "A track"))
    tracemalloc.start()
    plays = read_lastfm_1k(path, progress=lambda stage, done, total: told.append((done, total)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(plays) == 25_000
    # What is held grows by 16 bytes a row, and what puts it in order by some columns more; the text is 80 bytes a row.
    assert peak < 60 * len(plays) < path.stat().st_size
    assert [total for _, total in told] == [path.stat().st_size] * 2
    assert 0 < told[0][0] < told[1][0] <= path.stat().st_size


def test_a_log_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / LASTFM
    path.write_text("artist,track\nEnigma,Sadeness\n")
    with pytest.raises(SequenceDataError, match="2 of 2 rows cannot be read"):
        read_lastfm_1k(path)


def _music4all(folder: Path) -> tuple[Path, Path]:
    plays, metadata = folder / "userid_trackid_timestamp.tsv.bz2", folder / "id_metadata.csv"
    played = ("t1\t2019-03-14 20:00", "t2\t2019-03-14 20:02", "t3\t2019-03-14 20:10", "t1\t2019-03-14 21:00")
    rows = ["user_id\ttrack_id\ttimestamp", *(f"u\t{one}" for one in played)]
    plays.write_bytes(bz2.compress("\n".join(rows).encode()))
    metadata.write_text("id\tspotify_id\tduration_ms\nt1\tx\t240000\nt2\ty\t240000\n")
    return plays, metadata


def test_completion_is_what_was_heard_before_the_next_track_began(tmp_path: Path) -> None:
    plays, metadata = _music4all(tmp_path)
    cut = sessions_of(read_music4all(plays, metadata=metadata), SessionSettings(least_steps=1))
    assert cut.owners == ("u/1", "u/2")
    assert cut.completion is not None
    # Two minutes of four; eight minutes are the whole; no duration is known; nothing came after the last.
    np.testing.assert_array_equal(cut.completion, np.array([0.5, 1.0, np.nan, np.nan], dtype=np.float32))


def test_without_durations_completion_is_missing(tmp_path: Path) -> None:
    plays, metadata = _music4all(tmp_path)
    cut = sessions_of(read_music4all(tmp_path), SessionSettings())
    assert cut.completion is not None  # the metadata beside the plays is found
    metadata.unlink()
    assert sessions_of(read_music4all(plays), SessionSettings()).completion is None


def test_the_papers_values_are_a_preset() -> None:
    assert (PAPER.gap_s, PAPER.least_steps, PAPER.least_plays, PAPER.least_item_plays) == (1200, 10, 1000, 7)


@pytest.fixture
def evening(tmp_path: Path) -> Path:
    """Two listeners: one with two sessions of 3 and 2 tracks, one with a single track."""
    path = tmp_path / "plays.tsv"
    clocks = [("u", "a", "20:00"), ("u", "b", "20:05"), ("u", "a", "20:10"), ("u", "a", "20:31"), ("u", "c", "20:33")]
    rows = [f"{user}\t{track}\t2019-03-14 {clock}" for user, track, clock in [*clocks, ("w", "c", "23:00")]]
    path.write_text("\n".join(["user_id\ttrack_id\ttimestamp", *rows]))
    return path


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SessionSettings(gap_s=20 * 60), [["a", "b", "a"], ["a", "c"]]),
        (SessionSettings(gap_s=21 * 60), [["a", "b", "a", "a", "c"]]),
        (SessionSettings(least_steps=3), [["a", "b", "a"]]),
        (SessionSettings(least_steps=1), [["a", "b", "a"], ["a", "c"], ["c"]]),
        (SessionSettings(least_steps=1, least_plays=2), [["a", "b", "a"], ["a", "c"]]),
        (SessionSettings(least_item_plays=2), [["a", "a"], ["a", "c"]]),
        # What is counted of a listener are all plays, before any pause: five, though no session has so many.
        (SessionSettings(least_plays=5), [["a", "b", "a"], ["a", "c"]]),
        # And of an item those of all sessions, though one of c's two is alone in a session that goes.
        (SessionSettings(least_item_plays=2, least_steps=2, least_plays=1), [["a", "a"], ["a", "c"]]),
        (SessionSettings(least_item_plays=2, least_steps=2, least_plays=2), [["a", "a"]]),
        (SessionSettings(first_listens=True), [["a", "b"], ["a", "c"]]),
        (SessionSettings(most_steps=2), [["b", "a"], ["a", "c"]]),
    ],
)
def test_sessions_are_cut_and_kept_as_asked(
    evening: Path, settings: SessionSettings, expected: list[list[str]]
) -> None:
    cut = sessions_of(read_music4all(evening), settings)
    assert [[cut.names[row] for row in one] for one in cut] == expected


@pytest.mark.parametrize("shares", [(0.0, 0.1), (0.1, 0.0), (-0.1, 0.1), (0.5, 0.5), (1.0, 0.1), (float("nan"), 0.1)])
def test_shares_that_leave_a_part_empty_are_refused(evening: Path, shares: tuple[float, float]) -> None:
    cut = sessions_of(read_music4all(evening), SessionSettings())
    with pytest.raises(SequenceDataError, match=r"leave a part empty; give shares above 0"):
        split_by_time(cut, validation=shares[0], test=shares[1])


def test_plays_of_one_second_stay_as_in_the_file(tmp_path: Path) -> None:
    at = "2009-05-04T23:08:57Z"
    rows = [_lastfm_row("u", at, "Band", f"Song {number}") for number in (3, 1, 2)]
    (tmp_path / LASTFM).write_text("".join([*rows, _lastfm_row("u", "2009-05-04T23:00:00Z", "Band", "Song 0")]))
    plays = read_lastfm_1k(tmp_path)
    assert [plays.names[row][-1] for row in plays.items] == ["0", "3", "1", "2"]


def test_nothing_left_is_said(evening: Path) -> None:
    with pytest.raises(SequenceDataError, match="none of 6 plays is in a session of 10 steps"):
        sessions_of(read_music4all(evening), PAPER)


def test_a_session_over_the_border_of_times_is_in_neither_part(tmp_path: Path) -> None:
    path = tmp_path / "plays.tsv"
    rows = [f"u{n}\tt{n % 3}\t2019-03-{1 + n:02} {hour}:00" for n in range(20) for hour in (10, 11)]
    rows += [f"long\tt1\t2019-03-{1 + n:02} 12:00" for n in range(20)]
    path.write_text("\n".join(["user_id\ttrack_id\ttimestamp", *rows]))
    cut = sessions_of(read_music4all(path), SessionSettings(gap_s=2 * 86_400))
    split = split_by_time(cut)
    assert split.n_dropped == 1
    parts = (split.train, split.validation, split.test)
    assert all("long" not in owner for part in parts for owner in part.owners)
    spans = [(part.times.min(), part.times.max()) for part in parts if part.times is not None]
    assert spans[0][1] < spans[1][0] < spans[1][1] < spans[2][0]


def test_own_events_are_read_through_the_store(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    try:
        store.add_events(
            [
                Event("ann", "t2", EventKind.PLAY, 200.0, completion=0.25),
                Event("ann", "t1", EventKind.PLAY, 100.0),
                Event("ann", "t1", EventKind.LIKE, 150.0),
                Event("ann", "t3", EventKind.PLAY, 300.0, times=9),
                Event("bob", "t1", EventKind.PLAY, 100.0),
            ]
        )
        plays = read_events(store, {"t1": 400.0})
    finally:
        store.close()
    cut = sessions_of(plays, SessionSettings(least_steps=1))
    assert [[cut.names[row] for row in one] for one in cut] == [["t1", "t2"], ["t1"]]
    assert cut.completion is not None
    np.testing.assert_array_equal(cut.completion, np.array([0.25, 0.25, np.nan], dtype=np.float32))


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A data set in the JAM file format with vectors of three kinds."""
    (tmp_path / "processed").mkdir()
    (tmp_path / "processed" / "item_idxs.tsv").write_text("item_idx\titem_id\n0\t5\n1\t6\n")
    (tmp_path / "artists.tsv").write_text("item_idx\tname\n0\tEnigma\n1\tPaul  Kalkbrenner\n")
    for kind in ("name", "caption", "cf", "tags"):
        np.save(tmp_path / "processed" / f"item_{kind}_features.npy", np.eye(2, dtype=np.float32))
    return tmp_path


@pytest.mark.parametrize("modality", ["name", "caption"])
def test_vectors_of_what_an_item_is_are_joined_by_name(described: Path, modality: str) -> None:
    joined = read_item_vectors(described, ["paul kalkbrenner", "Nobody", "Enigma"], modality)
    np.testing.assert_array_equal(joined, np.array([[0, 1], [0, 0], [1, 0]], dtype=np.float32))


@pytest.mark.parametrize("modality", ["cf", "tags", "user_cf", "../item_cf", "listening"])
def test_vectors_made_of_listening_are_refused_though_they_are_there(described: Path, modality: str) -> None:
    with pytest.raises(SequenceDataError, match="reveal what is asked; join name or caption and nothing else"):
        read_item_vectors(described, ["Enigma"], modality)
