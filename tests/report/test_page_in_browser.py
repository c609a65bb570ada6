"""The report's page in a headless Chromium."""

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.browser import CONTRASTS, TOO_WIDE, tab
from tests.runs import Config, Runner
from tests.singer_input import call, record, schema


@pytest.fixture
def page_url(config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path) -> str:
    """Where the page of a run is, with rows of many fates."""
    sandbox.refuse_users(["u-7"])
    path = tmp_path / "report.html"
    config |= {
        "rejected_path": str(tmp_path / "rejected.singer"),
        "report_path": str(path),
    }
    now = datetime.now(timezone.utc)
    starts = [now - timedelta(hours=hours) for hours in range(160)]
    rows = [
        call(f"u-{at}", session_started_at=start.isoformat())
        for at, start in enumerate(starts)
    ]
    rows += [call("bad", call_duration="x"), call("nothing", call_duration=None)]
    done = run(config, [schema(), *map(record, rows)])
    assert done.exit_code == 0, done.printed
    return path.as_uri()


def test_it_is_rendered_and_asks_for_no_other_file(browser: str, page_url: str) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await page.open(page_url)
            text = await page.value("document.body.innerText")
            assert "2 of 162 rows could not be delivered" in text
            for words in ("Why rows were rejected", "call_duration", "DATETIME"):
                assert words in text
            charts = "[...document.querySelectorAll('svg')]"
            bars = f"{charts}.map((chart) => chart.querySelectorAll('rect').length)"
            ages, requests = await page.value(bars)
            assert ages >= 20
            assert requests >= 1
            tall = (
                f"{charts}.every((chart) => chart.getBoundingClientRect().height > 50)"
            )
            assert await page.value(tall)
            assert await page.value("performance.getEntriesByType('resource')") == []

    asyncio.run(scenario())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser: str, page_url: str, scheme: str) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await page.call("Emulation.setEmulatedMedia", features=[feature])
            await page.open(page_url)
            assert await page.value(CONTRASTS) == {}

    asyncio.run(scenario())


def test_nothing_is_cut_off_on_a_phone(browser: str, page_url: str) -> None:
    async def scenario() -> None:
        async with tab(browser) as page:
            await page.call(
                "Emulation.setDeviceMetricsOverride",
                width=360,
                height=740,
                deviceScaleFactor=2,
                mobile=True,
            )
            await page.open(page_url)
            wide = await page.value(TOO_WIDE)
            # Tables scroll in their own frame.
            assert [
                text for text in wide if "<t" not in text and "scroll" not in text
            ] == []

    asyncio.run(scenario())
