"""The claude proposer against a server that speaks the Messages API: the real SDK, a scripted model."""

from __future__ import annotations

import base64
import json
import time

import pytest

pytest.importorskip("anthropic")

import aicodec_native as aic
from aicodec_native.loop import claude as module
from aicodec_native.loop.claude import Claude
from aicodec_native.loop.evolve import evolve
from aicodec_native.loop.ledger_reader import LedgerReader
from loop_clips import BROKEN, WAVES, WRONG, experiments, write_waves
from messages_server import KEY, USAGE, Service, answer, failure

COMMON = {"hypothesis": "waves along x", "parent": 1, "near": None, "crf": None}


def program(text, **changes):
    return ("submit_program", {"program": text, "stack": "shader", **COMMON, **changes})


def strategy(**changes):
    knobs = {"stack": "screen", "svt_preset": None, "bit_depth": None, "svt": [], "screen_preset": None}
    return ("submit_strategy", {**knobs, **COMMON, **changes})


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_waves(tmp_path_factory.mktemp("waves"))


@pytest.fixture
def run(clip, tmp_path, monkeypatch):
    """run(service, **options): the result of a run, and its ledger's experiments."""
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.01)

    def made(service, **options):
        options = {"preset": "fast", "compare": False, "workers": 1, **options}
        with service.running(monkeypatch):
            result = evolve(clip, tmp_path / "out.aic", proposer=options.pop("proposer", None) or Claude(), **options)
        return result, experiments(result.ledger)

    return made


def turns(result):
    with LedgerReader(result.ledger) as reader:
        return reader.of_run("turns", result.run)


def test_a_right_program_is_found_kept_and_decoded(run, clip):
    service = Service(answer("It is a sine along x.", program(WAVES), ("note_hypothesis", {"text": "period 44"})))
    result, found = run(service)
    assert [(e["proposer"], e["status"]) for e in found] == [("encode", "kept"), ("claude", "kept")]
    assert found[1]["hypothesis"] == "waves along x"
    assert found[1]["parent"] == found[0]["id"]
    assert result.bytes < result.first_bytes / 3
    assert result.reason == "exhausted"
    assert aic.verify(result.path).ok
    with aic.open(result.path) as reader, aic.open(clip.with_suffix(".aic")) as source:
        assert (reader[:] == source[:]).all()
    first, last = turns(result)
    assert (first["input_tokens"], first["cache_read_tokens"], first["stop_reason"]) == (100, 2000, "tool_use")
    assert first["reasoning"] == "It is a sine along x."
    price = module.price_of(None)[1]
    assert first["usd"] == pytest.approx(price.of(input=100, output=50, cache_read=2000))
    assert result.usd == pytest.approx(first["usd"] + last["usd"])


def test_what_the_model_sees(run):
    service = Service(answer(program(WRONG), ("note_hypothesis", {"text": "period 44"})))
    run(service, max_rounds=2)
    first, second = service.requests
    assert first["stream"] is True
    assert all(tool["strict"] and not tool["input_schema"]["additionalProperties"] for tool in first["tools"])
    assert {tool["name"] for tool in first["tools"]} == {"submit_program", "submit_strategy", "note_hypothesis"}
    system = first["system"]
    assert "def color(x, y, t):" in system[-1]["text"]
    assert system[-1]["cache_control"] == {"type": "ephemeral"}
    assert (first["system"], first["tools"]) == (second["system"], second["tools"])
    blocks = first["messages"][0]["content"]
    pictures = [block for block in blocks if block["type"] == "image"]
    assert len(pictures) == 6
    assert all(base64.b64decode(p["source"]["data"]).startswith(b"\x89PNG") for p in pictures)
    text = second["messages"][0]["content"][0]["text"]
    assert "quality_missed" in text
    assert WRONG.strip() in text
    assert "period 44" in text
    assert "$" not in text


def test_a_wrong_program_is_refused_and_reported_back(run):
    service = Service(answer(program(BROKEN)), answer(program(WAVES)))
    result, found = run(service, max_rounds=1)
    assert [e["status"] for e in found] == ["kept", "kept"]
    *_, asked, told = service.requests[1]["messages"]
    assert (asked["role"], told["role"]) == ("assistant", "user")
    (outcome,) = told["content"]
    assert outcome["is_error"]
    assert "line 2, column" in outcome["content"]
    assert "blur" in outcome["content"]
    assert outcome["tool_use_id"] == asked["content"][0]["id"]
    assert len(turns(result)) == 2


def test_repair_ends_at_some_point(run):
    service = Service(*[answer(program(BROKEN))] * 9)
    result, found = run(service)
    assert len(found) == 1
    assert len(service.requests) == 3
    assert result.reason == "exhausted"


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (program("def color(x, y, t):\n    return rgb(below(0, 0))\n"), "lowest layer"),
        (program("def color(x, y, t):\n    return rgb(param(0), 0, 0)\n"), "param"),
        (program(WAVES, stack="video+screen"), None),
        (program(WAVES, near=100), "near goes from 0 to 64"),
        (strategy(crf=20.1), "steps of 0.25"),
        (strategy(svt=[{"name": "tune", "value": 9}]), "tune goes from 0 to 2"),
        (("submit_program", {"stack": "shader"}), "wants a program"),
        (("submit_program", {}), "stack"),
        (("delete_everything", {}), "no tool"),
        (("note_hypothesis", {"text": 5}), "wants a text"),
    ],
)
def test_answers_that_no_schema_allows(run, call, complaint):
    service = Service(answer(call))
    run(service, max_rounds=1)
    if complaint is None:
        assert len(service.requests) == 1
        return
    (outcome,) = service.requests[1]["messages"][-1]["content"]
    assert outcome["is_error"]
    assert complaint in outcome["content"]


def test_several_proposals_of_one_turn(run):
    calls = [strategy(), strategy(stack="video", svt_preset=6, svt=[{"name": "tune", "value": 1}]), program(WAVES)]
    result, found = run(Service(answer(*calls)), max_rounds=1)
    assert [e["stack"] for e in found] == ["encode", "screen", "video", "shader"]
    assert found[2]["strategy"]["svt"] == {"tune": 1}
    assert sum(e["usd"] for e in found[1:]) == pytest.approx(result.usd)


@pytest.mark.parametrize(
    "trouble",
    [
        failure(429, "rate_limit_error", retry_after="0"),
        failure(529, "overloaded_error"),
        failure(500, "api_error"),
        answer(program(WAVES), cut=4),
        answer(program(WAVES), garble=True),
        lambda handler: handler.connection.close(),
    ],
    ids=["429", "529", "500", "cut", "garbled", "hung up"],
)
def test_troubles_that_pass(run, trouble):
    service = Service(trouble, trouble, answer(program(WAVES)))
    result, found = run(service, max_rounds=1)
    assert found[-1]["status"] == "kept"
    bad, worse, good = turns(result)
    assert bad["error"]
    assert worse["error"]
    assert good["error"] is None


def test_a_stream_that_was_cut_off_is_paid_for(run):
    service = Service(answer(program(WAVES), cut=4), answer(program(WAVES)))
    result, _ = run(service, max_rounds=1)
    cut, whole = turns(result)
    assert 0 < cut["usd"] <= whole["usd"]
    assert result.usd == pytest.approx(cut["usd"] + whole["usd"])


def test_troubles_that_stay_end_the_round(run):
    service = Service(*[failure(529, "overloaded_error")] * 20)
    result, found = run(service)
    assert len(found) == 1
    assert len(service.requests) == module._ATTEMPTS
    assert result.bytes == result.first_bytes


def test_a_refusal_is_written_down(run):
    result, found = run(Service(answer("I cannot help.", stop_reason="refusal")))
    assert len(found) == 1
    (turn,) = turns(result)
    assert (turn["stop_reason"], turn["error"]) == ("refusal", "the model refused")


def test_a_wrong_key_ends_the_run(run):
    with pytest.raises(aic.EncodeError, match="not now"):
        run(Service(failure(401, "authentication_error")))


def test_the_key_is_nowhere(run, tmp_path):
    service = Service(failure(500, "api_error"), answer(program(WAVES)))
    run(service, max_rounds=1)
    assert set(service.keys) == {KEY}
    assert KEY not in json.dumps(service.requests)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


def test_without_a_key_nothing_begins(clip, tmp_path, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(aic.OptionError, match="ANTHROPIC_API_KEY"):
        evolve(clip, tmp_path / "out.aic", proposer="claude")
    assert not list(tmp_path.iterdir())


# Budgets.


def endless():
    """A model that always has another wrong program."""
    return [answer(program(WRONG.replace("0.5, 0.5", f"0.5, 0.{n}"))) for n in range(100, 200)]


def test_max_usd_is_never_exceeded(run):
    price = module.price_of(None)[1]
    turn = price.of(input=100, output=50, cache_read=2000)
    whole = price.of(cache_write=20_000, output=module._LEAST_TOKENS)  # of the estimate, about
    service = Service(*endless())
    result, found = run(service, max_usd=3 * turn + whole, patience=None)
    assert result.reason == "usd"
    assert 1 <= len(service.requests) < 50
    assert result.usd <= 3 * turn + whole
    assert len(found) == 1 + len(service.requests)
    assert all(request["max_tokens"] <= module._MAX_TOKENS for request in service.requests)


def test_max_usd_below_one_request_asks_nothing(run):
    service = Service(*endless())
    result, found = run(service, max_usd=0.001)
    assert (result.reason, len(found), service.requests, result.usd) == ("usd", 1, [], 0)


def test_dear_answers_end_a_run(run):
    dear = {**USAGE, "output_tokens": 15_000}
    service = Service(*[answer(program(WRONG.replace("0.5, 0.5", f"0.5, 0.{n}")), usage=dear) for n in range(10, 30)])
    result, _ = run(service, max_usd=1.0, patience=None)
    assert result.reason == "usd"
    assert result.usd <= 1.0
    assert len(service.requests) == 3 or 1.0 - result.usd < 0.4


def test_max_rounds(run):
    service = Service(*endless())
    result, found = run(service, max_rounds=3)
    assert (result.reason, len(service.requests), found[-1]["round"]) == ("rounds", 3, 3)


def test_patience(run):
    service = Service(answer(program(WAVES)), *endless())
    result, found = run(service, patience=2)
    assert (result.reason, found[-1]["round"]) == ("patience", 3)


def test_stop_at(run):
    service = Service(answer(program(WAVES)), *endless())
    result, found = run(service, stop_at=200)
    assert (result.reason, len(found)) == ("target", 2)


def test_max_minutes_stops_a_stream(run):
    service = Service(answer(program(WAVES), slow=0.4), *endless())
    started = time.monotonic()
    result, found = run(service, max_minutes=1 / 60, patience=None)
    assert time.monotonic() - started < 10
    assert result.reason == "minutes"
    assert len(found) == 1
    (turn,) = turns(result)
    assert "time was over" in turn["error"]
    assert turn["usd"] > 0


def test_max_minutes_stops_waiting_for_a_service_that_is_down(run):
    service = Service(*[failure(529, "overloaded_error", retry_after="50")] * 20)
    started = time.monotonic()
    result, _ = run(service, max_minutes=1 / 60)
    assert time.monotonic() - started < 10
    assert result.reason == "minutes"
