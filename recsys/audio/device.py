"""Where encoders compute: on a GPU where there is one. The only place that decides it."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@cache
def device() -> str:
    """Return "cuda" or "cpu", as torch names them. Without an NVIDIA driver, torch is not even loaded."""
    if not _driver_finds_one():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _driver_finds_one() -> bool:
    try:
        driver = ctypes.CDLL(_DRIVER)
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
