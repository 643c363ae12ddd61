"""Windows of files: the right places at the right rates, in little memory, and a reason where there is no sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from recsys.audio import ffmpeg
from recsys.audio.decode import Excerpts, open_excerpts, places
from recsys.audio.errors import DecodeError
from tests.programs import needs
from tests.sounds import cut_off, hours_of_silence, main_hz, tone, write

RATES = (16_000, 22_050)
needs_ffmpeg = needs("ffmpeg")


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "program", lambda: None)


def heard_hz(excerpts: Excerpts, rate: int) -> list[float]:
    return [main_hz(window, rate) for window in excerpts.sound.rates[rate]]


@given(st.floats(0.1, 40_000), st.floats(1, 30), st.integers(1, 5))
def test_windows_lie_within_the_track_apart_and_evenly(duration_s: float, seconds: float, n: int) -> None:
    found = places(duration_s, seconds, n)
    assert 1 <= len(found) <= n
    assert found[0][0] >= 0
    assert found[-1][0] + found[-1][1] <= duration_s + 1e-6
    assert all(a + length <= b + 1e-6 for (a, length), (b, _) in pairwise(found))
    assert found[0][0] == pytest.approx(duration_s - found[-1][0] - found[-1][1], abs=1e-6)


def test_thirty_seconds_are_heard_whole_and_three_minutes_at_three_places() -> None:
    assert places(30.0) == [(0.0, 10.0), (10.0, 10.0), (20.0, 10.0)]
    assert places(180.0) == [(25.0, 10.0), (85.0, 10.0), (145.0, 10.0)]
    assert places(25.0) == [(1.25, 10.0), (13.75, 10.0)]
    assert places(4.0) == [(0.0, 4.0)]


@pytest.mark.parametrize(
    ("name", "subtype", "rate"),
    [
        ("a.wav", "PCM_16", 44_100),
        ("a.wav", "FLOAT", 192_000),
        ("a.wav", "PCM_U8", 8_000),
        ("a.flac", "PCM_24", 96_000),
        ("a.mp3", None, 44_100),
        ("a.ogg", "VORBIS", 44_100),
        ("a.opus", "OPUS", 48_000),
        ("a.aiff", "PCM_16", 22_050),
    ],
)
def test_each_format_is_heard_at_the_rates_asked_for(
    tmp_path: Path, no_ffmpeg: None, name: str, subtype: str | None, rate: int
) -> None:
    kind = {"format": "OGG"} if name.endswith("opus") else {}
    path = write(tmp_path / name, tone(440, 12, rate, channels=2), rate, subtype, **kind)
    found = open_excerpts(path, RATES)
    assert found.note == ""
    assert found.sound.duration_s == pytest.approx(12, abs=0.1)
    for wanted in RATES:
        (window,) = found.sound.rates[wanted]
        assert window.dtype == np.float32
        assert len(window) == pytest.approx(10 * wanted, abs=2)
        assert 0.3 < np.abs(window).max() <= 1
        assert heard_hz(found, wanted) == pytest.approx([440], abs=1)


def test_windows_are_of_the_places_that_they_are_said_to_be(tmp_path: Path) -> None:
    parts = [tone(hz, 20, 16_000) for hz in (200, 400, 800)]
    path = write(tmp_path / "a.flac", np.concatenate(parts), 16_000)
    assert heard_hz(open_excerpts(path, [16_000]), 16_000) == pytest.approx([200, 400, 800], abs=1)


def test_channels_are_averaged(tmp_path: Path) -> None:
    sound = np.hstack([tone(440, 2), -tone(440, 2)])
    (window,) = open_excerpts(write(tmp_path / "a.wav", sound), [44_100]).sound.rates[44_100]
    assert np.abs(window).max() < 1e-3


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg"])
def test_a_file_that_breaks_off_is_heard_as_far_as_it_goes(tmp_path: Path, no_ffmpeg: None, name: str) -> None:
    whole = write(tmp_path / name, tone(440, 60))
    found = open_excerpts(cut_off(tmp_path / f"cut-{name}", whole, 0.5), [22_050])
    assert found.sound.duration_s == pytest.approx(30, abs=2)
    assert heard_hz(found, 22_050) == pytest.approx([440] * len(found.sound.rates[22_050]), abs=1)
    if name in ("a.flac", "a.mp3"):  # the others do not state how long they should be, once they are cut off
        assert "it ends after" in found.note


def test_the_extension_is_not_believed(tmp_path: Path, no_ffmpeg: None) -> None:
    mp3 = write(tmp_path / "a.mp3", tone(440, 2))
    for name in ("a.flac", "a.txt", "a"):
        path = tmp_path / name
        shutil.copy(mp3, path)
        assert heard_hz(open_excerpts(path, [22_050]), 22_050) == pytest.approx([440], abs=1)


def test_any_name_that_a_file_can_have_is_read(tmp_path: Path) -> None:
    sound = write(tmp_path / "a.wav", tone(440, 1)).read_bytes()
    for name in (b"-i.wav", b"concat:a|b.wav", b"caf\xe9.wav", "小さい\n.wav".encode()):
        path = os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
        Path(path).write_bytes(sound)
        assert len(open_excerpts(path, [22_050]).sound.rates[22_050]) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\x00" * 5_000, "libsndfile"),
        (b"ID3\x04\x00\x00\x00\x00\x0f\x00" + b"\x00" * 2_000, "libsndfile"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", "libsndfile"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "libsndfile"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(DecodeError, match=reason):
        open_excerpts(path, RATES)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp3"
    os.mkfifo(pipe)
    for path, reason in ((pipe, "no regular file"), (tmp_path, "no regular file"), (tmp_path / "x", "cannot be read")):
        with pytest.raises(DecodeError, match=reason):
            open_excerpts(path, RATES)


def test_too_little_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"it has 0\.05 s of sound"):
        open_excerpts(write(tmp_path / "a.wav", tone(440, 0.05)), RATES)


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    sound = tone(440, 1)
    sound[:100], sound[100:200], sound[200:300] = np.nan, np.inf, -1e30
    found = open_excerpts(write(tmp_path / "a.wav", sound, subtype="FLOAT"), RATES)
    for windows in found.sound.rates.values():
        assert np.isfinite(windows[0]).all()
        assert np.abs(windows[0]).max() <= 1


def test_hours_take_no_more_memory_than_seconds(tmp_path: Path) -> None:
    """In a process of its own, whose greatest size the kernel tells."""
    long, high = hours_of_silence(tmp_path / "long.wav", 3), tmp_path / "high.wav"
    write(high, tone(440, 12, 192_000, channels=8), 192_000)
    code = (
        "import resource, sys\nfrom recsys.audio.decode import open_excerpts\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "open_excerpts(sys.argv[1], [16000]); before = peak()\n"
        "found = [len(open_excerpts(path, [16000, 22050]).sound.rates[16000]) for path in sys.argv[2:]]\n"
        "print(*found, peak() - before)"
    )
    short = write(tmp_path / "short.wav", tone(440, 1))
    run = subprocess.run(
        [sys.executable, "-c", code, str(short), str(long), str(high)], capture_output=True, text=True, check=True
    )
    n_long, n_high, grown = map(int, run.stdout.split())
    unit = 1 if sys.platform == "darwin" else 1024
    assert (n_long, n_high) == (3, 1)
    assert grown * unit < 100e6


@needs_ffmpeg
def test_ffmpeg_reads_what_libsndfile_does_not(tmp_path: Path) -> None:
    parts = [tone(hz, 12, 44_100, channels=2) for hz in (200, 400, 800)]
    whole = write(tmp_path / "a.wav", np.concatenate(parts))
    for name in ("a.m4a", "a.wma"):
        path = tmp_path / name
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(whole), str(path)], check=True)
        found = open_excerpts(path, [22_050])
        assert found.sound.duration_s == pytest.approx(36, abs=0.2)
        assert heard_hz(found, 22_050) == pytest.approx([200, 400, 800], abs=2)
        assert np.abs(found.sound.rates[22_050][0]).max() == pytest.approx(0.5, abs=0.1)
        with pytest.raises(soundfile.LibsndfileError):
            soundfile.SoundFile(path)


@needs_ffmpeg
def test_no_file_makes_ffmpeg_open_another(tmp_path: Path) -> None:
    write(tmp_path / "secret.wav", tone(440, 2))
    for name, content in (
        ("a.m4a", f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n"),
        ("b.wma", f"ffconcat version 1.0\nfile '{tmp_path}/secret.wav'\n"),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        with pytest.raises(DecodeError, match="ffmpeg"):
            open_excerpts(path, RATES)


def test_without_ffmpeg_the_reason_says_so(tmp_path: Path, no_ffmpeg: None) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\x00\x00\x00\x20ftypM4A " + b"\x00" * 100)
    with pytest.raises(DecodeError, match="ffmpeg, which reads more kinds of files, is not installed"):
        open_excerpts(path, RATES)
