"""What a test needs of programs that are no Python packages."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed; when strict it runs there too, and fails."""
    absent = shutil.which(program) is None and os.environ.get("SEGUE_TEST_STRICT") != "1"
    return pytest.mark.skipif(absent, reason=f"{program} is not installed: `apt-get install {program}`")
