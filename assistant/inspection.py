"""What is in the data folder: sources, people, index, model, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import spaces
from assistant.following_status import following_status
from assistant.indexing import source_report
from assistant.reports import IndexStatus, ModelStatus, StatusReport
from assistant.settings import Settings

if TYPE_CHECKING:
    from recsys.generations import Generation
    from recsys.store import Store


def status(settings: Settings, database_url: str, store: Store) -> StatusReport:
    """Describe a data folder; opens the database and reads manifests, loads no vectors."""
    counts = store.counts()
    index, model = _served(settings)
    return StatusReport(
        home=str(settings.home),
        database=shown_url(database_url),
        encoder=settings.text_encoder,
        sources=tuple(source_report(source) for source in store.sources()),
        n_tracks=counts["tracks"],
        n_listeners=counts["listeners"],
        n_events=counts["events"],
        n_sessions=counts["sessions"],
        n_turns=counts["turns"],
        index=index,
        model=model,
        following=following_status(settings.home),
        spaces=spaces.stored(settings.home),
        sizes_bytes=sizes(settings.home),
    )


def training_figures(generation: Generation) -> tuple[int, float | None]:
    """Steps and final loss of what a generation's model was fitted with last, the loss where its card has one."""
    card = model_card(generation)
    loss = card.get("loss", card.get("final_loss"))
    return int(card.get("only_steps", card["settings"]["steps"])), None if loss is None else float(loss)


def index_kind(settings: Settings, n_tracks: int) -> str:
    """Say which index serves a catalogue of a size: exact or chroma."""
    if settings.index != "auto":
        return settings.index
    return "chroma" if n_tracks > settings.exact_limit else "exact"


def sizes(home: Path) -> dict[str, int]:
    """Bytes on disk by part of the data folder: database, generations, cache, training, embeddings, other."""
    totals: dict[str, int] = {}
    for path in home.rglob("*") if home.is_dir() else ():
        try:
            if path.is_symlink() or not path.is_file():
                continue
            n_bytes = path.stat().st_size
        except OSError:
            continue  # another process has just removed it
        top = path.relative_to(home).parts[0]
        part = "database" if top.startswith("segue.db") else top if top in _PARTS else "other"
        totals[part] = totals.get(part, 0) + n_bytes
    return dict(sorted(totals.items()))


_PARTS = ("generations", "cache", "training", "embeddings")


def shown_url(url: str) -> str:
    """A database address without its password."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _served(settings: Settings) -> tuple[IndexStatus | None, ModelStatus | None]:
    from recsys import generations

    if generations.current_key(settings.home) is None:
        return None, None
    generation = generations.current(settings.home)
    card = model_card(generation)
    n_tracks = int(generation.manifest["n_tracks"])
    _, loss = training_figures(generation)
    index = IndexStatus(
        generation=generation.key,
        kind=index_kind(settings, n_tracks),
        n_tracks=n_tracks,
        built_at=float(generation.manifest["built_at"]),
    )
    model = ModelStatus(
        trained_at=float(card["trained_at"]),
        steps=int(card["settings"]["steps"]),
        loss=loss,
        mixer=str(card["mixer"]),
        dim=int(card["dim"]),
        learned_from=card.get("data"),
        spaces=spaces.spaces_of(card),
        n_own=int(card.get("n_own", 0)),
    )
    return index, model


def model_card(generation: Generation) -> Mapping[str, Any]:
    """Read what is known of a generation's model."""
    from recsys import learned
    from recsys.jam import checkpoint

    if learned.is_learned(generation.folder):
        return learned.read_card(generation.folder)
    return checkpoint.load(generation.folder / "jam").card
