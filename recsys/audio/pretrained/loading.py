"""Getting published weights, reading them, and saying what to do where they are not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys.audio.base import AudioCard
from recsys.audio.device import device
from recsys.errors import WeightsError

#: Files that decide what a window becomes: settings and weights.
_DECIDES = ("*.json", "*.safetensors", "*.bin", "*.pt")
_N_LETTERS = 8


class MissingWeightsError(WeightsError):
    """The weights of an audio encoder are not where they should be, or are not what they should be."""

    def __init__(self, card: AudioCard, folder: Path, problem: str) -> None:
        super().__init__(
            f"cannot load the audio encoder {card.name} from {folder}: {problem}; get its weights with `{card.fetch}`, "
            f"or name the encoder {card.name}:FOLDER where FOLDER holds them"
        )
        self.card, self.folder, self.problem = card, folder, problem


def settings_in(card: AudioCard, folder: Path, name: str = "config.json") -> dict[str, Any]:
    """Read a file of settings that belongs to weights.

    Raises:
        MissingWeightsError: there is none, or it is no JSON object.
    """
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingWeightsError(card, folder, f"it has no readable {name} ({first_line(error)})") from error
    if not isinstance(found, dict):
        raise MissingWeightsError(card, folder, f"its {name} is a {type(found).__name__} where settings were expected")
    return found


def load_pretrained(cls: Any, card: AudioCard, folder: Path, config: Any) -> Any:
    """Open a class of transformers with the weights in a folder, and nothing else.

    Raises:
        MissingWeightsError: there are none, they do not fit, or some that take part are absent. (transformers would
            make those up at random and only warn.)
    """
    import pickle

    import torch
    from safetensors import SafetensorError

    try:
        with _quietly():
            model, told = cls.from_pretrained(
                str(folder),
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError, pickle.UnpicklingError) as error:
        raise MissingWeightsError(card, folder, first_line(error)) from error
    # Learned for masked frames, which only training has.
    absent = sorted(set(told["missing_keys"]) - {"masked_spec_embed"})
    if absent:
        raise MissingWeightsError(card, folder, f"its weights lack {absent[0]!r}{_and_others(absent)}")
    return model.eval()


def load_state(module: Any, state: dict[str, Any], card: AudioCard, folder: Path) -> None:
    """Put weights by name into a torch module; what it has no place for is left out.

    Raises:
        MissingWeightsError: some are absent or of another shape.
    """
    try:
        absent = sorted(module.load_state_dict(state, strict=False).missing_keys)
    except RuntimeError as error:
        raise MissingWeightsError(card, folder, " ".join(str(error).split())) from error
    if absent:
        raise MissingWeightsError(card, folder, f"its weights lack {absent[0]!r}{_and_others(absent)}")


def read_state(card: AudioCard, folder: Path, name: str) -> dict[str, Any]:
    """Read weights by name, from a `.safetensors` file or a torch checkpoint; no code in it is run.

    Raises:
        MissingWeightsError: there is no such file, or it is damaged.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / name
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, SafetensorError, pickle.UnpicklingError, EOFError) as error:
        raise MissingWeightsError(card, folder, f"it has no readable {name} ({first_line(error)})") from error
    return dict(found.get("state_dict", found))


def choose_device(asked: str | None) -> str:
    """Return where to compute: what was asked for, else a GPU where there is one.

    Raises:
        WeightsError: a GPU was asked for and there is none.
    """
    there = device()
    if asked is not None and asked.startswith("cuda") and there == "cpu":
        raise WeightsError(f"the device {asked!r} was asked for but there is no GPU; ask for none, or for 'cpu'")
    return asked or there


def weights_digest(folder: Path) -> str:
    """Return eight letters that are the same only for the same settings and weights; all bytes are read."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _DECIDES for path in folder.rglob(pattern) if path.is_file()}):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_N_LETTERS]


def download(card: AudioCard, repository: str, folder: Path, settings: Sequence[str], weights: Sequence[str]) -> None:
    """Download from the Hugging Face hub into a folder: never a file of code.

    Args:
        card: whose.
        repository: as "owner/name".
        folder: is made if need be. What it has already is not downloaded again.
        settings: files that are taken where they are there.
        weights: of which the first that is there is taken; empty for none.

    Raises:
        WeightsError: it cannot be reached, or has no such weights.
    """
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        there = set(api.list_repo_files(repository))
        chosen = next((name for name in weights if name in there), None)
        if weights and chosen is None:
            raise WeightsError(
                f"the repository {repository} has none of {', '.join(weights)}, which {card.name} needs; get its "
                f"weights by other means and name the encoder {card.name}:FOLDER"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*(name for name in settings if name in there), *filter(None, [chosen])]:
            api.hf_hub_download(repository, name, local_dir=folder)
    except WeightsError:
        raise
    except Exception as error:  # the hub's errors have no common root with those of the HTTP library below it
        raise WeightsError(
            f"cannot download {repository} for the audio encoder {card.name} ({first_line(error)}); try again with a "
            f"network, or download it elsewhere and name the encoder {card.name}:FOLDER"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep transformers from drawing bars and from listing weights that are of parts not asked for."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def first_line(error: Exception) -> str:
    """Return what an error says first."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _and_others(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
