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
from aicodec_native.loop.proposals import Allowance
from loop_clips import BROKEN, WAVES, WRONG, context_of, experiments, write_waves
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


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.01)


@pytest.fixture(scope="module")
def served():
    """A service that runs, and a proposer that asks it: to open a client takes longer than most tests."""
    with pytest.MonkeyPatch.context() as environment, Service().running(environment) as service:
        yield service, Claude()


@pytest.fixture
def service(served):
    served[0].begin()
    return served[0]


@pytest.fixture
def run(clip, tmp_path, served, service):
    """run(*script, **options): the result of a whole run, and its ledger's experiments."""

    def made(*script, **options):
        service.begin(*script)
        result = evolve(
            clip, tmp_path / "out.aic", proposer=served[1], preset="fast", compare=False, workers=1, **options
        )
        return result, experiments(result.ledger)

    return made


@pytest.fixture
def ask(clip, served, service):
    """ask(*script, **changes of the context): one round's reply."""

    def asked(*script, **changes):
        service.begin(*script)
        with context_of(clip, **changes) as context:
            return served[1].propose(context)

    return asked


def turns(result):
    with LedgerReader(result.ledger) as reader:
        return reader.of_run("turns", result.run)


# Whole runs.


def test_a_right_program_is_found_kept_and_decoded(run, clip):
    result, found = run(answer("It is a sine along x.", program(WAVES), ("note_hypothesis", {"text": "period 44"})))
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


def test_a_wrong_program_is_refused_and_reported_back(run, service):
    noted = ("note_hypothesis", {"text": "period 44"})
    result, found = run(answer(program(BROKEN)), answer(program(WRONG), noted), max_rounds=2)
    assert [(e["status"], e["error_class"]) for e in found] == [("kept", None), ("failed", "quality_missed")]
    *_, asked, told = service.requests[1]["messages"]
    assert (asked["role"], told["role"]) == ("assistant", "user")
    (outcome,) = told["content"]
    assert outcome["is_error"]
    assert "line 2, column" in outcome["content"]
    assert "blur" in outcome["content"]
    assert outcome["tool_use_id"] == asked["content"][0]["id"]
    assert len(turns(result)) == 3
    # The next round tells of the experiment.
    text = service.requests[2]["messages"][0]["content"][0]["text"]
    assert "quality_missed" in text
    assert WRONG.strip() in text
    assert "period 44" in text


def test_several_proposals_of_one_turn(run):
    calls = [strategy(), strategy(stack="video", svt_preset=6, svt=[{"name": "tune", "value": 1}]), program(WAVES)]
    result, found = run(answer(*calls), max_rounds=1)
    assert [e["stack"] for e in found] == ["encode", "screen", "video", "shader"]
    assert found[2]["strategy"]["svt"] == {"tune": 1}
    assert sum(e["usd"] for e in found[1:]) == pytest.approx(result.usd)


def test_the_key_is_nowhere(run, tmp_path, service):
    run(failure(500, "api_error"), answer(program(WAVES)), max_rounds=1)
    assert {key.removeprefix("Bearer ") for key in service.keys} == {KEY}
    assert KEY not in json.dumps(service.requests)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


def test_a_wrong_key_ends_the_run(run):
    with pytest.raises(aic.EncodeError, match="not now"):
        run(failure(401, "authentication_error"))


def test_without_a_key_nothing_begins(clip, tmp_path, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(aic.OptionError, match="ANTHROPIC_API_KEY"):
        evolve(clip, tmp_path / "out.aic", proposer="claude")
    assert not list(tmp_path.iterdir())


# Single rounds.


def test_what_the_model_sees(ask, service):
    ask()
    (first,) = service.requests
    ask(round=2)
    (second,) = service.requests
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
    assert "ssimulacra2 of at least 80" in blocks[0]["text"]
    assert "$" not in blocks[0]["text"]


def test_repair_ends_at_some_point(ask, service):
    assert not ask(*[answer(program(BROKEN))] * 9).proposals
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (program("def color(x, y, t):\n    return rgb(below(0, 0))\n"), "lowest layer"),
        (program("def color(x, y, t):\n    return rgb(param(0), 0, 0)\n"), "param"),
        (program(WAVES, near=100), "near goes from 0 to 64"),
        (strategy(crf=20.1), "steps of 0.25"),
        (strategy(svt=[{"name": "tune", "value": 9}]), "tune goes from 0 to 2"),
        (("submit_program", {"stack": "shader"}), "wants a program"),
        (("submit_program", {}), "stack"),
        (("delete_everything", {}), "no tool"),
        (("note_hypothesis", {"text": 5}), "wants a text"),
    ],
)
def test_answers_that_no_schema_allows(ask, call, complaint, service):
    assert not ask(answer(call)).proposals
    (outcome,) = service.requests[1]["messages"][-1]["content"]
    assert outcome["is_error"]
    assert complaint in outcome["content"]


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
def test_troubles_that_pass(ask, trouble):
    reply = ask(trouble, trouble, answer(program(WAVES)))
    assert [proposal.program for proposal in reply.proposals] == [WAVES]
    bad, worse, good = reply.turns
    assert bad.error
    assert worse.error
    assert good.error is None
    assert reply.proposals[0].turn == 2


def test_an_answer_that_was_cut_off_is_paid_for(ask):
    cut, whole = ask(answer(program(WAVES), cut=4), answer(program(WAVES))).turns
    assert 0 < cut.usd <= whole.usd


def test_troubles_that_stay_end_the_round(ask, service):
    reply = ask(*[failure(529, "overloaded_error")] * 20)
    assert not reply.proposals
    assert len(reply.turns) == len(service.requests) == module._ATTEMPTS


def test_a_refusal_is_written_down(ask):
    reply = ask(answer("I cannot help.", stop_reason="refusal"))
    (turn,) = reply.turns
    assert (turn.stop_reason, turn.error, reply.proposals) == ("refusal", "the model refused", [])


@pytest.mark.parametrize("code", [400, 403, 404, 413])
def test_what_will_not_pass_is_not_tried_again(ask, code, service):
    with pytest.raises(aic.EncodeError, match="not now"):
        ask(failure(code, "some_error"))
    assert len(service.requests) == 1


# Prices.


def test_a_table_of_ones_own(clip, monkeypatch, tmp_path):
    table = tmp_path / "prices.json"
    table.write_text('{"models": {"other": {"input": 1, "output": 1000, "cache_write": 0, "cache_read": 0}}}')
    with Service(answer(program(WAVES))).running(monkeypatch) as service, context_of(clip) as context:
        reply = Claude(None, str(table)).propose(context)
    assert service.requests[0]["model"] == "other"
    assert reply.turns[0].usd == pytest.approx((100 * 1 + 50 * 1000) / 1e6)


def test_a_model_without_a_price(tmp_path):
    with pytest.raises(aic.OptionError, match="--prices"):
        Claude("unheard-of", rehearsal=True)
    (tmp_path / "prices.json").write_text('{"models": {"m": {"input": -1}}}')
    with pytest.raises(aic.InputError, match="no table of prices"):
        Claude("m", str(tmp_path / "prices.json"), rehearsal=True)


# Budgets.


def endless():
    """A model that always has another wrong program."""
    return [answer(program(WRONG.replace("0.5, 0.5", f"0.5, 0.{n}"))) for n in range(100, 200)]


def test_max_usd_is_never_exceeded(run, service):
    dear = {**USAGE, "output_tokens": 10_000}
    script = [answer(program(WRONG.replace("0.5, 0.5", f"0.5, 0.{n}")), usage=dear) for n in range(10, 60)]
    result, found = run(*script, max_usd=1.0, patience=None)
    assert result.reason == "usd"
    assert 0.5 < result.usd <= 1.0
    assert len(found) == 1 + len(service.requests)
    # The last answers were allowed only what was left.
    assert service.requests[-1]["max_tokens"] < service.requests[0]["max_tokens"]


def test_max_usd_below_one_request_asks_nothing(ask, service):
    reply = ask(*endless(), allowance=Allowance(usd=0.001))
    assert (reply.stop, reply.turns, service.requests) == ("usd", [], [])


def test_max_rounds(run, service):
    result, found = run(*endless(), max_rounds=3)
    assert (result.reason, len(service.requests), found[-1]["round"]) == ("rounds", 3, 3)


def test_patience(run):
    result, found = run(answer(program(WAVES)), *endless(), patience=2)
    assert (result.reason, found[-1]["round"]) == ("patience", 3)


def test_stop_at(run):
    result, found = run(answer(program(WAVES)), *endless(), stop_at=200)
    assert (result.reason, len(found)) == ("target", 2)


def test_a_stream_that_runs_over_the_time_is_stopped(ask):
    reply = ask(answer(program(WAVES), slow=1.0), allowance=Allowance(deadline=time.monotonic() + 3))
    assert (reply.stop, reply.proposals) == ("minutes", [])
    (turn,) = reply.turns
    assert "time was over" in turn.error
    assert turn.usd > 0


def test_waiting_for_a_service_that_is_down_ends_with_the_time(ask, service):
    started = time.monotonic()
    down = failure(529, "overloaded_error", retry_after="50")
    reply = ask(*[down] * 20, allowance=Allowance(deadline=started + 0.5))
    assert time.monotonic() - started < 40  # and not the 50 that the service asked for
    assert (reply.stop, len(service.requests)) == ("minutes", 1)
