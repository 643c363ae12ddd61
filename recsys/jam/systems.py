"""All systems by name: the paper's models and baselines, and the counting ones that the paper lacks.

    random, pop            chance and popularity
    two-tower              listener alone, by two towers
    talkrec                request alone, by contrast; talkrec-published with the loss of the reference code
    avg, cross             AvgMixing and CrossMixing
    moe1, moe2             MoEMixing with one or two modalities kept per query–track pair, moe2-query per query
    memory, ease, counting what answered like requests, what goes with the listener's own, five counts

A trained one takes its default size and learning rate, or the best of the paper's grid on the queries to choose by.
A class of your own goes by package.module:Class; it is made without arguments and implements `JamSystem`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from recsys.jam.errors import UnknownSystemError
from recsys.jam.task import JamSystem


def _counted(name: str) -> Callable[[bool], JamSystem]:
    def make(grid: bool) -> JamSystem:
        from recsys.jam import counting

        return cast(JamSystem, getattr(counting, name)())

    return make


def _trained(kind: str, name: str, *arguments: Any, **options: Any) -> Callable[[bool], JamSystem]:
    def make(grid: bool) -> JamSystem:
        from recsys.jam import trained  # torch comes with it

        return trained.TrainedSystem(getattr(trained, kind)(name, *arguments, **options), grid=grid)

    return make


#: Makes each system, untrained, with the paper's protocol; told whether to search its grid, where there is one.
SYSTEMS: Mapping[str, Callable[[bool], JamSystem]] = MappingProxyType(
    {
        "random": _counted("RandomScores"),
        "pop": _counted("Popularity"),
        "two-tower": _trained("two_tower", "two-tower"),
        "talkrec": _trained("talkrec", "talkrec", "corrected"),
        "talkrec-published": _trained("talkrec", "talkrec-published", "published"),
        "avg": _trained("mixing", "avg", "avg"),
        "cross": _trained("mixing", "cross", "cross"),
        "moe1": _trained("mixing", "moe1", "moe", n_kept=1),
        "moe2": _trained("mixing", "moe2", "moe", n_kept=2),
        "moe2-query": _trained("mixing", "moe2-query", "moe", n_kept=2, kept_per="query"),
        "memory": _counted("PlaylistMemory"),
        "ease": _counted("Ease"),
        "counting": _counted("Counting"),
    }
)


def open_system(name: str, *, grid: bool = False) -> JamSystem:
    """Make a system by its name in `SYSTEMS`, or one of your own by package.module:Class.

    Args:
        name: of the system.
        grid: whether a trained one searches the paper's grid of sizes and learning rates; the others have none.

    Raises:
        UnknownSystemError: there is no such name, module or class, or the class is no system or needs arguments.
    """
    if name in SYSTEMS:
        return SYSTEMS[name](grid)
    module_name, colon, class_name = name.partition(":")
    if not colon or not module_name or not class_name:
        raise UnknownSystemError(name, "it is neither a known name nor package.module:Class", SYSTEMS)
    try:
        made = getattr(importlib.import_module(module_name), class_name)()
    except ImportError as error:
        raise UnknownSystemError(name, f"the module cannot be imported ({error})", SYSTEMS) from error
    except AttributeError as error:
        raise UnknownSystemError(name, f"the module has no such class ({error})", SYSTEMS) from error
    except TypeError as error:
        raise UnknownSystemError(name, f"it cannot be made without arguments ({error})", SYSTEMS) from error
    for method in ("fit", "score"):
        if not callable(getattr(made, method, None)):
            raise UnknownSystemError(name, f"it has no method {method}", SYSTEMS)
    return cast(JamSystem, made)
