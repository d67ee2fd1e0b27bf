"""The other codecs: how each is run, and in which quantisers it is steered. One table for every comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aicodec_native.compare.search import Scale
from aicodec_native.errors import OptionError
from aicodec_native.video.settings import SVT_PARAMETERS

# Every peer may keep as long between seek points as `.aic` does.
SEEK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Peer:
    """A codec of FFmpeg's with its options.

    `by_program`: PyAV does not have its encoder, the ffmpeg that imageio-ffmpeg ships does. `control` is the option
    that takes the quantiser.
    """

    name: str
    title: str
    codec: str
    pixel_format: str
    scale: Scale
    options: dict[str, str] = field(default_factory=dict)
    control: str = "crf"
    by_program: bool = False

    def options_at(self, quantiser: float) -> dict[str, str]:
        """FFmpeg's options for a quantiser, pixel format excepted."""
        if self.codec != "libsvtav1":
            return {**self.options, self.control: f"{quantiser:g}"}
        # Quarter steps exist only among SVT-AV1's own parameters.
        own = [self.options["svtav1-params"], f"crf={quantiser:g}"]
        return {**self.options, "svtav1-params": ":".join(filter(None, own))}

    def setting(self, quantiser: float) -> str:
        return f"{self.control.upper()} {quantiser:g}"

    @property
    def settings(self) -> str:
        """All that its files depend on but the quantiser and the version: measured points are known by it."""
        options = " ".join(f"-{key} {value}" for key, value in self.options.items() if value)
        return f"-c:v {self.codec} -pix_fmt {self.pixel_format} {options} (key frames {SEEK_SECONDS} s)"


_X26X = {"finest": 1.0, "coarsest": 51.0, "step": 0.25, "slope": -2.0}
_AV1 = {"finest": 1.0, "coarsest": 63.0, "slope": -0.8}


def x264(preset: str = "slow", chroma: str = "420") -> Peer:
    name = f"x264 {preset}{_suffix(chroma)}"
    return Peer("x264", name, "libx264", f"yuv{chroma}p", Scale(guess=22, **_X26X), {"preset": preset})


def x265(preset: str = "slow", chroma: str = "420") -> Peer:
    options = {"preset": preset, "x265-params": "log-level=none"}
    return Peer(
        "x265", f"x265 {preset}{_suffix(chroma)}", "libx265", f"yuv{chroma}p", Scale(guess=24, **_X26X), options
    )


def svtav1(preset: int = 6, parameters: str = "", tools: str = "") -> Peer:
    """`parameters` are SVT-AV1's own (key=value, with colons), `tools` what they are called in a table."""
    options = {"preset": str(preset), "svtav1-params": parameters}
    title = " ".join(filter(None, ["SVT-AV1", str(preset), tools]))
    return Peer("svtav1", title, "libsvtav1", "yuv420p10", Scale(guess=24, step=0.25, **_AV1), options)


def aom(chroma: str = "420", *, screen: bool = False) -> Peer:
    options = {"cpu-used": "4", "row-mt": "1"} | ({"aom-params": "tune-content=screen"} if screen else {})
    title = "libaom 4" + (" screen" if screen else "") + _suffix(chroma)
    scale = Scale(guess=24, step=1, **_AV1)
    return Peer("aom", title, "libaom-av1", f"yuv{chroma}p10", scale, options, by_program=True)


def vp9(chroma: str = "420") -> Peer:
    options = {"deadline": "good", "cpu-used": "2", "row-mt": "1", "b": "0"}
    return Peer(
        "vp9", f"VP9 2{_suffix(chroma)}", "libvpx-vp9", f"yuv{chroma}p", Scale(guess=24, step=1, **_AV1), options
    )


def vvenc(preset: str = "fast") -> Peer:
    scale = Scale(finest=1, coarsest=63, step=1, guess=26, slope=-2.0)
    return Peer("vvenc", f"VVenC {preset}", "libvvenc", "yuv420p10", scale, {"preset": preset}, "qp", by_program=True)


def _suffix(chroma: str) -> str:
    return " 4:4:4" if chroma == "444" else ""


def _named() -> dict[str, Peer]:
    """By the names of `compare --peers`. SVT-AV1 at the preset that `.aic` uses inside."""
    return {
        "x264": x264(),
        "x264-444": x264(chroma="444"),
        "x265": x265(),
        "x265-444": x265(chroma="444"),
        "svtav1": svtav1(6, "scm=0"),
        "svtav1-screen": svtav1(6, "scm=1", "screen"),
        "svtav1-tuned": svtav1(6, SVT_PARAMETERS, "tuned"),
        "aom": aom(),
        "aom-444": aom("444"),
        "aom-screen": aom(screen=True),
        "aom-screen-444": aom("444", screen=True),
        "vp9": vp9(),
        "vp9-444": vp9("444"),
        "vvenc": vvenc(),
    }


PEERS = _named()


def peers_of(names: Sequence[str]) -> list[Peer]:
    """The peers of these names; OptionError for one that there is not."""
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise OptionError(f"unknown peer {unknown[0]!r}; known are {', '.join(PEERS)}")
    return [PEERS[name] for name in names]
