"""The audio encoder "musicnn": what networks that were taught tags by listeners hear in a track."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from recsys.audio import musicnn_weights as weights
from recsys.audio.base import AudioCard
from recsys.audio.device import device as default_device
from recsys.audio.musicnn_mel import N_FRAMES, RATE, patches
from recsys.types import FloatArray

CARD = AudioCard(
    name="musicnn",
    rate=RATE,
    window_s=3.0,
    layer="the penultimate of MSD_musicnn (200 units after batch normalisation)",
    pooling="mean over patches of 3 s, one after another, then over windows",
    dim=200,
    licence="ISC",
    source="Pons & Serra 2019, arXiv 1909.06654; the wheel musicnn 0.1.0",
    fetch=weights.FETCH,
)
#: Changes whenever the same weights would give other vectors.
_VERSION = 1
#: Patches that a GPU runs at a time. A CPU runs one: more are no faster, and take 100 MB each.
_BATCH = 32
#: What each data set's networks were taught, in their order. Source: musicnn/configuration.py.
MTT_TAGS = (
    "guitar classical slow techno strings drums electronic rock fast piano ambient beat violin vocal synth female "
    "indian opera male singing vocals no_vocals harpsichord loud quiet flute woman male_vocal no_vocal pop soft sitar "
    "solo man classic choir voice new_age dance male_voice female_vocal beats harp cello no_voice weird country metal "
    "female_voice choral"
)
MSD_TAGS = (
    "rock pop alternative indie electronic female_vocalists dance 00s alternative_rock jazz beautiful metal chillout "
    "male_vocalists classic_rock soul indie_rock mellow electronica 80s folk 90s chill instrumental punk oldies blues "
    "hard_rock ambient acoustic experimental female_vocalist guitar hip-hop 70s party country easy_listening sexy "
    "catchy funk electro heavy_metal progressive_rock 60s rnb indie_pop sad house happy"
)


class Network(Protocol):
    """One checkpoint, ready to run."""

    def __call__(self, patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Map patches (P, 187, 96) to tags (P, 50) and the penultimate layer (P, D)."""
        ...


class MusicnnEncoder:
    """MusiCNN: a vector of the network taught on the Million Song Dataset, and the tags of that and of MagnaTagATune's.

    Both networks hear everything: the one knows genres, moods and decades, the other instruments and voices.
    """

    card = CARD
    #: The tags of which `encode_with_tags` gives the share of, lower case; those that both networks know come once.
    tags = tuple(dict.fromkeys(tag.replace("_", " ") for tag in f"{MTT_TAGS} {MSD_TAGS}".split()))

    def __init__(self, mtt: Network, msd: Network) -> None:
        """Run two networks."""
        self._mtt, self._msd = mtt, msd
        self.identity = f"musicnn-{_VERSION} MSD_musicnn {weights.SHA256[:12]}"
        of = [tag.replace("_", " ") for tag in MTT_TAGS.split()], [tag.replace("_", " ") for tag in MSD_TAGS.split()]
        self._columns = [np.array([self.tags.index(tag) for tag in names]) for names in of]
        self._n_knowing = np.zeros(len(self.tags), np.float32)
        for columns in self._columns:
            self._n_knowing[columns] += 1

    def encode(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Return one vector per window (n, 200)."""
        cut, starts = _cut(windows)
        return _means(self._msd(cut)[1], starts)

    def encode_with_tags(self, windows: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Return one vector per window (n, 200), and how much of each tag is heard in it (n, T), 0–1."""
        cut, starts = _cut(windows)
        (of_mtt, _), (of_msd, penultimate) = self._mtt(cut), self._msd(cut)
        heard = np.zeros((len(windows), len(self.tags)), np.float32)
        for columns, tags in zip(self._columns, (of_mtt, of_msd), strict=True):
            heard[:, columns] += _means(tags, starts)
        return _means(penultimate, starts), heard / self._n_knowing


def open_encoder(card: AudioCard, folder: Path, threads: int, device: str | None) -> MusicnnEncoder:
    """Open the encoder over the weights in a folder: by torch on a GPU where there is one, else by onnxruntime.

    Raises:
        EncoderNotReadyError: they are not there.
        WeightsError: they are not what they should be.
    """
    wheel = weights.ready_wheel(folder)
    where = device or default_device()
    mtt, msd = (
        by_onnx(name, wheel, threads, folder) if where == "cpu" else by_torch(name, wheel, where)
        for name in ("MTT_musicnn", "MSD_musicnn")
    )
    return MusicnnEncoder(mtt, msd)


def fetch(card: AudioCard, folder: Path) -> None:
    """Get the wheel from the package index, and make the graphs that are run of it.

    Raises:
        WeightsError: it cannot be had, or is not the pinned one.
    """
    weights.fetch(folder)
    open_encoder(card, folder, 1, "cpu")


def by_onnx(checkpoint: str, wheel: Path, threads: int, folder: Path) -> Network:
    """Open a checkpoint with onnxruntime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = False  # it never gives back what the widest layer took
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    graph = weights.exported(wheel, checkpoint, folder)
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def run(patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = [session.run(["tags", "penultimate"], {"patches": patches[i : i + 1]}) for i in range(len(patches))]
        return np.concatenate([tags for tags, _ in parts]), np.concatenate([layer for _, layer in parts])

    return run


def by_torch(checkpoint: str, wheel: Path, device: str | None = None) -> Network:
    """Open a checkpoint with torch, by default on a GPU where there is one."""
    import torch

    from recsys.audio.musicnn_model import build

    where = device or default_device()
    model = build(checkpoint, weights.read_weights(wheel, checkpoint)).to(where)

    def run_some(patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        # TF32, which GPUs use for convolutions unless told otherwise, is too coarse to agree with the original.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            tags, penultimate = model(torch.from_numpy(np.ascontiguousarray(patches)).to(where))
        return tags.cpu().numpy(), penultimate.cpu().numpy()

    def run(patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = [run_some(patches[i : i + _BATCH]) for i in range(0, len(patches), _BATCH)]
        return np.concatenate([tags for tags, _ in parts]), np.concatenate([layer for _, layer in parts])

    return run


def _cut(windows: Sequence[FloatArray]) -> tuple[FloatArray, list[int]]:
    """The patches of all windows (P, 187, 96), and where those of each begin."""
    cut = [patches(window) for window in windows]
    starts = np.cumsum([0, *(len(part) for part in cut[:-1])]).tolist()
    return (np.concatenate(cut) if cut else np.zeros((0, N_FRAMES, 96), np.float32)), starts


def _means(rows: FloatArray, starts: Sequence[int]) -> FloatArray:
    """Mean the rows of each window."""
    return np.stack([part.mean(axis=0) for part in np.split(rows, starts[1:])]).astype(np.float32)
