"""How an installation reads messages: by the rules, and with what it learnt from labelled requests beside them."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from assistant.errors import LabelledRequestsError
from assistant.ports import Understanding
from assistant.reports import ReadingReport
from assistant.understanding.labelled import others, read_labelled, read_names
from assistant.understanding.learned import LearnedUnderstanding
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagging import Tagger, TaggerError, WordReader
from recsys.catalogue import Catalogue
from recsys.encoders.text import TextEncoder, WordEncoder
from recsys.types import Progress

_LOG = logging.getLogger(__name__)
#: Of the data folder: where the tagger is.
FOLDER = "understanding"


def open_understanding(home: Path, catalogue: Catalogue, encoder: TextEncoder) -> Understanding:
    """Open the rules, with the tagger of the data folder where it has one that can be used."""
    rules = RulesUnderstanding(catalogue)
    if not isinstance(encoder, WordEncoder):
        return rules
    try:
        tagger = Tagger.load(home / FOLDER, encoder.name)
    except TaggerError as error:
        _LOG.warning("requests are read by the rules alone: %s", error)
        return rules
    return rules if tagger is None else LearnedUnderstanding(rules, tagger, WordReader(encoder))


def learn_to_read(
    home: Path,
    requests: Path,
    encoder: TextEncoder,
    *,
    names: Path | None = None,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> ReadingReport:
    """Fit a tagger to a file of labelled requests, and of others whose names are labelled; keep it in the data folder.

    Raises:
        LabelledRequestsError: a file is missing or malformed, or the text encoder has no states of words.
    """
    import torch

    from assistant.understanding.tagger_training import train_tagger

    started = time.perf_counter()
    labelled = read_labelled(requests)
    if names is not None:
        labelled += others(read_names(names), labelled)
    if not isinstance(encoder, WordEncoder):
        raise LabelledRequestsError(f"the text encoder {encoder.name} has no states of words to learn from")
    torch.set_num_threads(threads)
    tagger = train_tagger(labelled, WordReader(encoder), seed=seed, progress=progress)
    tagger.save(home / FOLDER)
    return ReadingReport(n_requests=len(labelled), facets=tagger.facets, seconds=time.perf_counter() - started)
