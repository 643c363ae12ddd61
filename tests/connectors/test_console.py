"""What a terminal shows: every track with its link, the receipt as it is, nothing wider than the window."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from assistant.labels import NOTE
from assistant.reports import BadRowReport, Check, IndexReport, SourceReport, StatusReport
from connectors.console import show_checks, show_index_report, show_reply, show_status, show_why
from connectors.progress import JobProgress
from tests.connectors.replies import reply, track

LONG = 'Symphony No. 3, Op. 36 "Symphony of Sorrowful Songs": II. Lento e largo – Tranquillissimo'
SLATE = reply(
    track(1, "Alison", liked=True),
    track(2, LONG, artist="Henryk Górecki, Dawn Upshaw, London Sinfonietta", duration_estimated=True),
    track(3, "夜に駆ける", artist="YOASOBI", year=None, duration_s=None, liked=False),
    track(4, "[red]not markup[/red] :smile:"),
)


def shown(width: int, *, terminal: bool = False, **console: object) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(
        file=out,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        highlight=False,
        markup=False,
        emoji=False,
    ), out


@pytest.mark.parametrize("width", [40, 80, 120, 160])
def test_a_slate_fits_any_window(width: int) -> None:
    console, out = shown(width)
    show_reply(console, SLATE)
    lines = out.getvalue().splitlines()
    assert max(cell_len(line) for line in lines if "://" not in line) <= width
    assert all(line == line.rstrip() for line in lines)
    words = " ".join(out.getvalue().split())
    for expected in ("Alison – Slowdive ♥", "YOASOBI ✗", "3:51", "≈3:51", "[red]not markup[/red] :smile:"):
        assert expected in words or width == 40
    for one in SLATE.tracks:
        assert f"{one.position:>3}  {one.link}" in lines


def test_the_receipt_says_what_was_kept_and_what_not() -> None:
    console, out = shown(80)
    show_reply(console, SLATE)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["·", "mellow", "preferred", "1", "of", "2,", "1", "unknown"] in lines
    assert ["✓", "no", "country", "all", "2", "of", "2"] in lines
    assert ["~", "from", "1990", "to", "1999", "all", "1", "of", "2,", "relaxed"] in lines
    assert ["·", "minutes", "8", "≈", "8", "min", "(1", "estimated)"] in lines
    assert ["·", "popular", "well-known", "tracks", "median", "popularity", "0.5"] in lines
    assert out.getvalue().endswith("≈ 8 min (1 estimated) · seed 7 · index exact\n")


def test_on_a_terminal_titles_are_links() -> None:
    console, out = shown(80, terminal=True)
    show_reply(console, SLATE)
    for one in SLATE.tracks:
        assert "\x1b]8;id=" in out.getvalue()
        assert f";{one.link}\x1b\\" in out.getvalue()


def test_why_tells_everything_that_is_known() -> None:
    console, out = shown(80)
    show_why(console, track(1, "Alison", query_share=0.25, user_share=0.75, facets=("shoegaze", "dreamy")))
    assert out.getvalue().splitlines() == [
        "Alison – Slowdive",
        "Dreamy shoegaze from 1993 with guitar.",
        "Your words 25%, your taste 75% of what lifts it.",
        "Known as: shoegaze, dreamy.",
        "Album: Souvlaki.",
        "https://www.youtube.com/results?search_query=track+1",
    ]


def test_skipped_rows_are_listed_twenty_at_most() -> None:
    source = SourceReport(name="mine", path="/m.csv", kind="csv", n_tracks=75, n_playlists=1, added_at=0)
    report = IndexReport(
        source=source,
        n_rows=100,
        bad_rows=tuple(BadRowReport(line=line, reason=f"no title\x1b[31m {line}") for line in range(2, 27)),
        n_tracks=75,
        generation="abc",
        generation_changed=True,
        trained=True,
        seconds=1.25,
    )
    console, out = shown(80)
    show_index_report(console, report)
    lines = out.getvalue().splitlines()
    assert lines[0] == "mine: 75 tracks from 100 rows, 1 playlist, 25 rows skipped"
    assert lines[1] == "  line 2: no title[31m 2"
    assert lines[20] == "  line 21: no title[31m 21"
    assert lines[21:] == ["  … and 5 more", "Serving 75 tracks with a model trained on it; 1.2 s"]


def test_every_file_that_something_is_wrong_with_is_named() -> None:
    source = SourceReport(name="Music", path="/music", kind="folder", n_tracks=70, n_playlists=0, added_at=0)
    long = "/music/" + "x" * 400
    report = IndexReport(
        source=source,
        n_rows=100,
        bad_rows=tuple(BadRowReport(line=0, name=f"{long}/{n}.mp3", reason="is empty") for n in range(30)),
        remarks=(BadRowReport(line=0, name="/music/a\x1b.flac", reason="lasts 3 h 0 min"),),
        n_tracks=70,
        generation="abc",
        generation_changed=True,
        trained=True,
        seconds=1.25,
    )
    console, out = shown(80)
    show_index_report(console, report)
    lines = out.getvalue().splitlines()
    assert lines[0] == "Music: 70 tracks from 100 files, 0 playlists, 30 files skipped"
    assert lines[1:31] == [f"  {long}/{n}.mp3: is empty" for n in range(30)]
    assert lines[31:33] == [
        "1 file taken, though there is something odd about it:",
        "  /music/a.flac: lasts 3 h 0 min",
    ]


def test_indexing_says_when_the_starter_no_longer_serves() -> None:
    fields = {"n_tracks": 75, "generation": "a", "generation_changed": True, "trained": False, "seconds": 1.0}
    console, out = shown(100)
    show_index_report(console, IndexReport.model_validate(fields | {"starter_dropped": True}))
    assert "The starter catalogue no longer serves; `segue index --with-starter` brings it back." in out.getvalue()
    console, out = shown(100)
    show_index_report(console, IndexReport.model_validate(fields))
    assert "starter" not in out.getvalue()


def test_status_of_an_empty_folder_says_what_to_do() -> None:
    console, out = shown(80)
    report = StatusReport(
        home="/home/a/segue",
        database="sqlite:////home/a/segue/segue.db",
        encoder="all-MiniLM-L6-v2",
        n_tracks=0,
        n_listeners=1,
        n_events=0,
        n_sessions=0,
        n_turns=0,
        sizes_bytes={"cache": 1_234_567, "database": 900},
    )
    show_status(console, report)
    text = out.getvalue()
    assert "/home/a/segue (1.2 MB)" in text
    assert "database: 900 B" in text
    assert "`segue index PATH` adds your own" in " ".join(text.split())
    assert "0 tracks, 1 listener, 0 events" in text


def test_checks_that_fail_say_how_to_fix_them() -> None:
    console, out = shown(80)
    show_checks(
        console,
        [
            Check(name="python", ok=True, detail="3.11", remedy="never shown"),
            Check(name="disk", ok=False, detail="1 MB free", remedy="free 600 MB"),
            Check(name="chromium", ok=False, detail="not found", optional=True),
        ],
    )
    assert out.getvalue().splitlines() == [
        "✓ python: 3.11",
        "✗ disk: 1 MB free",
        "    free 600 MB",
        "– chromium: not found",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_without_a_terminal_is_a_line_now_and_then() -> None:
    now = [0.0]
    out = io.StringIO()
    with JobProgress(out, clock=lambda: now[0]) as progress:
        progress("read", 0, 0)
        now[0] = 1
        progress("encode text", 0, 1000)  # reading was quick: no line
        for done in range(0, 1001, 10):
            now[0] = 1 + done / 50
            progress("encode text", done, 1000)
        progress("synthesise", 0, 0)
        now[0] = 100
        progress("synthesise", 0, 0)
    assert out.getvalue().splitlines() == [
        "Encode text: 250 of 1,000 (25 %), about 15 s left",
        "Encode text: 500 of 1,000 (50 %), about 10 s left",
        "Encode text: 750 of 1,000 (75 %), about 5 s left",
        "Encode text: done in 20 s",
        "Synthesise: 1 min 19 s so far",
        "Synthesise: done in 1 min 19 s",
    ]


def test_a_job_that_fails_is_not_said_to_be_done() -> None:
    now = [0.0]
    out = io.StringIO()

    def job() -> None:
        with JobProgress(out, clock=lambda: now[0]) as progress:
            progress("train", 0, 10)
            now[0] = 8
            progress("train", 4, 10)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        job()
    assert out.getvalue() == "Train: 4 of 10 (40 %), about 12 s left\n"


def test_how_a_stage_stands_is_said_beside_it_and_begins_no_other() -> None:
    """A loss that changes with every step is a note of one stage: one bar, and lines that go on."""
    now = [0.0]
    lines, terminal = io.StringIO(), Terminal()
    for out in (lines, terminal):
        with JobProgress(out, clock=lambda: now[0]) as progress:
            for step in range(21):
                now[0] += 1
                progress(f"train{NOTE}loss {1 / (step + 1):.2f}", step, 20)
    assert lines.getvalue().splitlines() == [
        "Train: 5 of 20 (25 %), about 15 s left; loss 0.17",
        "Train: 10 of 20 (50 %), about 10 s left; loss 0.09",
        "Train: 15 of 20 (75 %), about 5 s left; loss 0.06",
        "Train: done in 20 s",
    ]
    assert terminal.getvalue().count("\n") == 1, "one bar is one line"
    assert "loss 0.05" in terminal.getvalue()


def test_a_stage_that_comes_again_begins_again() -> None:
    """Folds are learnt one after another under one name; the time left is that of the fold."""
    now = [0.0]
    lines, terminal = io.StringIO(), Terminal()
    for out in (lines, terminal):
        now[0] = 0.0
        with JobProgress(out, clock=lambda: now[0]) as progress:
            for done in (*range(1, 11), *range(1, 11)):
                now[0] += 1
                progress("learn", done, 10)
    assert lines.getvalue().splitlines() == [
        "Learn: 6 of 10 (60 %), about 3 s left",
        "Learn: done in 10 s",
        "Learn: 6 of 10 (60 %), about 3 s left",
        "Learn: done in 9 s",
    ]
    assert terminal.getvalue().count("\n") == 1, "one bar is one line"


def test_progress_on_a_terminal_is_a_bar_per_stage_with_the_time_left() -> None:
    out = Terminal()
    with JobProgress(out) as progress:
        progress("encode text", 0, 100)
        progress("encode text", 50, 100)
        progress("train", 0, 0)
    text = out.getvalue()
    assert "Encode text" in text
    assert "Train" in text
    assert "100/100" in text
    assert "left" in text


def test_a_job_that_reports_nothing_shows_nothing() -> None:
    out = Terminal()
    with JobProgress(out):
        pass
    assert out.getvalue() == ""
