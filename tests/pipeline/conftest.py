import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.pipeline.blocked_network import BlockedNetwork, blocked_network
from tests.pipeline.environment import meltano_environment
from tests.pipeline.meltano_project import MeltanoProject, Pipeline
from tests.pipeline.warehouse import Warehouse, running_warehouse

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Ignore this folder unless pytest is started with a path in it.

    These tests install packages and take minutes.
    """
    start = config.invocation_params.dir
    paths = (start / argument.split("::")[0] for argument in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in paths) else True


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process of pytest-xdist run all tests that share the project."""
    for item in items:
        if "project" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("project"))


@pytest.fixture(scope="session")
def venv() -> Path:
    return meltano_environment()


@pytest.fixture(scope="session")
def warehouse(venv: Path) -> Iterator[Warehouse]:
    with running_warehouse(venv) as running:
        yield running


@pytest.fixture(scope="session")
def network() -> Iterator[BlockedNetwork]:
    with blocked_network() as running:
        yield running


@pytest.fixture(scope="session")
def installed(
    venv: Path, network: BlockedNetwork, tmp_path_factory: pytest.TempPathFactory
) -> MeltanoProject:
    directory = tmp_path_factory.mktemp("project")
    project = MeltanoProject(directory, venv / "bin" / "meltano", network)
    project.create()
    return project


@pytest.fixture
def project(installed: MeltanoProject) -> Iterator[MeltanoProject]:
    """The project; a test whose commands ask another machine for something fails."""
    installed.network.requests.clear()
    yield installed
    assert installed.network.requests == []


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the project's integration schema as the only version."""
    schema = json.loads((HERE / "project" / "integration_schema.json").read_bytes())
    with Sandbox(integration_schemas={1: schema}, keep_history=False) as running:
        yield running


@pytest.fixture
def pipeline(
    project: MeltanoProject, sandbox: Sandbox, request: pytest.FixtureRequest
) -> Callable[..., Pipeline]:
    """Make a pipeline to the sandbox, with a state that no other test uses."""

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
