"""A real browser for tests of pages: Debian's Chromium through Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Where CI installs a browser, its absence is a failure.
_REQUIRED = os.environ.get("AICODEC_BROWSER") == "required"


@contextmanager
def open_browser() -> Iterator:
    """A headless browser; the test is skipped, or with AICODEC_BROWSER=required fails, where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("the package playwright is not installed")
    if program is None:
        _missing("there is no chromium to show pages in")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def _missing(what: str) -> None:
    if _REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def watched_page(browser, **options) -> Iterator:
    """A page of its own; whatever it complains of in its console, or asks of another host, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints, hosts = [], set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2] if "://" in request.url else ""))
    yield page
    context.close()
    # A video that is closed while it loads has its request cancelled.
    complaints = [text for text in complaints if "net::ERR_ABORTED" not in text]
    assert not complaints, complaints
    assert {host.split(":")[0] for host in hosts} <= {"", "127.0.0.1"}


def violations(page) -> str:
    """What axe-core finds wrong with the page as it stands: a report, empty where all is well."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    results = axe.Axe().run(page, options={"preload": False})  # it would load style sheets, which file:// forbids
    return results.generate_report() if results.violations_count else ""
