"""Is a request understood? Descriptors and names found in labelled requests, by the rules and by what is learnt.

Task. A labelled request states what it says of the music: a facet, the words that say it, and how they are meant
(wanted `+`, unwanted `-`, like this `~`). A system returns the same for the text alone. Systems that learn are fitted
on requests they are not asked: on `--train` where there is `--test`, else on four fifths of `--train` in turn.

Data. MusicRecoIntent (`ID, query, intents`, a Python dict per request; `EN` is a misprint of NE there), and the
requests that were written for Segue (`evals/data`): 300 English ones about what is refused, and 60 in each of five
languages. Of those the frozen third is left out unless it is asked for.

Conventions. Micro-F1 over the set of (facet, lower-case span, polarity) of each request, `f1_facet_value_polarity`,
and over (facet, span), `f1_facet_value`, with `precision` and `recall` of the former. Facets are those of
MusicRecoIntent: voices count as Instrument, languages as country, tempo as Mood; versions and explicitness, which it
has not, stay apart. `unwanted_recall` is the share of unwanted spans that were found as unwanted, whatever their facet,
`unwanted_false` the share of requests in which something is called unwanted that is not. Intervals are percentile
bootstraps over requests. Subsets: `all`; `without names`, all facets but NE; each facet; and of the written requests
`negation` and the languages.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

import numpy as np

from assistant.request import Polarity
from assistant.understanding.labelled import NAMES, Labelled, others, read_lines
from assistant.understanding.learned import LearnedUnderstanding
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagger_training import TaggerSettings, train_tagger
from assistant.understanding.tagging import Phrase, Tagger, WordReader
from assistant.understanding.tokens import read
from evals.metrics import N_RESAMPLES, Summary, summarise
from evals.naming import choose
from evals.report import Report
from recsys.encoders.text import WordEncoder
from recsys.text import fold
from recsys.types import Progress

SYSTEMS = ("segue", "tagger", "rules", "gazetteer")
WRITTEN = ("negation", "es", "fr", "de", "pt", "it")
N_FOLDS = 5
_SAME_FACET = {"Vocals": "Instrument", "Language": "country", "Tempo": "Mood"}
_GAZETTEER_WINDOW = 25  # characters before a phrase in which "no" or "like" speaks of it
_REFUSES = re.compile(r"\b(?:no|not|non|without|isn ?'?t|aren ?'?t|don ?'?t|never|less|avoid|except|hate)\b[^.|]*$")
_LIKENS = re.compile(r"\b(?:like|similar|reminiscent|vibe|style|fans? of|sounds?)\b[^.|]*$")

Said = frozenset[tuple[str, str, Polarity]]
Answer = Callable[[str], Said]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what is said in it."""

    text: str
    said: Said


def choose_systems(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of systems, or "all".

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, SYSTEMS)


def evaluate(
    train: Sequence[Labelled],
    test: Sequence[Labelled] | None,
    systems: Sequence[str],
    seeds: Sequence[int],
    *,
    rules: RulesUnderstanding,
    encoder: WordEncoder,
    report: Report,
    frozen: bool = False,
    named: Sequence[Labelled] = (),
    settings: TaggerSettings | None = None,
    progress: Progress | None = None,
) -> None:
    """Ask every system, fitted on other requests, and fill the report.

    Args:
        train: labelled requests to learn from.
        test: those to ask; without them `train` is asked fold by fold.
        systems: of `SYSTEMS`.
        seeds: of the folds and of training.
        rules: the product's rules.
        encoder: whose states the tagger sees.
        report: to fill.
        frozen: whether the frozen third of the written requests is asked, in place of the rest.
        named: requests whose names alone are labelled, to learn from as well where they stand not in `train` or `test`.
        settings: of the tagger; the product's by default.
        progress: told about training.
    """
    reader = WordReader(encoder)
    more = others(named, (*train, *(test or ())))
    written = {name: [_asked(one) for one in read_written(name, frozen=frozen)] for name in WRITTEN}
    found: dict[str, dict[str, list[tuple[int, Said, Said]]]] = {name: {} for name in systems}
    for seed in seeds:
        for number, (fitted, asked) in enumerate(_splits(train, test, seed)):
            answers = _open(systems, [*fitted, *more], rules, reader, settings or TaggerSettings(), seed, progress)
            for name, answer in answers.items():
                lines = found[name].setdefault("all", [])
                lines += [(place, one.said, answer(one.text)) for place, one in asked]
                for subset, requests in written.items() if number == 0 else ():
                    told = found[name].setdefault(subset, [])
                    told += [(place, one.said, answer(one.text)) for place, one in enumerate(requests)]
    for name, subsets in found.items():
        for subset, told in subsets.items():
            _fill(report, name, subset, told)
        everything = subsets["all"]
        _fill(
            report,
            name,
            "without names",
            [(n, _only(g, NAMES, not_it=True), _only(p, NAMES, not_it=True)) for n, g, p in everything],
        )
        for facet in sorted({facet for _, gold, _ in everything for facet, _, _ in gold}):
            _fill(report, name, facet, [(n, _only(gold, facet), _only(told, facet)) for n, gold, told in everything])


def read_written(name: str, *, frozen: bool = False) -> list[Labelled]:
    """Read the requests that were written for Segue, without the frozen third, or that third."""
    text = resources.files("evals").joinpath("data", f"{name}.jsonl").read_text(encoding="utf-8")
    return [one for one in read_lines(text, f"{name}.jsonl") if is_frozen(one.text) == frozen]


def is_frozen(text: str) -> bool:
    """Tell whether a written request is scored once, at the end, and nothing is chosen on it: a third by hash."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 == 0


def micro_f1(pairs: Sequence[tuple[int, int, int]]) -> Summary:
    """Summarise (found and right, found, right) of every request by micro-F1 with its bootstrap interval."""
    counts = np.array(pairs, np.float64)  # (Q, 3)

    def f1(sums: Any) -> Any:
        return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)

    rng = np.random.default_rng(0)
    resampled = [f1(counts[rng.integers(len(counts), size=len(counts))].sum(axis=0)) for _ in range(N_RESAMPLES)]
    low, high = np.percentile(resampled, (2.5, 97.5))
    # Of a ratio of sums there is no value per request: its deviation is that of the resampled ratio.
    return Summary(float(f1(counts.sum(axis=0))), float(low), float(high), float(np.std(resampled)), len(counts))


def _splits(
    train: Sequence[Labelled], test: Sequence[Labelled] | None, seed: int
) -> Iterable[tuple[list[Labelled], list[tuple[int, Asked]]]]:
    """Requests to fit on, and those to ask with their places."""
    if test is not None:
        yield list(train), [(place, _asked(one)) for place, one in enumerate(test)]
        return
    # A text that stands several times must not be in two folds.
    texts = sorted({fold(one.text) for one in train})
    random.Random(seed).shuffle(texts)
    fold_of = {text: number % N_FOLDS for number, text in enumerate(texts)}
    for number in range(N_FOLDS):
        yield (
            [one for one in train if fold_of[fold(one.text)] != number],
            [(place, _asked(one)) for place, one in enumerate(train) if fold_of[fold(one.text)] == number],
        )


def _open(
    systems: Sequence[str],
    fitted: Sequence[Labelled],
    rules: RulesUnderstanding,
    reader: WordReader,
    settings: TaggerSettings,
    seed: int,
    progress: Progress | None,
) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    tagger: Tagger | None = None
    if {"segue", "tagger"} & set(systems):
        tagger = train_tagger(fitted, reader, settings, seed=seed, progress=progress)
    for name in systems:
        if name == "gazetteer":
            answers[name] = _Gazetteer([one for one in fitted if one.complete])
        elif name == "rules":
            answers[name] = lambda text: _said(rules.phrases(read(text)))
        elif tagger is not None:
            answers[name] = partial(_learnt, LearnedUnderstanding(rules, tagger, reader))
            if name == "tagger":
                answers[name] = partial(_tagged, tagger, reader)
    return answers


def _learnt(understanding: LearnedUnderstanding, text: str) -> Said:
    return _said(understanding.phrases(text))


def _tagged(tagger: Tagger, reader: WordReader, text: str) -> Said:
    return _said(tagger.tag(reader.read(read(text))))


class _Gazetteer:
    """The descriptors of the training requests, longest first, with what stands just before them."""

    def __init__(self, fitted: Sequence[Labelled]) -> None:
        facets: dict[str, Counter[str]] = {}
        for request in fitted:
            for facet, span, _ in request.intents:
                facets.setdefault(span, Counter())[facet] += 1
        self._facet = {span: max(of, key=lambda facet: (of[facet], facet)) for span, of in facets.items()}
        phrases = sorted(self._facet, key=lambda span: (-len(span), span))
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")

    def __call__(self, text: str) -> Said:
        lowered = text.lower()
        found = set()
        for match in self._pattern.finditer(lowered):
            before = lowered[max(match.start() - _GAZETTEER_WINDOW, 0) : match.start()]
            polarity: Polarity = "-" if _REFUSES.search(before) else "~" if _LIKENS.search(before) else "+"
            found.add((self._facet[match[0]], match[0], polarity))
        return frozenset(found)


def _fill(report: Report, system: str, subset: str, told: Sequence[tuple[int, Said, Said]]) -> None:
    """Put the figures of some requests, as (place, gold, found), into the report."""
    meant = [(len(gold & found), len(found), len(gold)) for _, gold, found in told]
    report.add(system, subset, "f1_facet_value_polarity", micro_f1(meant))
    bare = [({one[:2] for one in gold}, {one[:2] for one in found}) for _, gold, found in told]
    report.add(system, subset, "f1_facet_value", micro_f1([(len(g & f), len(f), len(g)) for g, f in bare]))
    for name, column in (("precision", 1), ("recall", 2)):
        right, of = sum(one[0] for one in meant), sum(one[column] for one in meant)
        report.add(
            system, subset, name, Summary(right / max(of, 1), right / max(of, 1), right / max(of, 1), 0.0, len(told))
        )
    unwanted = [(_unwanted(gold), _unwanted(found)) for _, gold, found in told]
    hits = [float(span in found) for gold, found in unwanted for span in gold]
    if hits:
        report.add(system, subset, "unwanted_recall", summarise(hits))
    report.add(system, subset, "unwanted_false", summarise([float(bool(found - gold)) for gold, found in unwanted]))


def _unwanted(said: Said) -> set[str]:
    return {span for _, span, polarity in said if polarity == "-"}


def _only(said: Said, facet: str, *, not_it: bool = False) -> Said:
    return frozenset(one for one in said if (one[0] == facet) != not_it)


def _said(phrases: Iterable[Phrase]) -> Said:
    return frozenset((_SAME_FACET.get(one.facet, one.facet), one.text.lower(), one.polarity) for one in phrases)


def _asked(request: Labelled) -> Asked:
    intents = request.intents
    return Asked(request.text, frozenset((_SAME_FACET.get(facet, facet), span, how) for facet, span, how in intents))
