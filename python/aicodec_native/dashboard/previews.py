"""What a browser shows of a coded segment: its frames as PNG, all of it as MP4. Made when first asked for, and kept in
a folder of this process's own: the ledger's is only read."""

from __future__ import annotations

import threading
from pathlib import Path

from aicodec_native.decoder import decode
from aicodec_native.errors import InputError
from aicodec_native.reader import Reader
from aicodec_native.stills import png_of


class Previews:
    """Into `folder`. Safe to share between threads, which take turns: decoding uses all cores anyway."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()

    def frame(self, aic: Path, index: int) -> Path:
        """PNG of frame `index` of a file; InputError where it has none of that number."""
        path = self._folder / f"{aic.stem}-{index}.png"
        with self._turn:
            if not path.exists():
                with Reader(aic) as reader:
                    if not 0 <= index < len(reader):
                        raise InputError(f"{aic.name}: has no frame {index}")
                    picture = next(reader._pictures(index, index + 1))
                    path.write_bytes(png_of(picture, reader.info))
        return path

    def video(self, aic: Path) -> Path:
        """H.264 in MP4, which every browser plays: close to the file's own pictures, not equal."""
        path = self._folder / f"{aic.stem}.mp4"
        with self._turn:
            if not path.exists():
                decode(aic, path)
        return path
