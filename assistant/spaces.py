"""Spaces that people bring: taken in, listed, dropped, and what is known of the listeners in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.reports import AddedSpaceReport, GainReport, SpaceReport

if TYPE_CHECKING:
    from recsys.catalogue import Catalogue
    from recsys.fitting import Histories
    from recsys.generations import Generation
    from recsys.spaces import SpaceCard
    from recsys.store import Store
    from recsys.types import IntArray

#: Whose held-out examples a figure is of, by its name in a model's card.
_KINDS = {"held_out": "synthetic listeners", "held_out_listeners": "listeners with vectors of their own"}


def add(home: Path, store: Store, name: str, vectors: Path, ids: Path, of: str) -> AddedSpaceReport:
    """Take a space in.

    Raises:
        SpaceError: the name, a file, or what is in it cannot be used; nothing has changed then.
    """
    from recsys.spaces import TRACKS, add_space

    if of == TRACKS:
        known = {track_id for source in store.sources() for track_id in store.track_ids(source.name).values()}
    else:
        known = store.listener_ids()
    added = add_space(home, name, vectors.expanduser(), ids.expanduser(), known, of=of)
    return AddedSpaceReport(
        space=_report(added.card, *_served(home)),
        n_known=added.n_known,
        n_unknown=added.n_unknown,
        n_zero=added.n_zero,
        changed=added.changed,
    )


def stored(home: Path) -> tuple[SpaceReport, ...]:
    """Say which spaces there are, and what the model being served has of them."""
    from recsys.spaces import cards

    found = cards(home)
    served = _served(home) if found else (None, {})
    return tuple(_report(card, *served) for card in found)


def remove(home: Path, name: str) -> SpaceReport:
    """Drop a space; what is served goes on with what it has.

    Raises:
        UnknownSpaceError: there is none of that name.
    """
    from recsys.spaces import remove_space

    return _report(remove_space(home, name), *_served(home))


def histories_of(store: Store, half_life_days: float) -> Histories:
    """Return what tells the tracks that speak for listeners: those whose events add up to something good."""
    from recsys.listeners import track_weights

    def histories(listener_ids: Sequence[str], catalogue: Catalogue) -> Mapping[str, IntArray]:
        known = store.listener_ids()
        found = {}
        for listener_id in listener_ids:
            events = store.events(listener_id) if listener_id in known else []
            # Seen from the last event, so that the same events always tell the same.
            now = max((event.at for event in events), default=0.0)
            weights = track_weights(events, now=now, half_life_days=half_life_days)
            rows = np.sort(catalogue.rows(track_id for track_id, weight in weights.items() if weight > 0))
            if len(rows):
                found[listener_id] = rows
        return found

    return histories


def gains(card: Mapping[str, Any]) -> tuple[GainReport, ...]:
    """Read from a model's card what each space adds to what is found of held-out answers."""
    names = [card["only"]] if card.get("only") else list(card.get("spaces", {}))
    return tuple(
        GainReport(
            space=name,
            held_out=kind,
            n=figures["n"],
            depth=depth,
            without=figures[f"recall@{depth}_without_{name}"],
            recall=figures[f"recall@{depth}_both"],
            low=figures[f"gain@{depth}_{name}"][0],
            high=figures[f"gain@{depth}_{name}"][1],
        )
        for name in names
        for key, kind in _KINDS.items()
        if f"gain@10_{name}" in (figures := card.get(key, {}))
        for depth in (10, 100)
    )


def spaces_of(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Read from a model's card which stored spaces it was fitted with."""
    known = (*card.get("modalities", ()), *card.get("listeners", ()))
    return tuple(name for name in card.get("spaces", {}) if name in known)


def _served(home: Path) -> tuple[Generation | None, Mapping[str, Any]]:
    """The generation being served and the card of its model."""
    from assistant.inspection import model_card
    from recsys import generations

    if generations.current_key(home) is None:
        return None, {}
    generation = generations.current(home)
    return generation, model_card(generation)


def _report(card: SpaceCard, served: Generation | None, model: Mapping[str, Any]) -> SpaceReport:
    from recsys import learned
    from recsys.spaces import TRACKS

    fingerprint = model.get("spaces", {}).get(card.name)
    known = card.name in spaces_of(model)
    of_requests = served is not None and learned.learned_from(served) is not None
    if of_requests and card.of != TRACKS:
        remedy = "a model of real requests takes no vectors of listeners; `segue train` makes one that does"
    elif of_requests:
        remedy = "`segue index` learns the model anew with it"
    elif served is None:
        remedy = "`segue index` uses it"
    else:
        remedy = f"`segue train --only {card.name}` fits it alone, `segue train` everything anew"
    used = known and fingerprint == card.fingerprint
    return SpaceReport(
        name=card.name,
        of=card.of,
        n_rows=card.n_rows,
        width=card.width,
        source=card.source,
        added_at=card.added_at,
        used=used,
        replaced=known and not used,
        remedy="" if used else remedy,
    )
