"""Serves a ledger's pages on this machine."""

from __future__ import annotations

import ipaddress
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aicodec_native.dashboard.previews import Previews
from aicodec_native.dashboard.site import Site
from aicodec_native.errors import AicodecError, OutputError
from aicodec_native.loop.ledger_reader import LedgerReader

# Scripts are only ever our own files: text that came into a page could not run even if it were not escaped.
_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_TYPES = {".css": "text/css", ".js": "text/javascript"}


def application(site: Site, hosts: list[str]) -> Starlette:
    """`hosts` are the names that a request may call us by; others, such as a stranger's page that has its name resolve
    to this machine, are refused."""

    def answering(make: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            try:
                return make(request)
            except AicodecError as error:
                return PlainTextResponse(str(error), status_code=404)

        return answer

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        return Response(site.static(name), media_type=_TYPES[Path(name).suffix])

    routes: dict[str, Callable[[Request], Response]] = {
        "/data/runs.json": lambda request: JSONResponse(site.runs()),
        "/data/run-{run:int}.json": lambda request: JSONResponse(site.run(request.path_params["run"])),
        "/static/{name}": static,
        "/files/{name}": lambda request: FileResponse(site.file(request.path_params["name"])),
        "/media/{name}": lambda request: FileResponse(site.media(request.path_params["name"])),
        "/": lambda request: RedirectResponse("index.html"),
        "/{name}": lambda request: HTMLResponse(site.page(request.path_params["name"])),
    }
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts), Middleware(_Headers)]
    return Starlette(routes=[Route(path, answering(make)) for path, make in routes.items()], middleware=middleware)


class _Headers:
    """Adds _HEADERS to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers)


class _Server(uvicorn.Server):
    """Says when it has started, which is after it has begun to listen to signals."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve(ledger: Path, host: str, port: int, started: Callable[[str], Any]) -> None:
    """Until it is interrupted; `started` gets the address. Port 0 takes any that is free. Raises InputError,
    OutputError."""
    with LedgerReader(ledger) as reader, tempfile.TemporaryDirectory(prefix="aicodec-dashboard-") as folder:
        door = _listen(host, port)
        site = Site(reader, Previews(Path(folder)), live=True)
        app = application(site, ["127.0.0.1", "localhost", "::1", "[::1]"] if _is_loopback(host) else ["*"])
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{door.getsockname()[1]}/"
        _Server(config, lambda: started(address)).run(sockets=[door])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise OutputError(f"{host}:{port}: {(error.strerror or str(error)).lower()}; choose another --port") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
