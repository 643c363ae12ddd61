"""The retrievers beside the joint space: words, company, what comes next, neighbours, names, a session's own.

Shapes: N tracks of the catalogue, k candidates of the joint space.
"""

from __future__ import annotations

import numpy as np

from recsys.ranking import Ranker
from recsys.retrieval.fusion import retrieve
from recsys.retrieval.top import top
from recsys.turn import Turn
from recsys.types import BoolArray, IntArray


def beside_the_space(found: dict[str, IntArray], turn: Turn, ranker: Ranker, allowed: BoolArray, k: int) -> None:
    """Add to what the joint space `found` what the other retrievers bring of the tracks that are `allowed` (N,)."""
    if (typical := ranker.typical(turn.checked)) is not None:
        found["typical"] = top(np.where(allowed, typical, 0), k // 3)
    found["lexical"] = top(np.where(allowed, turn.lexical, 0), k // 3)
    if turn.lyrics is not None:
        found["lyrics"] = top(np.where(allowed, turn.lyrics, 0), k // 3)
    if turn.query.how_much_me:
        found["company"] = top(np.where(allowed, turn.company, 0), k // 3)
    if turn.extra is not None:
        above = turn.extra - turn.extra.min()
        found["memory"] = top(np.where(allowed, above, 0), k)
    if turn.query.liked_rows:
        moment = top(np.where(allowed, turn.moment, 0), k // 3)
        found["company"] = np.union1d(found.get("company", moment), moment)
    if turn.following is not None:
        found["following"] = top(np.where(allowed, turn.following, 0), k // 3)
    if examples := (*turn.query.like_rows, *turn.query.liked_rows):
        near = ranker.nearness(np.array(examples))
        found["neighbours"] = top(np.where(allowed, near, 0), k // 3)
    titles = np.array(turn.query.title_rows, dtype=np.int64)
    found["title"] = titles[allowed[titles]]
    if kept := [*(row for _, row in turn.query.fixed), *turn.query.must_rows]:
        found["kept"] = np.array(kept, dtype=np.int64)
    if turn.evidence is not None:
        for name, rows in retrieve(turn.evidence, allowed).items():
            found[name] = np.concatenate([rows, np.setdiff1d(found.get(name, rows), rows)])
