"""The proposer that asks Claude: pictures and experiments in, programs and strategies out, through the Messages API.

The only file that imports the anthropic SDK (extra `claude`). The key comes from the environment alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aicodec_native.errors import AicodecError, EncodeError, OptionError, ProgramError
from aicodec_native.loop.prices import price_of
from aicodec_native.loop.prompting import estimated_tokens, round_blocks, system_blocks
from aicodec_native.loop.proposals import Context, Proposal, Reply, Turn
from aicodec_native.loop.tools import TOOLS, proposal_of

_KEY = "ANTHROPIC_API_KEY"
# Tokens of an answer; with less than the second it is not worth asking.
_MAX_TOKENS, _LEAST_TOKENS = 16000, 1000
# Answers to programs that came back with an error, within a round.
_REPAIRS = 2
# Of requests that fail for reasons that pass: seconds before the next, doubled each time.
_ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
# No answer at all for so long: the connection is dead.
_SILENCE = 120.0
_REASONING_CHARS = 20000


@dataclass(slots=True)
class _Round:
    """What a round has come to so far."""

    messages: list[dict[str, Any]]
    usd_left: float | None
    deadline: float | None
    turns: list[Turn] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    stop: str = ""

    @property
    def seconds_left(self) -> float:
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def reply(self) -> Reply:
        return Reply(self.proposals, self.turns, self.notes, self.stop)


class _PassingError(Exception):
    """A failure that may pass: ask again, after `wait` seconds if the service names them."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Claude:
    """`model` None: the first in the table of prices, which `prices` may replace.

    Raises OptionError where the SDK or the key is missing or the model has no price. propose() raises EncodeError where
    the service refuses to answer at all: a wrong key, an unknown model.
    """

    name = "claude"
    one_at_a_time = True

    def __init__(self, model: str | None = None, prices: str | None = None, *, rehearsal: bool = False) -> None:
        """`rehearsal`: only request() will be used, which asks nobody."""
        name, self._price = price_of(model, prices)
        self.model: str | None = name
        self._key = os.environ.get(_KEY, "")
        self._client: Any = None if rehearsal else self._opened()

    def propose(self, context: Context) -> Reply:
        blocks = round_blocks(context, context.notes)
        allowance = context.allowance
        state = _Round([{"role": "user", "content": blocks}], allowance.usd, allowance.deadline)
        for _ in range(1 + _REPAIRS):
            message = self._ask(state)
            if message is None or not self._take(message, state, context):
                break
        return state.reply()

    def request(self, context: Context) -> tuple[dict[str, Any], float, float]:
        """What a round would ask; about how many tokens that is, and what it costs at most, in USD."""
        asked = self._request([{"role": "user", "content": round_blocks(context, context.notes)}], _MAX_TOKENS)
        tokens = self._tokens(asked["messages"])
        return asked, tokens, self._price.of(cache_write=tokens, output=_MAX_TOKENS)

    # Asking.

    def _ask(self, state: _Round) -> Any:
        """The model's message, or None where time, money or patience ends; each request becomes a turn."""
        wait = _FIRST_WAIT
        for attempt in range(_ATTEMPTS):
            limit = self._affordable(state)
            if limit < _LEAST_TOKENS:
                state.stop = "usd"
                return None
            if state.seconds_left <= 0:
                state.stop = "minutes"
                return None
            try:
                return self._once(state, limit)
            except _PassingError as failure:
                if attempt == _ATTEMPTS - 1:
                    return None
                pause = min(max(wait, failure.wait or 0.0), _LONGEST_WAIT, max(0.0, state.seconds_left))
                time.sleep(pause)
                wait *= 2
        return None

    def _affordable(self, state: _Round) -> int:
        """How many tokens the answer may have, so that the request cannot cost more than there is."""
        if state.usd_left is None:
            return _MAX_TOKENS
        left = state.usd_left - self._price.of(cache_write=self._tokens(state.messages))
        return min(_MAX_TOKENS, int(left / self._price.of(output=1))) if left > 0 else 0

    def _once(self, state: _Round, max_tokens: int) -> Any:
        """One request. Raises _PassingError for what may pass, EncodeError for what will not."""
        started = time.monotonic()
        seen: Any = None
        try:
            timeout = min(_SILENCE, state.seconds_left)
            with self._client.messages.stream(**self._request(state.messages, max_tokens), timeout=timeout) as stream:
                for _ in stream:
                    seen = stream.current_message_snapshot
                    if state.seconds_left <= 0:
                        state.stop = "minutes"
                        self._book(state, seen, started, "stopped: the run's time was over")
                        return None
            if seen is None or seen.stop_reason is None:
                raise _PassingError("the answer was cut off")
        except _PassingError as failure:
            self._book(state, seen, started, str(failure))
            raise
        except Exception as error:
            text = self._safe(error)
            self._book(state, seen, started, text)
            if _passes(error):
                raise _PassingError(text, _named_wait(error)) from None
            if _is_from_service(error):
                raise EncodeError(f"{self.model}: {text}") from None
            raise
        self._book(state, seen, started, "the model refused" if seen.stop_reason == "refusal" else None)
        return seen

    def _request(self, messages: list[dict[str, Any]], max_tokens: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "max_tokens": max_tokens,
            "system": system_blocks(),
            "tools": TOOLS,
            "messages": messages,
        }

    def _tokens(self, messages: list[dict[str, Any]]) -> int:
        return estimated_tokens(system_blocks(), TOOLS, messages)

    def _opened(self) -> Any:
        try:
            import anthropic
        except ImportError:
            raise OptionError("the anthropic package is missing: pip install 'aicodec-native[claude]'") from None
        if not self._key:
            raise OptionError(f"the environment variable {_KEY} holds no key")
        # It tries again by itself, but knows nothing of the budget: that is done here.
        return anthropic.Anthropic(api_key=self._key, max_retries=0)

    def _book(self, state: _Round, message: Any, started: float, error: str | None) -> None:
        """Writes a request down with what it cost; one that was cut off has cost what was seen of it."""
        turn = Turn(model=str(self.model), seconds=time.monotonic() - started, error=error)
        if message is not None:
            usage = message.usage
            text = _text_of(message)
            counts = {
                "input": usage.input_tokens,
                "output": max(usage.output_tokens, estimated_tokens(text) if error else 0),
                "cache_write": usage.cache_creation_input_tokens or 0,
                "cache_read": usage.cache_read_input_tokens or 0,
            }
            turn = Turn(
                model=str(self.model),
                input_tokens=counts["input"],
                output_tokens=counts["output"],
                cache_read_tokens=counts["cache_read"],
                cache_write_tokens=counts["cache_write"],
                usd=self._price.of(**counts),
                seconds=turn.seconds,
                stop_reason=message.stop_reason,
                error=error,
                reasoning=text[:_REASONING_CHARS],
            )
        if state.usd_left is not None:
            state.usd_left -= turn.usd
        state.turns.append(turn)

    def _safe(self, error: Exception) -> str:
        """The error's text, in which no key may stand."""
        text = f"{type(error).__name__}: {error}"
        return text.replace(self._key, "[key]") if self._key else text

    # Answers.

    def _take(self, message: Any, state: _Round, context: Context) -> bool:
        """Takes the calls of an answer; whether some went back for repair."""
        results: list[dict[str, Any]] = []
        wrong = False
        for block in message.content:
            if block.type != "tool_use":
                continue
            error = self._call(block.name, block.input, state, context)
            wrong = wrong or bool(error)
            results.append(
                {
                    "type": "tool_result",
                    "tool_use_id": block.id,
                    "content": error or "accepted",
                    "is_error": bool(error),
                }
            )
        if wrong:
            content = [block.model_dump(exclude_none=True) for block in message.content]
            state.messages += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
        return wrong

    def _call(self, name: str, values: Any, state: _Round, context: Context) -> str:
        """Takes one call; what is wrong with it, or ""."""
        turn = len(state.turns) - 1
        if name == "note_hypothesis":
            if not isinstance(values, dict) or not isinstance(values.get("text"), str):
                return "note_hypothesis wants a text"
            state.notes.append((turn, values["text"]))
            return ""
        if name not in ("submit_program", "submit_strategy"):
            return f"there is no tool {name}"
        try:
            made = proposal_of(name, values, context.header)
        except (OptionError, ProgramError) as error:
            return str(error)
        state.proposals.append(Proposal(made.strategy, made.program, made.hypothesis, made.parent, turn))
        return ""


class DryRun:
    """Asks nobody: shows what `claude` would be asked for the first round of each segment."""

    name = "claude"
    one_at_a_time = True

    def __init__(self, claude: Claude, show: Callable[[dict[str, Any], float, float], None]) -> None:
        self._claude = claude
        self._show = show
        self.model: str | None = claude.model

    def propose(self, context: Context) -> Reply:
        self._show(*self._claude.request(context))
        return Reply()


def _text_of(message: Any) -> str:
    parts = [getattr(block, "thinking", None) or getattr(block, "text", None) or "" for block in message.content]
    return "\n\n".join(part for part in parts if part)


def _is_from_service(error: Exception) -> bool:
    import anthropic

    return isinstance(error, anthropic.APIError)


def _passes(error: Exception) -> bool:
    """Whether asking again may help: limits and faults of the service, broken connections, garbled answers."""
    import anthropic

    if isinstance(error, AicodecError):
        return False
    if isinstance(error, anthropic.APIStatusError):
        # An error in the midst of a stream comes with the status of its beginning.
        return error.status_code in (200, 408, 409, 429) or error.status_code >= 500
    if isinstance(error, (anthropic.APIError, OSError, ValueError, AssertionError)):
        return True
    return type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")


def _named_wait(error: Exception) -> float | None:
    """The seconds that the service asks to wait."""
    response = getattr(error, "response", None)
    try:
        return float(response.headers["retry-after"]) if response is not None else None
    except (KeyError, ValueError):
        return None
