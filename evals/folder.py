"""How fast is a folder of music read, and in how much memory? Only tags and names: nothing is decoded.

Task. A folder of so many audio files (MP3, FLAC, Ogg Vorbis, WAV; a few seconds of noise, tagged, every fourth with a
cover of 100 kB, each with a sound of its own), or one of yours, is stored in an empty database: walked, read, digested,
committed in batches, without encoding and training. Then again with nothing changed, and again after the folder was
renamed, so that every file is read and found to be one that is known.

Conventions. One child process with one thread does it. `files_per_s` is over the whole of it but for starting Python;
`seconds` the same as time, `cpu_s` what of it one core worked; `peak_mb` the greatest resident set of that process so
far, in 10⁶ bytes; `tracks` what is stored, `kept` the share of them that kept their ids. Files that were just made are
in the page cache; a disk or a network may be slower than the reading.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.metrics import summarise
from evals.processes import environment, measure
from evals.report import Report
from evals.scratch import scratch_home
from recsys.types import Progress

_RATE_HZ, _SECONDS = 22_050, 4
#: Extension → what libsndfile calls it.
_KINDS = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "wav": ("WAV", "PCM_16"),
}
_COVER_BYTES, _COVER_EVERY = 100_000, 4
_ALBUM_TRACKS = 12
_GENRES = ("Rock/Pop", "(17)", "Electronic; House", "Alt. Rock", "hip hop, rap", "Jazz", "Ambient", "Other")


def bench_folder(
    n_files: int, seeds: Sequence[int], *, folder: Path | None = None, progress: Progress | None = None
) -> Report:
    """Store a made folder of `n_files`, or a copy-free run over `folder`, and measure it."""
    stated: dict[str, Any] = {"files": n_files} if folder is None else {"folder": folder.name}
    report = Report("segue bench folder", stated, seeds)
    for seed in seeds:
        with scratch_home() as home:
            music = home.with_name("music") if folder is None else folder
            if folder is None:
                make_music(music, n_files, seed, progress)
            steps = ["all", "again"]
            if folder is None:
                steps.append("moved")
            if progress is not None:
                progress("read the folder", 0, 0)
            command = [sys.executable, "-m", "evals.folder", str(music), str(home / "segue.db"), *steps]
            run = measure(command, environment(home, OMP_NUM_THREADS="1"), Path(__file__).parents[1])
            for step, taken in json.loads(run.stdout).items():
                for metric, figure in taken.items():
                    report.add("segue", step, metric, summarise([figure]))
    return report


def index(music: str, database: str, steps: Sequence[str]) -> dict[str, dict[str, float]]:
    """Store the folder once for each step; called in a process of its own."""
    from assistant.folders import refresh_folder
    from recsys.store import Store

    store, place = Store.open(f"sqlite:///{Path(database).as_posix()}"), Path(music)
    figures: dict[str, dict[str, float]] = {}
    first: dict[str, str] = {}
    for step in steps:
        if step == "moved":
            place = place.rename(place.with_name(f"{place.name} moved"))
        started, started_cpu = time.perf_counter(), time.process_time()
        refreshed = refresh_folder(store, place, "music", None, replace=False, progress=None)
        seconds = time.perf_counter() - started
        ids = store.track_ids("music")
        first = first or ids
        figures[step] = {
            "files_per_s": refreshed.n_rows / seconds,
            "seconds": seconds,
            "cpu_s": time.process_time() - started_cpu,
            "peak_mb": _peak_mb(),
            "tracks": float(len(ids)),
            "kept": len(first.items() & ids.items()) / max(len(first), 1),
        }
    store.close()
    return figures


def make_music(folder: Path, n_files: int, seed: int, progress: Progress | None = None) -> None:
    """Write tagged audio files, twelve to an album, each with bytes of its own in its sound."""
    import soundfile

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    made: dict[str, tuple[bytes, bytes]] = {}
    for kind, (form, subtype) in _KINDS.items():
        path = folder / f"base.{kind}"
        soundfile.write(path, 0.1 * rng.standard_normal(_RATE_HZ * _SECONDS), _RATE_HZ, format=form, subtype=subtype)
        data = path.read_bytes()
        made[kind] = data[: len(data) // 2], data[len(data) // 2 + 8 :]
        path.unlink()
    for number in range(n_files):
        kind = tuple(_KINDS)[number // _ALBUM_TRACKS % len(_KINDS)]
        album = number // _ALBUM_TRACKS
        place = folder / f"Artist {album // 3}" / f"{1960 + album % 60} - Album {album}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{number % _ALBUM_TRACKS + 1:02} - Title {number}.{kind}"
        before, after = made[kind]
        path.write_bytes(before + number.to_bytes(8, "little") + after)
        _tag(path, number, album)
        if progress is not None and number % 200 == 0:
            progress("make files", number, n_files)


def _tag(path: Path, number: int, album: int) -> None:
    import mutagen
    from mutagen.flac import FLAC, Picture
    from mutagen.id3 import APIC, ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK

    title, artist, place = f"Title {number}", f"Artist {album // 3}", str(number % _ALBUM_TRACKS + 1)
    genre, year = _GENRES[album % len(_GENRES)], str(1960 + album % 60)
    cover = bytes(_COVER_BYTES) if number % _COVER_EVERY == 0 else b""
    if path.suffix in (".mp3", ".wav"):
        audio: Any = ID3() if path.suffix == ".mp3" else mutagen.File(path)
        if path.suffix == ".wav":
            audio.add_tags()
        tags = audio if path.suffix == ".mp3" else audio.tags
        frames = ((TIT2, title), (TPE1, artist), (TALB, f"Album {album}"), (TRCK, place), (TCON, genre), (TDRC, year))
        for frame, text in frames:
            tags.add(frame(encoding=3, text=[text]))
        if cover:
            tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=cover))
        audio.save(path)
        return
    audio = mutagen.File(path)
    named = {"title": title, "artist": artist, "album": f"Album {album}", "tracknumber": place}
    for name, text in (named | {"genre": genre, "date": year}).items():
        audio[name] = [text]
    if cover and isinstance(audio, FLAC):
        picture = Picture()
        picture.data = cover
        audio.add_picture(picture)
    audio.save()


def _peak_mb() -> float:
    """Return the greatest resident set of this process since it began, where the system says it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(index(sys.argv[1], sys.argv[2], sys.argv[3:])))
