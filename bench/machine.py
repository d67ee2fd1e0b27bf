"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("av", "numpy", "ssimulacra2", "pytest-benchmark")


def describe() -> dict[str, Any]:
    import av

    from aicodec_native import __version__, _native

    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "aicodec_native": __version__,
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "isa": _native.isa,
        "compiler": _compiler(Path(_native.__file__)),
        "svt_av1": _bundled("libSvtAv1Enc"),
        "dav1d_abi": _bundled("libdav1d"),
        "packages": {name: _version(name) for name in _PACKAGES},
        "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
    }


def _commit() -> str:
    where = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=where, capture_output=True, text=True
        )
    except OSError:
        return "unknown"
    return commit.stdout.strip() or "unknown"


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _compiler(module: Path) -> str:
    """What the compiler left in the module's comment section, if it was not stripped."""
    data = module.read_bytes()
    for mark in (b"GCC: (", b"clang version "):
        at = data.find(mark)
        if at >= 0:
            return data[at : data.index(b"\0", at)].decode(errors="replace")[:80]
    return "unknown"


def _bundled(library: str) -> str:
    """The version of a library bundled with PyAV, which only the file's name tells."""
    import av

    for folder in (Path(av.__file__).parent.parent / "av.libs", Path(av.__file__).parent / ".dylibs"):
        for path in folder.glob(f"{library}*"):
            if found := re.search(r"\d+\.\d+\.\d+", path.name):
                return found[0]
    return "unknown"
