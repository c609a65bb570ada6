from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.driver import CONNECT, Cluster, Driver, has_spark
from tests.conftest import config_for

#: With Python data sources, and without.
WITH_FORMAT = ("newest", "4-0")
ALL = (*WITH_FORMAT, "3-5")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process of pytest-xdist have all tests of a version of Spark."""
    for item in items:
        if (callspec := getattr(item, "callspec", None)) is not None:
            version = callspec.params.get("version")
            if version in (*ALL, CONNECT):
                item.add_marker(pytest.mark.xdist_group(version))


@pytest.fixture(scope="session")
def cluster(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Cluster]]:
    """Return a function that gives the session of a version of Spark."""
    running: dict[str, Cluster] = {}

    def cluster(version: str) -> Cluster:
        if version not in running or not running[version].is_running:
            folder = tmp_path_factory.mktemp(f"spark-{version}")
            running[version] = Cluster(version, folder)
        return running[version]

    yield cluster
    for each in running.values():
        each.close()


@pytest.fixture
def driver(
    cluster: Callable[[str], Cluster], sandbox: Sandbox, tmp_path: Path
) -> Callable[[str], Driver]:
    """Return a function that gives a driver for a version of Spark."""
    settings: dict[str, Any] = config_for(sandbox)
    del settings["streams"]

    def driver(version: str) -> Driver:
        if not has_spark(version):
            pytest.fail("there is no Spark: run these tests with `make spark`")
        return Driver(version, cluster(version), settings, tmp_path)

    return driver
