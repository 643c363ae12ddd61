"""A data folder of its own for an evaluation, so that none touches the catalogue, taste or sessions of the user."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.indexing import chroma_server
from assistant.settings import Settings
from recsys.encoders.text import open_text_encoder
from recsys.pipeline import open_recommender
from recsys.recommender import Recommender
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.app import Assistant
from recsys.vocabulary import load_vocabulary

#: What may outlive an evaluation: text vectors and the exported encoder, both addressed by their content.
_REUSABLE = "cache"


@contextmanager
def scratch_home(kept: Path | None = None) -> Iterator[Path]:
    """Lend an empty data folder, in a folder of its own, and delete both at the end.

    Args:
        kept: a folder that keeps the encoded texts from one evaluation to the next; nothing else is reused, so a
            figure never depends on an earlier run.
    """
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        if kept is not None:
            (kept / _REUSABLE).mkdir(parents=True, exist_ok=True)
            (home / _REUSABLE).symlink_to((kept / _REUSABLE).absolute(), target_is_directory=True)
        yield home


def scratch_settings(home: Path, **changes: Any) -> Settings:
    """The user's settings, but with the data, the vectors and the database in `home`, and with `changes`."""
    return Settings(home=home, database_url=None, chroma_url=None, **changes)


def open_served(settings: Settings) -> Recommender:
    """Open what an installation serves once more, to measure its slates by; the product's own stays closed to us."""
    encoder = open_text_encoder(settings.text_encoder, settings.home / "cache" / "encoder", settings.threads)
    recommender, _ = open_recommender(
        settings.home,
        load_vocabulary(),
        encoder,
        index=settings.index,
        exact_limit=settings.exact_limit,
        half_life_days=settings.half_life_days,
        ranker=settings.ranker,
        appeal=settings.appeal,
        server=chroma_server(settings),
    )
    return recommender


def product_settings(settings: Settings) -> dict[str, Any]:
    """The settings that can change a figure, for a report."""
    names = ("text_encoder", "index", "exact_limit", "threads", "seed", "training_steps", "how_much_me")
    return {name: getattr(settings, name) for name in names}


def serve(
    assistant: Assistant, catalogue: Path | None, *, with_starter: bool = False, progress: Progress | None = None
) -> None:
    """Index a catalogue, beside the starter or in its place; without one, serve the starter."""
    if catalogue is None:
        assistant.ensure_ready(progress)
    else:
        assistant.index(catalogue, with_starter=with_starter, progress=progress)
