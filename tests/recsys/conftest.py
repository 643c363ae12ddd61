"""What the tests of the science share."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.encoders.minilm import MiniLmEncoder


@pytest.fixture(scope="session")
def minilm_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the exported encoder between test runs, since the export takes seconds."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return cache.mkdir("minilm") if cache is not None else tmp_path_factory.mktemp("minilm")


@pytest.fixture(scope="session")
def minilm(minilm_cache: Path) -> MiniLmEncoder:
    """Return the built-in text encoder with its real weights."""
    return MiniLmEncoder(minilm_cache, threads=1)
