"""A headless Chromium that a test drives."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

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


@contextmanager
def running_chromium(profile: Path) -> Iterator[str]:
    """The address that a Chromium is remote-controlled at; its profile is a folder."""
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no chromium on PATH (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
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
