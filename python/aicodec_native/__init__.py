"""aicodec_native: a codec for video that a computer drew."""

from __future__ import annotations
