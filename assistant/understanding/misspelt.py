"""Misspelt names that are longer than the words at which a guess ends: "simon & garfunkle", "quiet rriot".

Each half of a name with an "and" may be a name by itself, so these are looked for before single names are; what the
catalogue writes so is left to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.understanding.evidence import Evidence
from assistant.understanding.gazetteer import Artist, Gazetteer
from assistant.understanding.name_bounds import STOPS
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading

#: Words on each side of the "and", and how many an "and"s are looked at in a message: each costs about 1 ms a word.
_MAX_SIDE, _MAX_PAIRS = 3, 2
_MAX_WORDS, _MAX_BEFORE = 7, 2
_BEFORE = words("the a an some any more best play add me us my of about hear put give show want")
#: Share of right letters in a message that is nothing but a misspelt name.
_NEAR_ENOUGH = 0.8


def misspelt_message(
    reading: Reading, gazetteer: Gazetteer, evidence: Evidence
) -> Iterator[tuple[int, int, Artist, float]]:
    """Yield the name that all of a message is but for ordinary words around it: "some quiet rriot songs"."""
    if not reading.tokens:
        return
    first, last = evidence.content(0)
    if not evidence.is_message(first, last) or "rare" not in evidence.kinds(first, last):
        return
    begin, end = reading.clause(0)
    while last < end and len(reading.words[last]) == 1:
        last += 1  # "notorius b.i.g."
    starts = [first]
    while starts[-1] > begin and first - starts[-1] < _MAX_BEFORE and _belongs(reading.words[starts[-1] - 1]):
        starts.append(starts[-1] - 1)
    for start in reversed(starts):
        said = reading.words[start:last]
        if not 1 < len(said) <= _MAX_WORDS:
            continue
        if gazetteer.title(said) is not None or _has_name(reading, gazetteer, evidence, start, last):
            return
        near = gazetteer.artist_like(said)
        # "Anime ost" is no slip for "Animist", but "quiet rriot" is one for "Quiet Riot".
        of_music = any(kind == "vocabulary" for kind in evidence.kinds(start, last))
        if near is not None and of_music and len(near[0].key.split(" ")) != len(said):
            return
        if near is not None and near[1] >= _NEAR_ENOUGH:
            yield start, last, *near
            return


def _has_name(reading: Reading, gazetteer: Gazetteer, evidence: Evidence, start: int, last: int) -> bool:
    """Tell whether an artist spelt right explains all rare words of a stretch: "5 coldplay"."""
    rare = [n for n in range(start, last) if evidence.kind(n) == "rare"]
    furthest = min(last + _MAX_BEFORE, reading.clause(start)[1])  # "ProSound Karaoke Band"
    spans = ((a, b) for a in range(start, rare[0] + 1) for b in range(rare[-1] + 1, furthest + 1))
    return any(gazetteer.artist(reading.words[a:b]) is not None for a, b in spans)


def _belongs(word: str) -> bool:
    """Tell whether an ordinary word may be the first of a name: "new arder", but not "some arder"."""
    return word not in STOPS and word not in _BEFORE


def misspelt_pairs(
    reading: Reading, gazetteer: Gazetteer, evidence: Evidence
) -> Iterator[tuple[int, int, Artist, float]]:
    """Yield names with an "and", where they start and end (exclusive), and how sure each is (0–1)."""
    joints = [n for n in range(1, len(reading) - 1) if reading.words[n] == "and" and not reading.pause(n)]
    for joint in joints[:_MAX_PAIRS]:
        first, last = _side(reading, joint, -1), _side(reading, joint, 1)
        if all(evidence.kind(n) != "rare" for n in range(first, last) if n != joint):
            continue
        found = _longest(reading, gazetteer, range(first, joint), joint, last)
        if found is not None:
            yield found


def _longest(
    reading: Reading, gazetteer: Gazetteer, starts: range, joint: int, last: int
) -> tuple[int, int, Artist, float] | None:
    spans = [(start, end) for start in starts for end in range(last, joint + 1, -1)]
    if any(gazetteer.artist(reading.words[start:end]) is not None for start, end in spans):
        return None
    for start, end in spans:
        near = gazetteer.artist_like(reading.words[start:end])
        if near is not None and " and " in near[0].key:
            return start, end, *near
    return None


def _side(reading: Reading, joint: int, step: int) -> int:
    """Where the words on one side of the "and" begin (step -1) or end (1, exclusive)."""
    position = joint
    while 0 <= position + step < len(reading) and abs(position - joint) < _MAX_SIDE:
        pause = reading.pause(position if step < 0 else position + step)
        # "Earth, Wind & Fire" has a comma; a list of names has one, too, but no "&".
        pause = 0 if pause == 1 and step < 0 and reading.raw(joint, joint + 1) == "&" else pause
        if pause or reading.words[position + step] in STOPS:
            break
        position += step
    return position if step < 0 else position + 1
