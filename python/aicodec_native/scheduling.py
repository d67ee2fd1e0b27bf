"""Keeps the threads of this process at their usual priority.

SVT-AV1 gives its threads, and the thread that opens it, real-time priority wherever the process may have it: as root,
so in most containers. Everything else on the machine then waits, processes started later inherit it, and a library
that spins while it waits stops the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import get_native_id

_TASKS = "/proc/self/task"


@contextmanager
def usual_priority() -> Iterator[None]:
    """After the block, this thread and those that began in it are scheduled as this one was before. Linux only:
    elsewhere it does nothing."""
    if not os.path.isdir(_TASKS):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    before = set(os.listdir(_TASKS)) - {str(get_native_id())}
    try:
        yield
    finally:
        for task in set(os.listdir(_TASKS)) - before:
            with suppress(OSError):  # it has ended
                os.sched_setscheduler(int(task), policy, parameters)
