"""Every shell block and config of the pages does what the page says."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Section, sections
from tests.docs.section_runner import SectionRunner

SECTIONS = list(sections())
#: Languages of diagrams.
DIAGRAMS = {"mermaid"}
#: Pages whose sections need more than this environment, and the tests that run them.
RUN_ELSEWHERE = {"meltano.md": "tests/pipeline/test_meltano_page.py"}
#: From the package registry; `make test` installs it.
TAP = "tap-spreadsheets --config"
HAS_TAP = (ROOT / ".venv-tap" / "installed").exists()
#: At most so many blocks need a registry, Meltano or a scheduler, and are not run.
MAX_NOT_RUN = 12
MAX_README_LINES, MAX_README_WORDS = 150, 1_000


@pytest.mark.parametrize(
    "section",
    [
        section
        for section in SECTIONS
        if section.page.name not in RUN_ELSEWHERE
        and any(b.marker for b in section.blocks)
    ],
    ids=lambda section: section.name,
)
def test_what_the_page_says_works(section: Section, tmp_path: Path) -> None:
    if not HAS_TAP and any(TAP in block.text for block in section.blocks):
        pytest.skip("there is no tap: run `make .venv-tap/installed`")
    with ExitStack() as cleanup:
        SectionRunner(section, tmp_path, cleanup).assert_blocks_work()


def test_every_block_says_how_it_is_run() -> None:
    unmarked = [
        f"{section.page.name}:{block.line}"
        for section in SECTIONS
        for block in section.blocks
        if not block.marker and block.language not in DIAGRAMS
    ]
    assert unmarked == []


def test_few_blocks_are_not_run() -> None:
    blocks = [block for section in SECTIONS for block in section.blocks]
    not_run = [block for block in blocks if block.marker == "not run"]
    assert len(not_run) <= MAX_NOT_RUN


def test_what_is_not_run_here_is_run_elsewhere() -> None:
    for page, test in RUN_ELSEWHERE.items():
        assert page in (ROOT / test).read_text("utf-8")


def test_there_are_pages() -> None:
    assert {page.name for page in PAGES} >= {
        "README.md",
        "before-you-start.md",
        "how-it-works.md",
        "mapping.md",
        "mapping-cookbook.md",
        "meltano.md",
        "operating.md",
        "rows.md",
        "sandbox.md",
        "settings.md",
        "troubleshooting.md",
    }


def test_the_readme_is_one_screen() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("\n") <= MAX_README_LINES
    assert len(text.split()) <= MAX_README_WORDS
