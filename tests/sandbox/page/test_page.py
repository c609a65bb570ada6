import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest
import requests

from target_contentsquare.sandbox import Fault, Sandbox
from target_contentsquare.sandbox.page.chart import BARS, chart_of
from target_contentsquare.sandbox.received.summaries import Outcome, RequestSummary

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
VOID = {"meta", "link", "input", "rect"}


class Outline(HTMLParser):
    """Tags as they nest, and the attributes of each; fails on a wrong end tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def values(self, attribute: str) -> list[str]:
        return [found for _, attrs in self.tags if (found := attrs.get(attribute))]


def page(sandbox: Sandbox, query: str = "") -> str:
    answer = requests.get(f"{sandbox.url}/{query}", timeout=5)
    assert answer.status_code == 200
    return answer.text


def fill(sandbox: Sandbox, send: Ask, row: Row) -> None:
    """Make the page show all that it can."""
    fields = {"call_center_name": "RENNES", "call_duration": 3532, "has_called": True}
    send(sandbox, [row("ann", n, enrichment=fields) for n in (1, 2, 3)])
    send(sandbox, [row("ann", 1, enrichmentNumber=2), row("bob", 7)])
    send(sandbox, [row("eve"), row("eve", 1, enrichment={"call_date": None})])
    send(sandbox, b"{")
    sandbox.add_fault(Fault(status=503))
    send(sandbox, [row("eve")])


def test_an_empty_sandbox_says_how_to_fill_it(sandbox: Sandbox) -> None:
    html = unescape(page(sandbox))

    assert "Nothing has arrived yet" in html
    assert f'"auth_url": "{sandbox.auth_url}"' in html
    assert f'"client_secret": "{sandbox.client_secret}"' in html


def test_a_secret_that_someone_chose_is_not_shown() -> None:
    chosen = "not-for-the-page"
    with Sandbox(client_secret=chosen) as sandbox:
        html = page(sandbox)

    assert chosen not in html
    assert "the secret that the sandbox was started with" in html


def test_sessions_are_shown_with_their_enrichments_and_fields(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    fill(sandbox, send, row)

    html = page(sandbox)

    assert "session 7 · project 162" in html
    assert html.index(">bob<") < html.index(">ann<")
    assert "<dt><bdi>call_duration</bdi></dt> <dd><bdi>3532</bdi></dd>" in html
    assert "&#34;RENNES&#34;" in html
    items = html.split("<li>")
    (numbers,) = [i for i in items if ">ann</bdi>" in i and "session 1 " in i]
    assert re.findall(r"</span>(\d)</span>", numbers) == ["1", "2"]


def test_refused_batches_are_shown_with_what_the_api_does_not_say(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    fill(sandbox, send, row)

    html = page(sandbox)

    assert "2 batches were refused" in html
    field = "<code><bdi>call_date</bdi></code>"
    assert f"{field} <bdi>is neither text, a number nor a boolean</bdi>" in html
    assert 'user <bdi class="inline-user">eve</bdi>, session 1, row 2 of' in html
    assert "the body is not JSON" in html
    assert "fault: answered 503" in html


def test_totals_and_the_chart_can_be_read_out(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    fill(sandbox, send, row)

    html = page(sandbox)

    assert "5 enrichments stored, 2 batches delivered, 2 refused." in html
    assert (
        "2 requests delivered, 2 refused, 0 over the limit, 1 failed by a fault" in html
    )


@pytest.mark.parametrize(
    ("query", "shown"), [("ann", {"ann"}), ("bo", {"bob"}), ("+", {"ann", "bob"})]
)
def test_the_filter_shows_the_users_that_hold_the_text(
    sandbox: Sandbox, send: Ask, row: Row, query: str, shown: set[str]
) -> None:
    fill(sandbox, send, row)

    html = page(sandbox, f"?user={query}")

    assert set(re.findall('class="user">([a-z]+)<', html)) == shown


def test_the_part_that_changes_can_be_fetched_alone(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    fill(sandbox, send, row)

    part = page(sandbox, "_sandbox/received?user=bob")

    live = [attrs["id"] for _, attrs in Outline(part).tags if "data-live" in attrs]
    whole = Outline(page(sandbox)).tags
    assert live == [attrs["id"] for _, attrs in whole if "data-live" in attrs]
    assert set(re.findall('class="user">([a-z]+)<', part)) == {"bob"}
    assert "<script" not in part
    assert "<style" not in part


def test_a_filter_that_matches_nothing_says_so(sandbox: Sandbox) -> None:
    assert "No session of a user with “<bdi>zoe</bdi>”" in page(sandbox, "?user=zoe")


def test_only_the_sessions_written_last_are_shown(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row(f"user-{n:03}") for n in range(150)])

    html = page(sandbox)

    assert "user-149" in html
    assert "user-050" in html
    assert "user-049" not in html
    assert "user-049" in page(sandbox, "?user=049")


def test_what_was_sent_is_never_taken_for_html(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    attack = "<script>alert(1)</script>"
    send(sandbox, [row(attack, enrichment={attack: attack})])
    send(sandbox, [row(enrichment={"</title>" + attack: None, "\ud800": 1})])

    html = page(sandbox, '?user=<script>"')

    assert attack not in html
    assert "&lt;script&gt;" in html
    assert 'value="&lt;script&gt;&#34;"' in html
    assert html.count("<script") == 1
    assert attack not in page(sandbox)


def test_only_the_pages_own_script_and_style_may_run(sandbox: Sandbox) -> None:
    first, second = (requests.get(sandbox.url, timeout=5) for _ in range(2))

    policy = first.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert f'<script nonce="{nonce}">' in first.text
    assert f'<style nonce="{nonce}">' in first.text
    assert " style=" not in first.text
    assert nonce not in second.text


def test_the_markup_holds_together(sandbox: Sandbox, send: Ask, row: Row) -> None:
    for full in (False, True):
        if full:
            fill(sandbox, send, row)
        outline = Outline(page(sandbox, "?user=n"))

        assert outline.open == []
        ids = Counter(outline.values("id"))
        assert set(ids.values()) == {1}
        referred = outline.values("aria-labelledby") + outline.values("for")
        assert set(referred) <= ids.keys()
        assert outline.tags[0] == ("html", {"lang": "en"})
        headings = [tag for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
        assert Counter(headings) == {"h1": 1, "h2": 6, "h3": 2 if full else 1}
        landmarks = {tag for tag, _ in outline.tags}
        assert landmarks >= {"header", "main", "footer", "title", "noscript"}


def test_tables_have_captions_and_headers_a_scope(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    fill(sandbox, send, row)

    tags = Outline(page(sandbox)).tags

    names = Counter(tag for tag, _ in tags)
    assert names["table"] == names["caption"] == 1
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")
    assert [attrs["id"] for _, attrs in tags if "aria-live" in attrs] == [
        "announcement"
    ]


def summary(at: float, outcome: Outcome = "delivered") -> RequestSummary:
    return RequestSummary(at=at, status=200, outcome=outcome)


def test_the_chart_piles_up_what_happened_in_the_same_second() -> None:
    seconds = [summary(1000.1), summary(1000.9), summary(1000.5, "refused")]

    chart = chart_of([*seconds, summary(1002)], now=1002.5)

    assert (chart.step, chart.highest, chart.end) == (1, 3, 1003)
    low, high, last = chart.bars
    assert (low.x, low.y, low.height) == (BARS - 3, 33.33, 66.67)
    assert (high.outcome, high.y, high.height) == ("refused", 0, 33.33)
    assert (last.x, last.height) == (BARS - 1, 33.33)


@pytest.mark.parametrize(
    ("age", "step"), [(0, 1), (58, 1), (59, 2), (3500, 60), (86_400, 1800)]
)
def test_the_chart_gets_coarser_as_time_goes_by(age: float, step: int) -> None:
    chart = chart_of([summary(100_000 - age)], now=100_000)

    assert chart.step == step
    assert sum(chart.counts.values()) == 1
    assert len(chart.bars) == 1


def test_a_chart_of_nothing_is_empty() -> None:
    chart = chart_of([], now=1000)

    assert (chart.bars, chart.highest) == ([], 0)
