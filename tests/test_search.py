"""The offline search: changes to programs, the archive that breeds them, knobs, and that runs repeat."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from random import Random

import pytest

from aicodec_native.errors import OptionError
from aicodec_native.loop import knobs
from aicodec_native.loop.archive import Archive
from aicodec_native.loop.evolve import evolve
from aicodec_native.loop.mutation import cross, mutate, shape, simplifications
from aicodec_native.loop.proposals import Attempt
from aicodec_native.loop.search import Search
from aicodec_native.loop.strategy import SVT_KNOBS, Strategy, strategy_of
from aicodec_native.shader_source import compile_source
from aicodec_native.video import libaom
from loop_clips import WAVES, context_of, experiments, write_waves
from shader_examples import EXAMPLES


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_waves(tmp_path_factory.mktemp("waves"))


def tried(number, strategy, size, score=85.0, error_class="larger", **changes):
    measured = {"bytes": float(size), "score": score}
    return Attempt(
        number, 1, None, "search", "", strategy, None, "failed" if error_class else "kept", error_class,
        measurements=measured, **changes,
    )  # fmt: skip


# Programs.


@pytest.mark.parametrize("name", EXAMPLES)
def test_mutants_compile_and_differ(name):
    text, random = EXAMPLES[name], Random(name)
    mutants = {mutate(text, random) for _ in range(12)} - {None}
    assert len(mutants) >= 6
    for mutant in mutants:
        compile_source(mutant)
        assert ast.dump(ast.parse(mutant)) != ast.dump(ast.parse(text))


def test_crossing_brings_an_expression_of_the_other():
    one = "def color(x, y, t):\n    return rgb(x / width * 1.0, 0.5, y / height)\n"
    other = "def color(x, y, t):\n    k = noise(x, y)\n    return rgb(k, k, k)\n"
    children = {cross(one, other, Random(seed)) for seed in range(10)}
    assert any(child and "noise(x, y)" in child for child in children)
    assert cross(one, "def color(x, y, t):\n    return rgb(0.5, 0.5, 0.5)\n", Random(1)) is None


def test_simplifications_are_shorter():
    text = "def color(x, y, t):\n    return rgb(sin(x) + 0.5, abs(y * 2), 0.1)\n"
    found = list(simplifications(text))
    assert "def color(x, y, t):\n    return rgb(sin(x), abs(y * 2), 0.1)\n" in found
    assert "def color(x, y, t):\n    return rgb(sin(x) + 0.5, y * 2, 0.1)\n" in found
    assert all(len(smaller) < len(text) for smaller in found)


def test_shapes_tell_programs_apart():
    assert shape("def color(x, y, t):\n    return rgb(sin(x), 0, 0)\n") == "rgb sin"
    assert shape(WAVES) == shape(WAVES.replace("7.0", "9.0"))


def test_the_archive_breeds_towards_the_picture(clip):
    with context_of(clip) as context:
        archive = Archive(context)
        archive.add([WAVES.replace("0.25", "0.4")])
        before = archive.members[0].psnr
        archive.breed(200, Random(3))
        best = archive.members[0]
        assert best.psnr > before + 1
        archive.add([WAVES])
        assert archive.members[0].text == WAVES
        assert archive.members[0].psnr == 99


def test_constants_are_fitted(clip):
    with context_of(clip) as context:
        archive = Archive(context)
        archive.add([WAVES.replace("0.25", "0.3").replace("3.0", "3.02")])
        archive.refit(archive.members[0])
        assert archive.members[0].psnr > 45
    with context_of(clip, first_frame=8) as context:
        archive = Archive(context)
        archive.add([WAVES.replace("0.25", "0.4")])
        archive.refit(archive.members[0])
        assert len(archive.members) == 1


def test_the_archive_keeps_no_two_of_the_same_looks(clip):
    with context_of(clip) as context:
        archive = Archive(context)
        archive.add(
            [WAVES, WAVES.replace("x / 7.0", "x * 1 / 7.0"), "nonsense", "def color(x, y, t): return rgb(prev(0, 0))"]
        )
        assert len(archive.members) == 1


def test_a_needless_part_is_taken_away(clip):
    with context_of(clip) as context:
        archive = Archive(context)
        archive.add([WAVES.replace("0.25", "0.25 + 0.0000001 * sin(y)")])
        archive.simplify(archive.members[0])
        assert archive.members[0].bytes < len(
            compile_source(WAVES.replace("0.25", "0.25 + 0.0000001 * sin(y)")).write()
        )


def test_what_a_recogniser_finds_is_proposed(tmp_path):
    gradient = "def color(x, y, t):\n    k = x / width * 0.8 + 0.1\n    return rgb(k, k * 0.5, 1 - k)\n"
    clip = write_waves(tmp_path, program=gradient)
    with context_of(clip) as context:
        programs = [p for p in Search().propose(context).proposals if "recogniser" in p.hypothesis]
    assert programs
    compile_source(programs[0].program)
    result = evolve(clip, tmp_path / "out.aic", preset="fast", max_rounds=1, compare=False)
    kept = [e for e in experiments(result.ledger) if e["status"] == "kept"]
    assert kept[-1]["stack"] == "shader"


# Knobs.


def test_video_knobs_start_from_the_best(clip):
    best = tried(2, {"stack": "video", "svt": {"scm": 1}}, 900, error_class=None)
    with context_of(clip, [best, tried(3, {"stack": "video", "bit_depth": 8}, 950)]) as context:
        proposals = list(knobs.video(context))
    assert {proposal.parent for proposal in proposals} == {2}
    own = [proposal for proposal in proposals if proposal.strategy.get("encoder") != "libaom"]
    assert all(proposal.strategy["svt"]["scm"] in (0, 1) for proposal in own if "scm=" not in proposal.hypothesis)
    for proposal in proposals:
        strategy_of(proposal.strategy)


@pytest.mark.skipif(libaom.version() is None, reason="there is no ffmpeg program with libaom")
def test_video_knobs_start_from_what_encode_coded_by_libaom(clip):
    with context_of(clip, preset="medium") as context:
        first = replace(context.attempts[0], strategy={"stack": "encode", "encoder": "libaom", "chroma": "444"})
        proposals = list(knobs.video(replace(context, attempts=(first,))))
    by_libaom = [p.strategy for p in proposals if p.strategy.get("encoder") == "libaom"]
    assert len(by_libaom) == len(proposals) - 1  # SVT-AV1 is asked, once
    assert {"stack": "video", "encoder": "libaom", "chroma": "444", "screen_tools": True, "cpu_used": 4} in by_libaom
    assert sum(strategy.get("chroma") != "444" for strategy in by_libaom) == 1
    for proposal in proposals:
        strategy_of(proposal.strategy)


def test_without_the_program_libaom_is_not_proposed(clip, monkeypatch):
    monkeypatch.setattr(libaom, "version", lambda: None)
    with context_of(clip, preset="medium") as context:
        proposals = list(knobs.video(context))
        assert context.to_json()["encoders"] == ["svtav1"]
    assert proposals
    assert not any("encoder" in proposal.strategy for proposal in proposals)


def exact_screen(context, size=1000.0):
    """The context, had `encode` made an exact screen layer."""
    measured = {"bytes": size, "bytes.screen": size - 9, "bytes.container": 9.0, "score": 100.0}
    first = replace(context.attempts[0], measurements=measured)
    return replace(context, attempts=(first, *context.attempts[1:]))


def test_exact_screens_are_refined_before_video_is_tried(clip):
    with context_of(clip, preset="medium") as context:
        context = exact_screen(context)
        assert Search().propose(context).proposals[0].strategy == {"stack": "screen", "screen_preset": "slow"}
        assert [p.strategy["stack"] for p in knobs.video(context)] == ["video"]
        assert {"stack": "screen"} not in [p.strategy for p in knobs.screen(context)]


@pytest.mark.parametrize(("size", "more"), [(1400, True), (1600, False)])
def test_video_far_from_the_best_gets_no_more_tries(clip, size, more):
    with context_of(clip, [tried(2, {"stack": "video"}, size)]) as context:
        assert bool(list(knobs.video(exact_screen(context)))) == more


def test_a_lossless_goal_asks_for_no_lossy_layer(clip):
    with context_of(clip, metric="max_error", target=0.0, bar=0.0) as context:
        found = [*knobs.video(context), *knobs.screen(context), *knobs.hybrid(context)]
        assert found
        assert all(strategy_of(p.strategy).layers[-1] == "screen" and not p.strategy.get("near") for p in found)


def test_the_bound_of_a_screen_layer_is_searched(clip):
    screens = [tried(2, {"stack": "screen"}, 1500, 100.0)]
    reached = 29  # wider ones miss the quality
    for number in range(3, 20):
        with context_of(clip, screens) as context:
            wanted = [p.strategy["edge"] for p in knobs.screen(context) if set(p.strategy) == {"stack", "edge"}]
        if not wanted:
            break
        (edge,) = wanted
        score = 80 + 6 * math.log2((reached + 0.5) / edge)
        missed = "quality_missed" if score < 80 else "larger"
        screens.append(tried(number, {"stack": "screen", "edge": edge}, 1500 - 10 * edge, score, missed))
    asked = [screen.strategy["edge"] for screen in screens[1:]]
    assert asked[0] == 36
    assert len(asked) <= 4
    assert {reached, reached + 1} <= set(asked)


def test_strategies_go_through_json():
    for strategy in (
        Strategy("video", crf=20.25, svt_preset=4, bit_depth=8, svt={"tune": 1}),
        Strategy("video+shader", crf=40.0, encoder="libaom", cpu_used=3, chroma="444", screen_tools=True),
        Strategy("shader+screen", near=2, screen_preset="slow", track=((1.0, 2.0), (3.0, 4.0))),
        Strategy("screen+shader", stills=(0, 0, 1)),
    ):
        assert strategy_of(strategy.to_json()) == strategy
    assert Strategy("screen").to_json() == {"stack": "screen"}


@pytest.mark.parametrize(
    "values",
    [
        None, {}, {"stack": "below"}, {"stack": "screen+video"}, {"stack": "video", "crf": 0},
        {"stack": "video", "crf": "x"}, {"stack": "video", "svt": 5}, {"stack": "video", "svt": {"preset": 1}},
        {"stack": "video", "bit_depth": 12}, {"stack": "video", "svt": {"tune": 1.5}}, {"stack": "screen", "near": -1},
        {"stack": "screen", "screen_preset": "x"}, {"stack": "screen", "stills": [1]},
        {"stack": "screen", "near": 1, "edge": 1}, {"stack": "screen+shader"},
        {"stack": "video", "encoder": "x265"}, {"stack": "video", "encoder": ["libaom"]},
        {"stack": "video", "chroma": "444"},
        {"stack": "video", "cpu_used": 4}, {"stack": "video", "encoder": "libaom", "cpu_used": 9},
        {"stack": "video", "encoder": "libaom", "chroma": "422"}, {"stack": "video", "encoder": "libaom", "crf": 30.5},
        {"stack": "video", "encoder": "libaom", "svt_preset": 4}, {"stack": "screen", "encoder": "libaom"},
        {"stack": "video", "encoder": "libaom", "screen_tools": 1},
        {"stack": "shader", "track": [[float("nan")]]}, {"stack": "shader", "track": 5}, {"stack": "video", "speed": 1},
    ],
)  # fmt: skip
def test_strategies_that_are_none(values):
    with pytest.raises(OptionError):
        strategy_of(values)


# Runs.


def test_a_run_makes_the_file_smaller_and_repeats(clip, tmp_path):
    runs = []
    for name in ("a", "b"):
        result = evolve(clip, tmp_path / f"{name}.aic", preset="fast", seed=1, max_rounds=2, compare=False)
        runs.append([(e["strategy"], e["program"], e["bytes"]) for e in experiments(result.ledger)])
        assert result.bytes < result.first_bytes
        assert result.reason == "rounds"
    assert runs[0] == runs[1]
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()


def test_the_seed_decides(clip):
    def proposed(seed):
        with context_of(clip, seed=seed) as context:
            search = Search()
            replies = [search.propose(replace(context, round=number)).proposals for number in (2, 3, 4)]
            return [(p.strategy, p.program) for proposals in replies for p in proposals]

    assert proposed(1) != proposed(2)


def test_a_program_from_outside_is_taken_up(clip):
    nearly = Attempt(
        2, 1, 1, "replay", "", {"stack": "shader"}, WAVES.replace("0.25", "0.3"), "failed", "quality_missed",
        measurements={"bytes": 40.0, "score": 60.0},
    )  # fmt: skip
    with context_of(clip, [nearly]) as context:
        programs = [p for p in Search().propose(context).proposals if p.program]
    assert programs
    assert programs[0].program != nearly.program


@pytest.mark.parametrize("name", SVT_KNOBS)
def test_svt_av1_knows_every_knob(clip, name):
    """An unknown parameter would fail every time."""
    from fractions import Fraction

    from aicodec_native.video.encoder import encode_pictures
    from aicodec_native.video.settings import SVT_PARAMETERS, VideoSettings

    with context_of(clip) as context:
        for value in {*SVT_KNOBS[name]}:
            chosen = dict(part.split("=") for part in SVT_PARAMETERS.split(":")) | {name: str(value)}
            parameters = ":".join(f"{key}={number}" for key, number in chosen.items())
            settings = VideoSettings(40.0, 10, 10, 1, parameters)
            coded = encode_pictures(context.frames, context.header.colour, Fraction(8), settings)
            assert len(coded.packets) == len(context.frames)
