"""A Meltano project made from `project/`, with the loader the checkout declares."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.pipeline.environment import CHECKOUT
from tests.pipeline.outside import Outside

_TEMPLATE = Path(__file__).with_name("project")
_LOADER = "target-contentsquare"
#: The metric that the loader ends with.
_SUMMARY = "enrichments"


@dataclass(frozen=True)
class Ended:
    """What became of a command.

    Attributes:
        log: Meltano's log, an entry a line.
    """

    exit_code: int
    stdout: str
    log: list[Mapping[str, Any]]

    @property
    def loader_errors(self) -> list[str]:
        """What the loader said was wrong."""
        return [
            entry["event"]
            for entry in self.log
            if str(entry.get("name")).startswith(_LOADER) and entry["level"] == "error"
        ]

    @property
    def rows_read(self) -> int:
        """How many rows the loader had read when it ended."""
        metrics = [entry.get("metric_info", {}) for entry in self.log]
        (value,) = [one["value"] for one in metrics if one.get("metric") == _SUMMARY]
        return int(value["read"])


@dataclass(frozen=True)
class MeltanoProject:
    """A project, as a directory and the program that works on it.

    Attributes:
        outside: What the project's runs must not ask for anything.
    """

    directory: Path
    meltano: Path
    outside: Outside

    def create(self) -> None:
        """Write the project and install its plugins."""
        shutil.copytree(_TEMPLATE, self.directory, dirs_exist_ok=True)
        path = self.directory / "meltano.yml"
        project = yaml.safe_load(path.read_text(encoding="utf-8"))
        (loader,) = (
            one for one in project["plugins"]["loaders"] if one["name"] == _LOADER
        )
        loader.update({**_declared_loader(), **loader})
        path.write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
        ended = self.do("install")
        assert ended.exit_code == 0

    def do(self, *arguments: str, **environment: str) -> Ended:
        """Run `meltano` with these arguments and more environment variables."""
        # The arguments are these tests' own.
        ended = subprocess.run(  # noqa: S603
            [str(self.meltano), *arguments],
            cwd=self.directory,
            env={**_neutral_environment(), **self._silence(), **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        # What Meltano says before it has read its settings is not JSON yet.
        lines = [line for line in ended.stderr.splitlines() if line.startswith("{")]
        log = [json.loads(line) for line in lines]
        for entry in log:
            said = f"{entry['level']} {entry.get('name', 'meltano')}: {entry['event']}"
            print(said)  # noqa: T201 - pytest shows it where a test fails
        return Ended(ended.returncode, ended.stdout, log)

    def _silence(self) -> dict[str, str]:
        """Environment in which Meltano has nothing to ask for, nor anyone to tell."""
        return {
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_HUB_URL": self.outside.url,
            "MELTANO_SNOWPLOW_COLLECTOR_ENDPOINTS": json.dumps([self.outside.url]),
            "MELTANO_CLI_LOG_FORMAT": "json",
        }


@dataclass(frozen=True)
class Pipeline:
    """An extractor and a loader, and a state of their own.

    Attributes:
        name: Makes the state id one that no other test has.
        environment: What the project's config refers to.
    """

    project: MeltanoProject
    extractor: str
    loader: str
    name: str
    environment: Mapping[str, str]

    def run(self, **more: str) -> Ended:
        """Run it, with more environment variables, out of reach of the network."""
        return self.project.do(
            "run",
            f"--state-id-suffix={self.name}",
            self.extractor,
            self.loader,
            **{**self.project.outside.as_proxy, **self.environment, **more},
        )

    @property
    def bookmarks(self) -> dict[str, Any]:
        """What Meltano's stored state says, by stream."""
        state_id = f"test:{self.extractor}-to-{self.loader}:{self.name}"
        ended = self.project.do("state", "get", state_id)
        assert ended.exit_code == 0
        state = json.loads(ended.stdout)
        return dict(state.get("singer_state", {}).get("bookmarks", {}))


def _neutral_environment() -> dict[str, str]:
    """The environment without settings of the developer's own for these programs."""
    theirs = ("MELTANO_", "TAP_", "TARGET_")
    return {k: v for k, v in os.environ.items() if not k.startswith(theirs)}


def _declared_loader() -> dict[str, Any]:
    """The loader as the checkout's own project declares it, but for its config."""
    text = (CHECKOUT / "meltano.yml").read_text(encoding="utf-8")
    loaders = yaml.safe_load(text)["plugins"]["loaders"]
    (loader,) = (one for one in loaders if one["name"] == _LOADER)
    # Built anew: uv would take what it built of the same pyproject.toml before.
    build = f"--refresh-package {_LOADER} {shlex.quote(str(CHECKOUT))}"
    return {**loader, "pip_url": build}
