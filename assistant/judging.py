"""What is said of predicted appeal and quality: receipt lines, facts of a reason, and the numbers behind a why.

It is called predicted wherever it is said, and said only where it took part in the choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from assistant.chips import chip_of
from assistant.labels import constraint_label, plain
from assistant.phrasebook import Phrasebook
from assistant.reply import ReceiptLine
from recsys.appeal.bayes import Z80
from recsys.appeal.heads import find_head
from recsys.appeal.serving import JUDGED, QUALITY, RECORDING, Predicted
from recsys.recommendation import ConstraintCount, Pick
from recsys.types import Constraint, Facet

#: What is said of a head above the catalogue's middle; popularity and usefulness say nothing of how a track sounds.
_SAYS = {
    "production_quality": "well produced",
    "production_complexity": "rich arrangement",
    "content_enjoyment": "enjoyable",
    "clarity": "clear structure",
    "memorability": "memorable",
    "musicality": "musical",
    "coherence": "coherent",
    "naturalness": "natural singing",
}
_NAMES = {
    QUALITY: "quality",
    "production_quality": "production quality",
    "production_complexity": "complexity",
    "content_enjoyment": "enjoyment",
    "content_usefulness": "usefulness",
    "clarity": "clear structure",
    "memorability": "memorability",
    "musicality": "musicality",
    "coherence": "coherence",
    "naturalness": "natural singing",
    "popularity": "popularity",
}
_MOST_SAID, _MOST_NUMBERS = 2, 5
_RECORDED = "predicted to be well produced"
_CLOSE = "predicted: close to what rates high ({words})"
_LITTLE_KNOWN = "little known, but predicted to be close to what rates high ({words})"
_BY_MODEL = "Said by a published model that heard the file, not by people: {names}."
_WHY = "Predicted from what is known of it, with 80 % intervals and the catalogue’s middle in brackets: {numbers}."


def judged_line(count: ConstraintCount, picks: Sequence[Pick], book: Phrasebook) -> ReceiptLine:
    """The line of a wish that predictions decide, with what they say of the slate."""
    constraint, label = count.constraint, constraint_label(count.constraint, {}, book)
    head = QUALITY if constraint.facet is Facet.APPEAL else RECORDING
    told = [pick.appeal[head] for pick in picks if head in pick.appeal]
    unknown = len(picks) - len(told)
    if not told:
        delivered = book("not predicted for any track")
    else:
        level = book.number(median(one.mean for one in told), 1)
        above = sum(one.mean > one.middle for one in told)
        text = (
            "predicted quality median {level} of 10; {n} of {total} above the catalogue’s middle"
            if head == QUALITY
            else "predicted production quality median {level} of 10; {n} of {total} above the catalogue’s middle"
        )
        delivered = book(text, level=level, n=above, total=len(picks))
        if head == RECORDING:
            delivered = book("{said}, {n} surely as asked", said=delivered, n=count.n_met)
        if unknown:
            delivered = book("{said}, {n} unknown", said=delivered, n=unknown)
    return ReceiptLine(
        constraint=plain(label),
        hard=False,
        asked=book("preferred"),
        delivered=plain(delivered),
        n_met=count.n_met,
        n_total=count.n_total,
        unknown=count.n_unknown,
        relaxed=False,
        chip=chip_of(constraint),
    )


def unjudged_lines(
    active: Sequence[Constraint], counts: Sequence[ConstraintCount], book: Phrasebook
) -> list[ReceiptLine]:
    """Lines that own up to wishes that nothing decides, because predictions are switched off or cannot be made."""
    counted = {count.constraint.facet for count in counts}
    return [
        ReceiptLine(
            constraint=plain(constraint_label(one, {}, book)),
            hard=False,
            asked=book("preferred"),
            delivered=book("not judged: predictions are off"),
            chip=chip_of(one),
        )
        for one in active
        if one.facet in JUDGED and one.facet not in counted
    ]


def judged_cause(pick: Pick, book: Phrasebook, *, little_known: bool) -> str:
    """Say what lies above the catalogue's middle: of quality, where that was asked for, else of the recording."""
    quality = pick.appeal.get(QUALITY)
    if quality is None:
        recording = pick.appeal.get(RECORDING)
        return book(_RECORDED) if recording is not None and recording.mean > recording.middle else ""
    if quality.mean <= quality.middle:
        return ""
    words = [book(_SAYS[name]) for name in _standing_out(pick.appeal)[:_MOST_SAID]]
    return book(_LITTLE_KNOWN if little_known else _CLOSE, words=", ".join(words)) if words else ""


def judged_numbers(pick: Pick, book: Phrasebook) -> str:
    """What is predicted, in numbers; empty where it took no part."""
    names = [name for name in _NAMES if name in pick.appeal][:_MOST_NUMBERS]
    numbers = []
    for name in names:
        one = pick.appeal[name]
        high = 10.0 if name == QUALITY else find_head(name).high
        half = Z80 * one.deviation
        numbers.append(
            book(
                "{name} {mean} ± {half} of {most} ({middle})",
                name=book(_NAMES[name]),
                mean=book.number(one.mean, 1),
                half=book.number(half, 1),
                most=f"{high:g}",
                middle=book.number(one.middle, 1),
            )
        )
    if not numbers:
        return ""
    told = book(_WHY, numbers=book.listing(numbers))
    by_model = [book(_NAMES[name]) for name in names if pick.appeal[name].by_model]
    return f"{told} {book(_BY_MODEL, names=book.listing(by_model))}" if by_model else told


def _standing_out(appeal: Mapping[str, Predicted]) -> list[str]:
    """Heads above the catalogue's middle, by how much of their deviation that is; the furthest first."""
    above = {name: (one.mean - one.middle) / one.deviation for name, one in appeal.items() if name in _SAYS}
    return sorted((name for name, far in above.items() if far > 0), key=lambda name: -above[name])
