"""The ffmpeg program that the package imageio-ffmpeg ships: encoders that PyAV does not have."""

from __future__ import annotations

import functools
import subprocess

from aicodec_native.errors import OptionError


@functools.cache
def ffmpeg() -> str:
    """Its path; OptionError where there is none for this machine."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise OptionError(
            "libvvenc, libaom and VMAF need the program of imageio-ffmpeg: pip install imageio-ffmpeg"
        ) from None


@functools.cache
def ffmpeg_version() -> str:
    said = subprocess.run([ffmpeg(), "-version"], capture_output=True, text=True, check=True).stdout
    return "FFmpeg " + said.split()[2]
