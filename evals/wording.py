"""Does the checker of reworded reasons let lies through, and does it stop the truth? On sentences written by hand.

Task. `evals/data/slates.json` states the facts of the tracks of twenty slates. Each sentence of `untrue.jsonl` and
`honest.jsonl` is about one of these tracks and cites ids of its facts; the checker (`assistant.rewording.checker`)
sees the sentence and the cited facts. The metric of the untrue ones is `let through`, of the honest ones `refused`:
shares, both better the lower.

Conventions. Subsets are the kinds of the untrue (`plain` has no capital letter and no digit, `swapped` states what is
true of another track of the slate, `named` invents names and numbers, `other` hides in another language, in number
words or in look-alike letters), and two halves by hash of the sentence: the checker was made while looking at the
`development` half, and of the `validation` half nothing was looked at but its figures. Sentences of
`wording_development.jsonl` are a subset of their own, `made on`, and are not among `all`; nor are those of
`wording_lively.jsonl`, whose halves are `freer, development` and `freer, validation`. The interval is Wilson's, for
shares near 0 have none by resampling: where nothing of n is let through, 95 % of it lie below 3.8 / (n + 3.8).

Reference: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from assistant.rewording.checker import objection
from assistant.rewording.facts import StatedFact
from evals.metrics import Summary
from evals.report import Report

#: File → the metric of its sentences.
METRICS = {"untrue": "let through", "honest": "refused"}
_Z = 1.959964  # of the standard normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence about one track, and the facts that it cites."""

    sentence: str
    cited: tuple[StatedFact, ...]
    kind: str  # empty for honest ones

    @property
    def half(self) -> str:
        """Whether the checker was made while looking at it."""
        odd = int(hashlib.sha256(self.sentence.encode()).hexdigest(), 16) % 2
        return "validation" if odd else "development"


def read_written(name: str) -> list[Written]:
    """Read `untrue` or `honest` sentences with the facts that they cite."""
    return _read(name)


def read_made_on(name: str) -> list[Written]:
    """Read the further `untrue` or `honest` sentences that the checker was made on."""
    return [one for one in _read("wording_development") if (name == "honest") == (not one.kind)]


def read_freer(name: str) -> list[Written]:
    """Read the `untrue` or `honest` sentences that were written last, to choose the lists again on half of them."""
    return [one for one in _read("wording_lively") if (name == "honest") == (not one.kind)]


def _read(name: str) -> list[Written]:
    slates: list[dict[str, Any]] = json.loads(_text("slates.json"))
    facts = {
        (slate["slate"], fact["id"]): StatedFact(**fact)
        for slate in slates
        for track in slate["tracks"]
        for fact in track["facts"]
    }
    rows = [json.loads(line) for line in _text(f"{name}.jsonl").splitlines()]
    return [
        Written(row["sentence"], tuple(facts[row["slate"], cite] for cite in row["cites"]), row.get("kind", ""))
        for row in rows
    ]


def evaluate(report: Report, *, check: Callable[[str, Sequence[StatedFact]], str] = objection) -> list[Written]:
    """Check every sentence, fill the report, and return those of the 500 and the 200 that were judged wrongly.

    Args:
        report: to fill.
        check: says what is wrong with a sentence, an empty text where nothing is.
    """
    wrong: list[Written] = []
    for name, metric in METRICS.items():

        def judge(sentences: list[Written], name: str = name) -> list[tuple[Written, bool]]:
            return [(one, bool(check(one.sentence, one.cited)) == (name == "honest")) for one in sentences]

        told, made_on = judge(read_written(name)), judge(read_made_on(name))
        wrong += [one for one, bad in told if bad]
        subsets = {"all": told, "made on": made_on}
        for one, bad in told:
            for subset in filter(None, (one.kind, one.half)):
                subsets.setdefault(subset, []).append((one, bad))
        for one, bad in judge(read_freer(name)):
            subsets.setdefault(f"freer, {one.half}", []).append((one, bad))
        for subset, members in subsets.items():
            report.add(name, subset, metric, share([bad for _, bad in members]))
    return wrong


def share(bad: Sequence[bool]) -> Summary:
    """Summarise yes and no by the share of yes with Wilson's 95 % interval."""
    n, mean = len(bad), sum(bad) / len(bad)
    middle = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * math.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    spread = math.sqrt(mean * (1 - mean) * n / (n - 1)) if n > 1 else 0.0
    # At the ends the interval ends there too, but for rounding.
    low, high = (0.0 if not any(bad) else middle - reach), (1.0 if all(bad) else middle + reach)
    return Summary(mean, low, high, spread, n)


def _text(name: str) -> str:
    return resources.files("evals").joinpath("data", name).read_text(encoding="utf-8")
