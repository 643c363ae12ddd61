"""Make a virtual environment that holds a wheel and what the wheel says that it needs, and nothing else.

The packages are linked from an environment that has been tested, found by the wheel's own metadata: installing them
anew would unpack the same gigabytes a second time.

    python .ci/clean_environment.py TESTED WHEEL TARGET

TESTED and TARGET are environments of `venv`, TARGET a new one; the wheel itself is left to pip.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import zipfile
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def main(tested: Path, wheel: Path, target: Path) -> None:
    """Link everything that the wheel needs."""
    source, place = _packages(tested), _packages(target)
    there = {canonicalize_name(one.metadata["Name"]): one for one in distributions(path=[str(source)])}
    for name in sorted(_needed(wheel, there)):
        for file in there[name].files or ():
            found = Path(str(file.locate()))
            if found.is_relative_to(source) and found.is_file():  # what lies elsewhere is its commands
                _link(found, place / found.relative_to(source))


def _packages(environment: Path) -> Path:
    base = str(environment.resolve())
    return Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base}))


def _needed(wheel: Path, there: dict[str, Distribution]) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    todo = [(line, "") for line in metadata.get_all("Requires-Dist", [])]
    needed: set[tuple[str, str]] = set()
    while todo:
        line, extra = todo.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in there:
            sys.exit(f"the wheel needs {line}, which the tested environment does not have")
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in needed:
                needed.add((name, wanted))
                todo += [(further, wanted) for further in there[name].requires or ()]
    return {name for name, _ in needed}


def _link(found: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(found, place)
    except OSError:  # another file system, or one without links
        shutil.copy2(found, place)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
