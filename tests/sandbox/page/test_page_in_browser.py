import asyncio
from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Sandbox
from tests.browser import CONTRASTS, TOO_WIDE, tab

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]


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
                assert await page.value("liveness.innerText") == "Live"
            await page.until("liveness.innerText !== 'Live'")
            text = await page.value("liveness.innerText")
            assert text == "Sandbox not reachable"
            # The browser's own note that it could not connect.
            page.complaints.clear()

    asyncio.run(scenario())
