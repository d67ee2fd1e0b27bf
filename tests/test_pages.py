"""Pages in a real browser: the dashboard, served and exported, and the report of a comparison."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicodec_native.loop.ledger import Ledger
from browser import open_browser, violations, watched_page
from ledgers import BETTER_PROGRAM, HOSTILE, add_experiment, add_segment, begin_run, fill, measures

pytest.importorskip("starlette", reason="the extra 'dashboard' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'dashboard' is not installed")
pytest.importorskip("jinja2", reason="the extra 'dashboard' is not installed")

PAGES = ["index.html", "run-1.html", "experiment-2.html", "experiment-3.html", "experiment-4.html", "writeup-1.html"]


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    fill(folder / "runs.ledger", folder)
    return folder / "runs.ledger"


@pytest.fixture(scope="module")
def address(ledger):
    """Of a dashboard that serves the ledger."""
    command = [sys.executable, "-m", "aicodec_native", "dashboard", "--ledger", str(ledger), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            line = server.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert found, line + server.stderr.read()
            yield found[0]
        finally:
            server.terminate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_leaves_nothing(ledger, tmp_path, number):
    command = [sys.executable, "-m", "aicodec_native", "dashboard", "--ledger", str(ledger), "--port", "0"]
    place = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=place) as server:
        assert "http://" in server.stderr.readline()
        assert list(tmp_path.glob("aicodec-dashboard-*"))
        server.send_signal(number)
        assert server.stderr.read() == ""
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def exported(ledger, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "out"
    command = [sys.executable, "-m", "aicodec_native", "dashboard", "--ledger", str(ledger), "--export", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "8 pages" in done.stdout
    return folder


@pytest.fixture
def page(browser):
    with watched_page(browser) as opened:
        yield opened


def column(page, number):
    return page.locator(f"#experiments tbody tr td:nth-child({number})").all_inner_texts()


def bytes_shown(page):
    return [text for text in column(page, 9) if text != "–"]


def get(address, path, host=None):
    """The status and body of a request whose path is sent as it is."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=15)
    connection.putrequest("GET", path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.getheaders())


# The table.


def test_the_table_sorts_by_its_headings(page, address):
    page.goto(address + "run-1.html")
    heading = page.get_by_role("button", name="bytes", exact=True)
    heading.click()
    down = [int(text.replace(",", "")) for text in bytes_shown(page)]
    assert down == sorted(down, reverse=True)
    assert len(down) == 4
    assert column(page, 9)[-1] == "–"
    heading.click()
    assert [int(text.replace(",", "")) for text in bytes_shown(page)] == down[::-1]
    assert column(page, 9)[-1] == "–"
    assert page.locator("th[data-key=bytes]").get_attribute("aria-sort") == "ascending"


def test_the_table_filters_by_words_and_by_choice(page, address):
    page.goto(address + "run-1.html")
    page.get_by_label("Filter rows by words").fill("waves")
    assert column(page, 1) == ["3"]
    page.get_by_label("Filter rows by words").fill("")
    page.get_by_label("Status", exact=True).select_option("failed")
    assert sorted(column(page, 1)) == ["4", "5"]
    assert page.get_by_text("2 of 5 rows").is_visible()


def test_the_table_is_worked_by_the_keyboard(page, address):
    page.goto(address + "run-1.html")
    page.get_by_role("button", name="round", exact=True).focus()
    page.keyboard.press("Enter")
    assert column(page, 6) == ["3", "2", "2", "1", "0"]
    page.keyboard.press("Space")
    assert column(page, 6) == ["0", "1", "2", "2", "3"]


# Pictures.


def pixel(page, x, y):
    """Of the viewer's canvas, as a share of its sides."""
    script = """([x, y]) => { const c = document.querySelector('#viewer canvas');
        return [...c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data]; }"""
    return page.evaluate(script, [x, y])


def wait_for_pictures(page):
    page.wait_for_function("""() => { const c = document.querySelector('#viewer canvas').getContext('2d');
        return [2, 190].every((x) => c.getImageData(x, 64, 1, 1).data[3] === 255); }""")


def test_the_split_is_dragged(page, address):
    page.goto(address + "experiment-3.html")
    wait_for_pictures(page)
    page.get_by_label("Right").select_option(label="encode, 1")
    handle = page.get_by_role("slider", name="Split between the two pictures")
    handle.scroll_into_view_if_needed()
    stage, grip = page.locator("#viewer .stage").bounding_box(), handle.bounding_box()
    page.wait_for_timeout(200)
    before = [pixel(page, x / 20, 0.5) for x in range(1, 20)]
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(stage["x"] + 0.9 * stage["width"], grip["y"] + 40, steps=4)
    page.mouse.up()
    assert int(handle.get_attribute("aria-valuenow")) == pytest.approx(90, abs=1)
    after = [pixel(page, x / 20, 0.5) for x in range(1, 20)]
    # The source now covers what the other picture did: left of the middle and far right nothing changed.
    assert after[:9] == before[:9]
    assert after[18] == before[18]
    assert after[10:17] != before[10:17]
    handle.focus()
    page.keyboard.press("Home")
    assert handle.get_attribute("aria-valuenow") == "0"
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "2"


def test_zoom_to_single_pixels_and_the_difference(page, address):
    page.goto(address + "experiment-2.html")
    wait_for_pictures(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    assert page.get_by_text("16×", exact=True).is_visible()
    square = [pixel(page, x, 0.5) for x in (0.501, 0.52, 0.54)]  # 16 canvas pixels show one of the source
    assert square[0] == square[1] == square[2]
    for _ in range(4):
        page.get_by_role("button", name="Zoom out").click()
    plain = pixel(page, 0.3, 0.3)
    page.get_by_role("button", name="Difference").click()
    page.get_by_label("Left").select_option(label="experiment 2")
    page.get_by_label("Right").select_option(label="experiment 2")
    assert pixel(page, 0.3, 0.3) == [0, 0, 0, 255] != plain
    page.get_by_label("Left").select_option(label="source")
    page.get_by_label("Gain").select_option(label="× 32")
    assert any(pixel(page, x / 10, y / 10)[:3] != [0, 0, 0] for x in range(10) for y in range(10))


@pytest.mark.parametrize("where", ["served", "exported"])
def test_the_preview_plays(page, address, exported, where):
    page.goto((address if where == "served" else exported.as_uri() + "/") + "experiment-2.html")
    page.evaluate("() => document.querySelector('video').play()")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    assert page.evaluate("() => document.querySelector('video').videoWidth") == 192


def test_a_plot_is_read_with_the_arrow_keys(page, address):
    page.goto(address + "run-1.html")
    page.locator("#bytes [role=img]").focus()
    page.keyboard.press("ArrowRight")
    assert re.match(r"all segments: round 0, bytes [\d.,k ]+", page.locator("#bytes .reading").inner_text())


# A run that goes on.


def test_a_row_of_a_live_run_appears_and_finishes_without_a_reload(page, address, ledger):
    with Ledger(ledger) as writer:
        run = begin_run(writer, source="live.mkv")
        segment = add_segment(writer, run)
        page.goto(address + f"run-{run}.html")
        page.evaluate("() => { window.untouched = true; }")
        experiment = add_experiment(writer, run, segment, 0, None, "encode", "as encode made it", None)
        row = page.locator(f"#experiments tr[data-id='{experiment}']")
        row.wait_for()
        assert "running" in row.inner_text()
        writer.add_result(experiment, measures(4321, 80.5), status="kept")
        page.locator(f"#experiments tr[data-id='{experiment}'] .tag.kept").wait_for()
        assert "4,321" in row.inner_text()
        assert "4,321" in page.locator("#facts").inner_text()
        assert page.evaluate("() => window.untouched")
        writer.add("events", run=run, kind="finished", detail={"reason": "rounds"})


# Trust.


@pytest.mark.parametrize("name", PAGES)
def test_words_of_a_model_stay_words(page, address, name):
    page.goto(address + name)
    page.wait_for_timeout(100)
    assert "stolen" not in page.title()
    if name in ("experiment-2.html", "writeup-1.html"):
        assert HOSTILE in page.locator("main").inner_text()


def stripped(markup):
    """The text of spans; anything else that was no text would show as a difference."""
    return html.unescape(re.sub(r"</?span(?: class=\"\w+\")?>", "", str(markup)))


@given(st.text() | st.text("()=+<>&'\"#\\ \n\tabdefrtunx0123."))
@example(BETTER_PROGRAM)
@example("x = 1  # <b>\r\nif y:\n\tz(2)\x0c\n  'a'")
@example("def f(:\n  <script>")
@example("\x1e0")
def test_highlighting_keeps_every_character_and_lets_no_markup_through(text):
    from aicodec_native.dashboard.programs import difference, highlighted

    assert stripped(highlighted(text)) == text
    for markup in (highlighted(text), difference("", text), difference(text, "a")):
        assert not re.search(r"<(?!/?span\b)", str(markup))
    assert difference(text, text) == ""


def test_nothing_outside_the_ledger_is_served(address, ledger):
    secret = ledger.parent / "secret.txt"
    secret.write_text("secret")
    tries = [
        "/files/../secret.txt",
        "/files/%2e%2e/secret.txt",
        "/files/..%2fsecret.txt",
        "/media/..%2f..%2fsecret.txt",
    ]
    tries += ["/files//etc/passwd", "/static/../__init__.py", "/run-99.html", "/experiment-0.html", "/files/30.aic"]
    tries += ["/media/experiment-1-99.png", "/media/experiment-4.mp4", "/writeup-99.html", "/nothing.html"]
    for path in tries:
        status, body, _ = get(address, path)
        assert status == 404, path
        assert b"secret" not in body.replace(b"secret.txt", b"")
    assert get(address, "/index.html")[0] == 200


def test_a_request_by_a_strangers_name_is_refused(address):
    assert get(address, "/index.html", host="evil.example")[0] == 400
    status, _, headers = get(address, "/run-1.html", host="localhost")
    assert status == 200
    assert "script-src 'self'" in headers["content-security-policy"]


def test_data_for_the_browser_is_json(address):
    status, body, _ = get(address, "/data/run-1.json")
    assert status == 200
    assert [row["id"] for row in json.loads(body)["experiments"]] == [1, 2, 3, 4, 5]


def test_a_ledger_that_is_not_there(tmp_path):
    command = [sys.executable, "-m", "aicodec_native", "dashboard"]
    for arguments, words in [
        (["--ledger", "none"], "none: no such file"),
        ([], "there is no *.ledger here: say with --ledger which to show"),
        (["--ledger", __file__], "is no ledger"),
    ]:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert words in done.stderr


def test_an_export_spares_what_is_there(ledger, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    command = [sys.executable, "-m", "aicodec_native", "dashboard", "--ledger", str(ledger), "--export", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "exists already and is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# The whole of each page.


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_an_exported_page_works_from_the_disk_and_is_accessible(browser, exported, name, scheme):
    with watched_page(browser, color_scheme=scheme) as page:
        page.goto(f"{exported.as_uri()}/{name}")
        page.wait_for_load_state("networkidle")
        for link in page.locator("main a").all():
            target = link.get_attribute("href")
            assert target.startswith("#") or (exported / target).is_file(), target
        assert violations(page) == ""


def test_a_program_is_shown_with_what_changed(page, address):
    page.goto(address + "experiment-3.html")
    assert page.locator("pre.code").inner_text().strip() == BETTER_PROGRAM.strip()
    assert page.locator("pre.code .k").first.inner_text() == "def"
    assert page.locator("pre.diff .del").all_inner_texts()[-1].endswith("return rgb(0.2, 0.4, 0.9)")
    with page.expect_download() as download:
        page.get_by_role("link", name="experiment-3.aic").click()
    assert download.value.path().read_bytes()[:4] == b"\x8aAIC"


# The report of a comparison.


@pytest.fixture(scope="module")
def report(ledger):
    pytest.importorskip("bjontegaard", reason="the extra 'peers' is not installed")
    path = ledger.parent / "report.html"
    command = [sys.executable, "-m", "aicodec_native", "compare", str(ledger.parent / "waves.mkv"), "--peers", "x264"]
    command += ["--quality", "70,80", "-p", "fast", "--metric", "ssimulacra2,psnr", "--html", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    content = json.loads(done.stdout)
    assert [codec["name"] for codec in content["codecs"]] == [".aic fast", "x264 slow"]
    assert [level["asked"] for level in content["levels"]] == [70, 80]
    low, high = content["codecs"][0]["bytes_at"]
    assert high > low > 0
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_of_a_comparison(browser, report, scheme):
    with watched_page(browser, color_scheme=scheme) as page:
        page.goto(report.as_uri())
        wait_for_pictures(page)
        assert page.locator("#plots svg").count() == 2
        assert page.locator("#table tbody tr").count() == 2
        assert page.locator("#layers .track span").count() >= 1
        page.get_by_label("Left").select_option(
            label="x264 slow, " + page.locator("option").filter(has_text="x264").first.inner_text().split(", ")[1]
        )
        page.get_by_role("button", name="x264 slow").first.click()
        assert page.get_by_role("button", name="x264 slow").first.get_attribute("aria-pressed") == "false"
        assert violations(page) == ""
