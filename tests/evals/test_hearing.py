"""The evaluation of hearing: its music, its figures, and what it says where its tools are not there."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from evals import hearing, hearing_keys, hearing_rhythms, hearing_timbres, midi
from evals.errors import SynthesiserError, UnknownSystemError
from tests.programs import needs

installed = needs("fluidsynth")


def test_a_piece_is_a_midi_file_of_the_notes_in_order() -> None:
    piece = midi.Piece(120.0, [midi.Note(1.0, 0.5, 64, 90, 0), midi.Note(0.0, 1.0, 60, 80, 0)], {0: 24}, cents=50.0)
    data = piece.to_bytes()
    assert data[:4] == b"MThd"
    assert data[8:14] == bytes((0, 0, 0, 1, 480 >> 8, 480 & 255))
    assert (500_000).to_bytes(3, "big") in data  # microseconds a quarter note
    bend = 8192 + 2048  # 50 cents of 200
    events = bytes((0xC0, 24)), bytes((0xE0, bend & 127, bend >> 7)), bytes((0x90, 60, 80)), bytes((0x80, 60, 0))
    places = [data.index(event) for event in (*events, bytes((0x90, 64, 90)))]
    assert places == sorted(places)
    assert data.endswith(b"\x00\xff\x2f\x00")
    # A quarter note of 480 ticks is two bytes in MIDI: 0x83 0x60.
    assert bytes((0x83, 0x60, 0x80, 60, 0)) in data


def test_windows_are_spread_over_a_sound() -> None:
    sound = np.arange(34 * midi.RATE, dtype=np.float32)
    cut = midi.windows(sound)
    assert [len(window) for window in cut] == [10 * midi.RATE] * 3
    assert [round(float(window[0]) / midi.RATE) for window in cut] == [6, 12, 18]
    assert len(midi.windows(sound[: 4 * midi.RATE])) == 1


def test_what_is_judged_was_not_tuned_on() -> None:
    assert not hearing_rhythms.TUNING.keys() & hearing_rhythms.HELD_OUT.keys()
    assert not hearing_keys.TUNING.keys() & hearing_keys.HELD_OUT.keys()
    assert hearing.SOUNDFONT != "FluidR3"


def test_relative_keys_share_their_notes() -> None:
    assert [hearing._relative(key) for key in ("C major", "A minor", "E major", "C# minor")] == [
        *("A minor", "C major"),
        *("C# minor", "E major"),
    ]


def test_a_voice_has_the_pitch_of_who_sings() -> None:
    rng = np.random.default_rng(1)
    lowest = {}
    for gender in ("male", "female"):
        sung = hearing_timbres.voice(gender, 4.0, rng)
        assert np.abs(sung).max() == pytest.approx(0.5)
        spectrum = np.abs(np.fft.rfft(sung)) ** 2
        hertz = np.fft.rfftfreq(len(sung), 1 / midi.RATE)
        lowest[gender] = hertz[np.cumsum(spectrum) > 0.02 * spectrum.sum()][0]
    assert 90 < lowest["male"] < lowest["female"] < 500


def test_a_missing_tool_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SynthesiserError, match="apt-get install fluidsynth"):
        hearing.evaluate([1], parts=("tempo",))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setitem(midi.SOUNDFONTS, hearing.SOUNDFONT, ("/nowhere.sf2", "timgm6mb-soundfont"))
    with pytest.raises(SynthesiserError, match="apt-get install timgm6mb-soundfont"):
        hearing.evaluate([1], parts=("tempo",))


def test_an_unknown_part_is_refused() -> None:
    assert hearing.choose_parts("all") == hearing.PARTS
    with pytest.raises(UnknownSystemError, match="tempo, key, instruments, voices"):
        hearing.choose_parts("tempo,rhythm")


@installed
def test_tempo_and_key_are_measured_beside_their_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, names in ((hearing_rhythms, ("disco", "jig")), (hearing_keys, ("I–iii–IV–V", "i–v–VI–iv"))):
        monkeypatch.setattr(module, "HELD_OUT", {name: module.HELD_OUT[name] for name in names})
    report = hearing.evaluate([3], parts=("tempo", "key"), plan=hearing.Plan(n_tempi=1, n_tonics=1))
    assert set(report.results) == {"tempo: segue", "tempo: beat_track", "key: segue", "key: krumhansl"}
    tempo, key = report.results["tempo: segue"], report.results["key: segue"]
    assert set(tempo) == {"all", "disco", "jig"}
    assert tempo["all"]["right_or_noted"].mean == 1.0
    assert key["all"]["right_or_noted"].mean == 1.0
    assert tempo["all"]["right"].n == key["all"]["right"].n == 2
