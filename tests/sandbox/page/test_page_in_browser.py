import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from target_contentsquare.sandbox import Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]

SECONDS = 15
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
]

# Every text that is shown: its contrast by WCAG 2, on the nearest opaque background.
CONTRASTS = """
(() => {
  const channels = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (["SCRIPT", "STYLE", "NOSCRIPT", "title"].includes(element.tagName)) continue;
    const pair = [light(getComputedStyle(element).color), light(behind(element))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < 4.5) found[walker.currentNode.data.trim()] = contrast;
  }
  return found;
})()
"""


# What is wider than the window, or than the part that cuts it off.
TOO_WIDE = """
[...document.querySelectorAll("body, body *")]
  .filter((element) => !element.closest(".unseen, input, select"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth
    || (getComputedStyle(element).overflowX !== "visible"
        && element.scrollWidth > element.clientWidth)
    || innerWidth > 360)
  .map((element) => element.outerHTML.slice(0, 80))
"""


class Tab:
    """A page in the browser, over the Chrome DevTools Protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[object] = []

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": parameters}
        )
        while True:
            message = await self._socket.receive_json(timeout=SECONDS)
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(message["params"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def value(self, expression: str) -> Any:
        answer = await self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not await self.value(expression):
            assert time.monotonic() < deadline, expression
            await asyncio.sleep(0.03)

    async def press(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Tab": 9}[key]
        for event in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent",
                type=event,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **(text if event == "keyDown" else {}),
            )

    async def text(self, element: str = "main") -> str:
        return str(await self.value(f"document.getElementById('{element}').innerText"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that a running Chromium is remote-controlled at."""
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no chromium on PATH (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    profile = tmp_path_factory.mktemp("profile")
    quiet = subprocess.DEVNULL
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    # The command is this test's own.
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:  # noqa: S603
        try:
            yield f"http://127.0.0.1:{_debugging_port(profile)}"
        finally:
            process.terminate()


def _debugging_port(profile: Path) -> str:
    file, deadline = profile / "DevToolsActivePort", time.monotonic() + 2 * SECONDS
    while not file.exists() or "\n" not in file.read_text():
        assert time.monotonic() < deadline, "chromium does not start"
        time.sleep(0.03)
    return file.read_text().partition("\n")[0]


@asynccontextmanager
async def tab(browser: str) -> AsyncIterator[Tab]:
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{browser}/json/new?about:blank") as answer:
            target = await answer.json()
        async with session.ws_connect(target["webSocketDebuggerUrl"]) as socket:
            opened = Tab(socket)
            for domain in ("Page", "Runtime", "Log"):
                await opened.call(f"{domain}.enable")
            yield opened
            assert opened.complaints == []
        async with session.get(f"{browser}/json/close/{target['id']}"):
            pass


def test_a_batch_appears_by_itself(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(sandbox.url)
            assert "Nothing has arrived yet" in await page.text("sessions")

            await asyncio.to_thread(send, sandbox, [row("ann-1"), row("bob-2", "x")])
            await page.until("/sessionNumber/.test(refused.innerText)")
            await asyncio.to_thread(send, sandbox, [row("ann-1"), row("bob-2")])
            await page.until("/ann-1/.test(sessions.innerText)")

            assert "RENNES" in await page.text("sessions")
            assert "400" in await page.text("batches")
            assert await page.value("chart.querySelectorAll('rect').length") >= 1
            totals = await page.text("totals")
            assert totals.startswith("Enrichments stored\n2\nRows delivered\n2\n")
            assert "1 refused" in await page.text("announcement")

    asyncio.run(scenario())


def test_the_page_can_be_paused_and_goes_on(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(sandbox.url)
            await page.value("pause.focus()")
            await page.press("Enter")
            assert await page.text("liveness") == "Paused"

            await asyncio.to_thread(send, sandbox, [row("ann-1")])
            await page.value("new Promise((done) => setTimeout(done, 1300))")
            assert "ann-1" not in await page.text("sessions")

            await page.press("Enter")
            await page.until("/ann-1/.test(sessions.innerText)")
            assert await page.text("pause") == "Pause"

    asyncio.run(scenario())


def test_users_can_be_filtered_with_the_keyboard_and_it_stays_live(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await asyncio.to_thread(send, sandbox, [row("ann-1"), row("bob-2")])
            await page.open(sandbox.url)
            await page.value("user.focus()")
            await page.call("Input.insertText", text="bob")
            await page.press("Enter")
            await page.until("location.search === '?user=bob' && 'sessions' in window")

            assert "bob-2" in await page.text("sessions")
            assert "ann-1" not in await page.text("sessions")

            await asyncio.to_thread(send, sandbox, [row("bob-3"), row("ann-4")])
            await page.until("/bob-3/.test(sessions.innerText)")
            assert "ann-4" not in await page.text("sessions")

    asyncio.run(scenario())


def test_focus_and_what_is_typed_survive_what_arrives(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(sandbox.url)
            await page.value("user.focus()")
            await page.call("Input.insertText", text="half a na")
            await asyncio.to_thread(send, sandbox, [row("ann-1")])
            await page.until("/ann-1/.test(sessions.innerText)")

            assert await page.value("document.activeElement.id") == "user"
            assert await page.value("user.value") == "half a na"

    asyncio.run(scenario())


def test_everything_can_be_reached_with_the_keyboard_and_shows_it(
    browser: str, sandbox: Sandbox
) -> None:
    outline = "getComputedStyle(document.activeElement).outlineStyle"

    async def scenario() -> list[str]:
        async with tab(browser) as page:
            await page.open(sandbox.url)
            await page.call("Page.bringToFront")
            reached = []
            for _ in range(17):
                await page.press("Tab")
                assert await page.value(outline) == "solid"
                name = "document.activeElement.innerText.trim().split('\\n')[0]"
                label = "document.activeElement.getAttribute('aria-labelledby')"
                reached.append(await page.value(f"{label} || {name}"))
            return reached

    assert asyncio.run(scenario()) == [
        "Skip to what was received",
        "Pause",
        "",  # The field that a user id is typed in.
        "Filter",
        "Copy",
        "cat > config.json <<'END'",
        "batches-title",
        "The next batch is answered 503",
        "Add",
        "",  # The user to refuse.
        "Refuse",
        "Refuse nobody",
        "",  # The requests a second.
        "Limit",
        "Expire all tokens",
        "Reset everything",
        "/_sandbox/state",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_background(
    browser: str, sandbox: Sandbox, send: Ask, row: Row, scheme: str
) -> None:
    send(sandbox, [row("ann-1")])
    send(sandbox, [row("ann-1", "x")])
    send(sandbox, b"")

    async def scenario() -> object:
        async with tab(browser) as page:
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await page.call("Emulation.setEmulatedMedia", features=[feature])
            await page.open(f"{sandbox.url}/?user=a")
            dark = "getComputedStyle(document.body).backgroundColor"
            assert (await page.value(dark) == "rgb(16, 20, 19)") == (scheme == "dark")
            return await page.value(CONTRASTS)

    assert asyncio.run(scenario()) == {}


def test_it_fits_a_phone_and_no_field_is_cut_off(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("a" * 90, enrichment={"f" * 50: "v" * 50})])
    send(sandbox, [row("a" * 90, enrichment={"f" * 50: "v" * 51})])

    async def scenario() -> None:
        async with tab(browser) as page:
            await page.call(
                "Emulation.setDeviceMetricsOverride",
                width=360,
                height=740,
                deviceScaleFactor=2,
                mobile=True,
            )
            await page.open(sandbox.url)
            assert await page.value(TOO_WIDE) == []
            await page.open(f"{sandbox.url}/batches/2")
            assert await page.value(TOO_WIDE) == []

    asyncio.run(scenario())


def test_without_javascript_everything_is_there_but_the_live_part(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("ann-1")])

    async def scenario() -> None:
        async with tab(browser) as page:
            await page.call("Emulation.setScriptExecutionDisabled", value=True)
            await page.open(f"{sandbox.url}/?user=ann")
            text = await page.text("main")
            assert "ann-1" in text
            assert "RENNES" in text
            assert await page.value("pause.checkVisibility()") is False
            assert "Reload" in await page.value("document.body.innerText")

    asyncio.run(scenario())


def test_the_buttons_work_in_a_browser(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("ann-1")])

    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(sandbox.url)
            await page.value("document.getElementById('refused-user').focus()")
            await page.call("Input.insertText", text="bob")
            await page.press("Enter")
            await page.until("/batches with bob/.test(document.body?.innerText)")
            await asyncio.to_thread(send, sandbox, [row("bob")])
            await page.until("/1 batch was refused/.test(document.body.innerText)")

            await page.value("document.querySelector('#refused a').click()")
            await page.until("/^Batch 2/.test(document.body?.innerText)")
            assert '"userId": "bob"' in await page.text("body")
            copy = "document.querySelector('[data-copy=curl]')"
            await page.value(f"{copy}.click()")
            await page.until(f"/Copied|Selected/.test({copy}.innerText)")

            await page.open(sandbox.url)
            button = "document.querySelector('[action$=reset]').lastElementChild"
            await page.value(f"{button}.click()")
            await page.until("/Nothing has arrived/.test(document.body?.innerText)")

    asyncio.run(scenario())


def test_a_page_of_another_origin_can_not_press_the_buttons(
    browser: str, sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("ann-1")])
    reset = f"{sandbox.url}/_sandbox/buttons/reset"
    form = f"<form method=post action={reset}><button>Win a prize</button></form>"

    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(f"data:text/html,{form}")
            await page.value("document.querySelector('button').click()")
            await page.until("/may not control/.test(document.body?.innerText)")
            # The browser's own note of the 403.
            page.complaints.clear()

    asyncio.run(scenario())
    assert len(sandbox.enrichments) == 1


def test_it_says_when_the_sandbox_is_gone(browser: str) -> None:
    async def scenario() -> None:
        sandbox = Sandbox()
        async with tab(browser) as page:
            with sandbox:
                await page.open(sandbox.url)
            await page.until("liveness.innerText === 'Sandbox not reachable'")
            # The browser's own note that it could not connect.
            page.complaints.clear()

    asyncio.run(scenario())
