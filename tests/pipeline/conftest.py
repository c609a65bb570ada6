import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.pipeline.environment import install
from tests.pipeline.meltano_project import MeltanoProject, Pipeline
from tests.pipeline.outside import Outside, watched_outside
from tests.pipeline.warehouse import Warehouse, running_warehouse

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Take part only where pytest is started with a path in here.

    These tests install what they need, and take minutes.
    """
    start = config.invocation_params.dir
    paths = (start / argument.split("::")[0] for argument in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in paths) else True


@pytest.fixture(scope="session")
def venv() -> Path:
    return install()


@pytest.fixture(scope="session")
def warehouse(venv: Path) -> Iterator[Warehouse]:
    with running_warehouse(venv) as running:
        yield running


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    with watched_outside() as watched:
        yield watched


@pytest.fixture(scope="session")
def installed(
    venv: Path, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> MeltanoProject:
    directory = tmp_path_factory.mktemp("project")
    project = MeltanoProject(directory, venv / "bin" / "meltano", outside)
    project.create()
    return project


@pytest.fixture
def project(installed: MeltanoProject) -> Iterator[MeltanoProject]:
    """The project; a test that made it reach out of this machine fails."""
    installed.outside.asked_for.clear()
    yield installed
    assert installed.outside.asked_for == []


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A Contentsquare that knows the project's integration schema, and nothing else."""
    schema = json.loads((HERE / "project" / "integration_schema.json").read_bytes())
    with Sandbox(integration_schemas={1: schema}, keep_history=False) as running:
        yield running


@pytest.fixture
def pipeline(
    project: MeltanoProject, sandbox: Sandbox, request: pytest.FixtureRequest
) -> Callable[..., Pipeline]:
    """Makes a pipeline into the sandbox, with a state that is the test's own."""

    def pipeline(
        extractor: str, loader: str = "target-contentsquare", **environment: str
    ) -> Pipeline:
        contentsquare = {
            "CONTENTSQUARE_AUTH_URL": sandbox.auth_url,
            "CONTENTSQUARE_CLIENT_SECRET": sandbox.client_secret,
        }
        name = str(request.node.name)
        return Pipeline(project, extractor, loader, name, contentsquare | environment)

    return pipeline
