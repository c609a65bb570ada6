"""Every shell block and config of the pages does what the page says."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Section, sections
from tests.docs.play import Reader

SECTIONS = list(sections())
#: Pictures, which nobody runs.
DRAWN = {"mermaid"}
# Blocks that need a registry, an installed Meltano or a scheduler; each says why.
MOST_NOT_RUN = 12


@pytest.mark.parametrize(
    "section",
    [one for one in SECTIONS if any(block.kind for block in one.blocks)],
    ids=lambda section: section.name,
)
def test_what_the_page_says_works(section: Section, tmp_path: Path) -> None:
    with ExitStack() as cleanup:
        Reader(section, tmp_path, cleanup).follow()


def test_every_block_says_how_it_is_run() -> None:
    unmarked = [
        f"{section.page.name}:{block.line}"
        for section in SECTIONS
        for block in section.blocks
        if not block.kind and block.language not in DRAWN
    ]
    assert unmarked == []


def test_few_blocks_are_left_alone() -> None:
    blocks = [block for section in SECTIONS for block in section.blocks]
    left = [block for block in blocks if block.kind == "not run"]
    assert len(left) <= MOST_NOT_RUN


def test_there_are_pages() -> None:
    assert {page.name for page in PAGES} >= {
        "README.md",
        "mapping-cookbook.md",
        "operating.md",
        "how-it-works.md",
    }
