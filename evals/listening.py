"""How fast are files heard, and with how much memory? Measured from outside, on a child process and its workers.

Task. A folder of made-up excerpts of 30 s (tones, drums and noise; stereo at 44.1 kHz; WAV, FLAC, MP3 and Ogg Vorbis in
turn) is heard by audio encoders and by the analysers, three windows of 10 s each, as `segue index` does it; then again
with nothing changed.

Conventions. `seconds` is wall-clock time of the whole child process. `tracks_per_s` is of the listening alone: from its
beginning, the starting of the workers and their imports included, to its end. `steady_per_s` leaves out the first
tracks, one for each worker. `cpu_s_per_track` is the processor time of the workers, their imports included, over the
tracks: it tells what a machine that does other things too hides from `tracks_per_s`. `peak_mb` is in 10⁶ bytes and errs
high, as in `evals.processes`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from evals.errors import CommandFailedError
from evals.metrics import summarise
from evals.processes import environment, measure
from evals.report import Report
from evals.scratch import scratch_home
from recsys.types import FloatArray, Progress

_RATE, _SECONDS = 44_100, 30.0
_FORMATS = (("wav", None), ("flac", None), ("mp3", None), ("ogg", "VORBIS"))


def bench_listen(
    n_tracks: int,
    encoders: str,
    workers: int,
    weights: Path | None,
    seeds: Sequence[int],
    *,
    progress: Progress | None = None,
) -> Report:
    """Hear a made-up folder of each seed and measure it.

    Args:
        n_tracks: files in the folder.
        encoders: names by commas.
        workers: processes that listen.
        weights: MusiCNN's wheel, where it is at hand.
        seeds: of the folders.
        progress: told about every stage.

    Raises:
        WeightsError: MusiCNN is to listen and its weights cannot be had.
        CommandFailedError: a file could not be heard.
    """
    report = Report("segue bench listen", {"tracks": n_tracks, "encoders": encoders, "workers": workers}, seeds)
    for seed in seeds:
        with scratch_home() as home:
            if progress:
                progress("fetch", 0, 0)
            _fetch(home, encoders, weights)
            folder = home.with_name("music")
            folder.mkdir()
            for number, sound in enumerate(excerpts(n_tracks, np.random.default_rng(seed))):
                extension, subtype = _FORMATS[number % len(_FORMATS)]
                write(folder / f"{number}.{extension}", sound, subtype)
                if progress:
                    progress("write", number + 1, n_tracks)
            command = [sys.executable, "-m", "evals.listening", str(folder), str(home), encoders, str(workers)]
            for name in ("all", "nothing changed"):
                if progress:
                    progress(name, 0, 0)
                run = measure(command, environment(home), Path.cwd())
                told = json.loads(run.stdout)
                if told["problems"]:
                    raise CommandFailedError(" ".join(command), 0, "\n".join(told["problems"]))
                report.add("segue", name, "seconds", summarise([run.seconds]))
                report.add("segue", name, "peak_mb", summarise([run.peak_mb]))
                if name == "all":
                    report.add("segue", name, "tracks_per_s", summarise([n_tracks / told["seconds"]]))
                    report.add("segue", name, "steady_per_s", summarise([told["steady_per_s"]]))
                    report.add("segue", name, "cpu_s_per_track", summarise([told["cpu_s"] / n_tracks]))
    return report


def excerpts(n: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield made-up stereo excerpts (S, 2) of 30 s at 44.1 kHz: chords, a drum at some tempo, and a little noise."""
    at = (np.arange(round(_SECONDS * _RATE)) / _RATE).astype(np.float32)
    for _ in range(n):
        sound = 0.01 * rng.standard_normal((len(at), 2), np.float32)
        for pitch in rng.choice(24, 3, replace=False):
            hz = 110 * 2 ** (pitch / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * at) / k**2 for k in range(1, 4))
            sound += 0.1 * np.outer(tone, rng.uniform(0.3, 1, 2))
        since = at % (60 / rng.uniform(70, 170))
        sound += 0.4 * (np.exp(-30 * since) * np.sin(2 * np.pi * 60 * since))[:, None]
        yield np.clip(sound, -1, 1).astype(np.float32)


def write(path: Path, sound: FloatArray, subtype: str | None) -> None:
    """Write an excerpt, a second at a time: libsndfile's Vorbis encoder crashes on long blocks."""
    import soundfile

    with soundfile.SoundFile(path, "w", _RATE, sound.shape[1], subtype) as file:
        for start in range(0, len(sound), _RATE):
            file.write(sound[start : start + _RATE])


def _fetch(home: Path, encoders: str, weights: Path | None) -> None:
    from recsys.audio.choosing import choose_encoders
    from recsys.audio.musicnn_weights import fetch
    from recsys.audio.registry import fetch_audio_encoder, weights_folder

    for name in choose_encoders(encoders, home):
        if name == "musicnn":
            fetch(weights_folder(name, home), weights)
        fetch_audio_encoder(name, home)


def _listen(folder: Path, home: Path, encoders: str, workers: int) -> None:
    """What the child process does: hear a folder and say how long it took."""
    from recsys.audio.choosing import choose_encoders
    from recsys.audio.listening import listen

    ends: list[float] = []
    files = {path.name: path for path in sorted(folder.iterdir())}
    heard = listen(
        home,
        files,
        choose_encoders(encoders, home),
        workers=workers,
        timeout_s=120,
        progress=lambda stage, done, total: ends.append(time.perf_counter()) if done else None,
    )
    steady = ends[workers - 1 :]
    rate = (len(steady) - 1) / (steady[-1] - steady[0]) if len(steady) > 1 else 0.0
    problems = [f"{one.path}: {one.reason}" for one in heard.problems]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {"seconds": heard.seconds, "steady_per_s": rate, "cpu_s": used.ru_utime + used.ru_stime}
    print(json.dumps(told | {"problems": problems}))


if __name__ == "__main__":
    _listen(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
