"""All models of what comes next, by name.

A name may unite several with "+": `successors+session-knn` is the sum of both, each divided by its largest score. What
learns by gradient may have a variant behind ":": `sasrec:concat` fuses content so (`item_features.Fusion`), and
`sasrec:own-counts` adds what a listener plays often.
Options are those of the model's class, and of the `settings_class` of one that learns by gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from recsys.sequential.errors import SequentialModelError
from recsys.sequential.port import SequentialModel
from recsys.sequential.presets import By, options_for
from recsys.sequential.saved import read_card
from recsys.types import FloatArray

#: Where each class is. Those below `e4srec` import torch, so all are imported when they are asked for.
_CLASSES = {
    "popularity": ("popularity", "Popularity"),
    "personal-popularity": ("personal_popularity", "PersonalPopularity"),
    "successors": ("successors", "Successors"),
    "nearby": ("nearby", "Nearby"),
    "item-knn": ("item_knn", "ItemKnn"),
    "session-knn": ("session_knn", "SessionKnn"),
    "ease": ("ease", "Ease"),
    "repeats": ("repeats", "Repeats"),
    "content": ("content", "Content"),
    "mixture": ("mixture", "Mixture"),
    "ensemble": ("ensemble", "Ensemble"),
    "gru4rec": ("gru4rec", "Gru4Rec"),
    "sasrec": ("sasrec", "SasRec"),
    "bert4rec": ("bert4rec", "Bert4Rec"),
    "e4srec": ("e4srec", "E4SRec"),
}
NAMES = tuple(_CLASSES)
_BY_GRADIENT = ("gru4rec", "sasrec", "bert4rec")
FUSED = ("initialise", "add", "concat")
_VARIANTS = (*FUSED, "own-counts")


def known_name(name: str) -> bool:
    """Tell whether there is a model of this name, without "+"."""
    base, colon, variant = name.partition(":")
    return base in NAMES and (not colon or (base in _BY_GRADIENT and variant in _VARIANTS))


def open_model(
    name: str,
    *,
    seed: int | None = None,
    by: By | None = None,
    content: Mapping[str, FloatArray] | None = None,
    **options: Any,
) -> SequentialModel:
    """Make a model that is not fitted.

    Args:
        name: one of `NAMES`, or several with "+" between.
        seed: of a model that draws; the others do without, and None leaves it as its settings have it.
        by: what the data is like, "lines" (many short sessions) or "steps" (long sequences): `mixture`, `sasrec`
            and `ensemble` are made for it. None leaves it to each model.
        content: vectors of the items (I, d) by what they are called, for `content`, `mixture` and `ensemble`.
        options: of the model. `mixture` takes `models`, names or models by what they are called; without it, those of
            `recsys.sequential.presets`.

    Raises:
        SequentialModelError: there is no such model, or it knows no such option.
    """
    if "+" in name:
        parts = name.split("+")
        from recsys.sequential.mixture import Mixture

        made_of = {part: open_model(part, seed=seed, by=by, content=content) for part in parts}
        return cast(SequentialModel, Mixture(made_of, weights=[1.0] * len(parts)))
    if ":" in name:
        if not known_name(name):
            means = f"give one of {', '.join(_VARIANTS)} behind {', '.join(_BY_GRADIENT)}"
            raise SequentialModelError(name, "there is no such variant", means)
        name, _, variant = name.partition(":")
        options |= _variant(name, variant, content)
    made = _class_of(name)
    try:
        drawn = {} if seed is None else {"seed": seed}
        if name == "mixture":
            models = _models(options.pop("models", None))
            return cast(SequentialModel, made(models, by=by, content=content, **drawn, **options))
        if name == "ensemble":
            return cast(SequentialModel, made.of(by, content=content, **drawn, **options))
        if name == "content" and content:
            options["vectors"] = _side_by_side(content)
        if (settings := getattr(made, "settings_class", None)) is not None:
            own = {field.name for field in fields(settings)}
            options = {**options_for(name, by), **options}
            if seed is not None and "seed" in own:
                options["seed"] = seed
            others = {option: value for option, value in options.items() if option not in own}
            chosen = settings(**{option: value for option, value in options.items() if option in own})
            return cast(SequentialModel, made(chosen, **others))
        return cast(SequentialModel, made(**options))
    except TypeError as error:
        raise SequentialModelError(name, f"it cannot be made so ({error})", "leave out that option") from error


def load_model(folder: Path) -> SequentialModel:
    """Read a model of any kind that was saved.

    Raises:
        SequentialModelError: the folder holds none.
    """
    return cast(SequentialModel, _class_of(str(read_card(folder)["model"])).load(folder))


def _variant(name: str, variant: str, content: Mapping[str, FloatArray] | None) -> dict[str, Any]:
    """Return the options of a variant."""
    if variant == "own-counts":
        return {"own_counts": True}
    if not content:
        raise SequentialModelError(f"{name}:{variant}", "it has no vectors to fuse", "give some, as by --vectors")
    from recsys.sequential.item_features import ItemFeatures

    table = _side_by_side(content)
    return {"fusion": variant, "features": ItemFeatures(table, np.any(table != 0, axis=1))}


def _side_by_side(tables: Mapping[str, FloatArray]) -> FloatArray:
    """Join tables of vectors (I, d) to one (I, sum of all d) in which each counts the same."""
    unit = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-9) for one in tables.values()]
    return np.concatenate(unit, axis=1)


def _models(given: Any) -> Mapping[str, SequentialModel] | None:
    """Return the models of a mixture; None leaves them to be chosen by the training data."""
    if given is None or isinstance(given, Mapping):
        return given
    return {str(name): open_model(str(name)) for name in given}


def _class_of(name: str) -> Any:
    if name not in _CLASSES:
        raise SequentialModelError(name, "there is no such model", f"name one of {', '.join(NAMES)}")
    module, called = _CLASSES[name]
    try:
        return getattr(import_module(f"recsys.sequential.{module}"), called)
    except ModuleNotFoundError as error:
        raise SequentialModelError(name, f"{error.name} is not installed", "name another model") from error
