"""A page that says something wrong fails its test."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import Block, Section
from tests.docs.section_runner import SectionRunner

NEVER_SENT = """[{
    "projectId": 162, "userId": "a", "sessionNumber": 5, "enrichmentNumber": 1,
    "enrichment": {}
}]"""


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("run", "exit 3"),
        ("prints", "goodbye"),
        ("received", NEVER_SENT),
        ("not run", "a block without a reason"),
    ],
)
def test_a_block_that_does_not_do_what_it_says_fails(
    tmp_path: Path, marker: str, text: str
) -> None:
    blocks = (
        Block("run", "", "sh", "echo hello", 1),
        Block("prints", "", "text", "hello", 2),
        Block(marker, "", "text", text, 3),
    )
    section = Section(Path("page.md"), "A section", blocks)
    with ExitStack() as cleanup, pytest.raises(AssertionError, match="line 3"):
        SectionRunner(section, tmp_path, cleanup).assert_blocks_work()
