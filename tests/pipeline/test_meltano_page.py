"""`docs/meltano.md`: its commands do what it says, in a project of their own."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import Section, sections
from tests.docs.section_runner import SectionRunner
from tests.pipeline.environment import CHECKOUT
from tests.pipeline.meltano_project import neutral_environment

PAGE = "meltano.md"


@pytest.mark.parametrize(
    "section",
    [section for section in sections() if section.page.name == PAGE],
    ids=lambda section: section.title,
)
def test_what_the_page_says_works(section: Section, venv: Path, tmp_path: Path) -> None:
    # The page has the checkout next to the project.
    (tmp_path / "target-contentsquare").symlink_to(CHECKOUT)
    project = tmp_path / "project"
    project.mkdir()
    environment = {
        **neutral_environment(),
        "PATH": str(venv / "bin"),
        # The plugins have to work with what was installed for them.
        "PYTHONPATH": "",
        "PWD": str(project),
        "NO_COLOR": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    with ExitStack() as cleanup:
        runner = SectionRunner(
            section, project, cleanup, environment=environment, timeout=300
        )
        runner.assert_blocks_work()
