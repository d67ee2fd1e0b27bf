"""A server on loopback that speaks the Messages API as far as the loop uses it, from a script of one step a request."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-ant-secret-of-the-tests"
USAGE = {"input_tokens": 100, "output_tokens": 50, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2000}


def answer(*blocks, stop_reason="tool_use", usage=USAGE, cut=None, garble=False, slow=0.0):
    """A step that streams a message. Blocks are texts or (tool name, input). `cut`: so many events, then nothing;
    `garble`: with a line that is no JSON; `slow`: seconds between events."""

    def events(most):
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
            "stop_sequence": None, "usage": {**usage, "output_tokens": 1},
        }  # fmt: skip
        yield {"type": "message_start", "message": message}
        for index, block in enumerate(blocks):
            if isinstance(block, str):
                yield start(index, {"type": "text", "text": ""})
                yield delta(index, {"type": "text_delta", "text": block})
            else:
                name, values = block
                text = json.dumps(values)
                yield start(index, {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}})
                for at in range(0, len(text), 50):
                    yield delta(index, {"type": "input_json_delta", "partial_json": text[at : at + 50]})
            yield {"type": "content_block_stop", "index": index}
        yield {
            "type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": min(most, usage["output_tokens"])},
        }  # fmt: skip
        yield {"type": "message_stop"}

    def start(index, block):
        return {"type": "content_block_start", "index": index, "content_block": block}

    def delta(index, change):
        return {"type": "content_block_delta", "index": index, "delta": change}

    def step(handler):
        most = handler.asked["max_tokens"]
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        for number, event in enumerate(events(most)):
            if number == cut:
                return
            data = '{"type": "content_bl' if garble and number == 1 else json.dumps(event)
            handler.wfile.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
            handler.wfile.flush()
            time.sleep(slow)

    return step


def failure(status, kind, **headers):
    """A step that answers with an error."""

    def step(handler):
        body = json.dumps({"type": "error", "error": {"type": kind, "message": "not now"}}).encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return step


class Service:
    """`requests` are the bodies received, `keys` what came with them. After the script's end all answers are empty."""

    def __init__(self, *script):
        self.begin(*script)
        self.url = ""
        self.lock = threading.Lock()

    def begin(self, *script):
        """Anew, with another script."""
        self.script, self.requests, self.keys = list(script), [], []

    def next(self, body, key):
        with self.lock:
            self.requests.append(body)
            self.keys.append(key)
            return self.script.pop(0) if self.script else answer("No more ideas.", stop_reason="end_turn")

    @contextmanager
    def running(self, monkeypatch):
        """With the environment set so that the SDK finds it."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                assert self.path.split("?")[0] == "/v1/messages"
                self.asked = body
                key = self.headers["x-api-key"] or self.headers["authorization"]
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has hung up
                    service.next(body, key)(self)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("ANTHROPIC_BASE_URL", self.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
