"""Keep freed memory: a step frees and asks again for the same hundreds of megabytes."""

from __future__ import annotations

import contextlib
import ctypes
import platform
from functools import cache

# of mallopt(3), glibc
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


@cache
def keep() -> None:
    """Let glibc hold on to freed memory for the rest of the process, where it is glibc.

    By default every block above some size is given back to the system when it is freed, and each
    of its pages costs a fault when the next step touches it: a tenth of a convolutional step.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)  # never
        mallopt(_TOP_PAD, 1 << 26)
