"""NumPy's linear algebra on one thread, for a while."""

from __future__ import annotations

import numpy as np
import pytest

from aicodec_native import blas


def test_one_thread_in_the_block_and_as_many_as_before_behind_it():
    np.linalg.solve(np.eye(2), np.ones(2))
    libraries = blas._libraries()
    if not libraries:
        pytest.skip("NumPy uses another library than OpenBLAS")
    before = []
    for get_threads, set_threads in libraries:
        before.append(get_threads())
        set_threads(2)
    try:
        with blas.one_thread():
            assert {get_threads() for get_threads, _ in libraries} == {1}
        assert {get_threads() for get_threads, _ in libraries} == {2}
    finally:
        for (_, set_threads), count in zip(libraries, before, strict=True):
            set_threads(count)
