"""A Meltano project: the folder `project/`, with the loader added as the docs do."""

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

from tests.pipeline.blocked_network import BlockedNetwork
from tests.pipeline.environment import CHECKOUT

_TEMPLATE = Path(__file__).with_name("project")
_LOADER = "target-contentsquare"
_DEFINITION = CHECKOUT / "meltano-hub" / "loaders" / f"{_LOADER}.yml"
#: Name of the metric that the loader logs at the end.
_SUMMARY = "enrichments"


@dataclass(frozen=True)
class CommandResult:
    """The exit code and the output of a command.

    Attributes:
        log: Meltano's log, one entry for each line.
    """

    exit_code: int
    stdout: str
    log: list[Mapping[str, Any]]

    @property
    def loader_errors(self) -> list[str]:
        """The errors that the loader logged."""
        return [
            entry["event"]
            for entry in self.log
            if str(entry.get("name")).startswith(_LOADER) and entry["level"] == "error"
        ]

    @property
    def rows_read(self) -> int:
        """How many rows the loader read."""
        metrics = [entry.get("metric_info", {}) for entry in self.log]
        (value,) = [m["value"] for m in metrics if m.get("metric") == _SUMMARY]
        return int(value["read"])


@dataclass(frozen=True)
class MeltanoProject:
    """A project, as its directory and the path of `meltano`.

    Attributes:
        network: The proxy of its runs, which must not send it any request.
    """

    directory: Path
    meltano: Path
    network: BlockedNetwork

    def create(self) -> None:
        """Write the project, add the loader as the docs do, and install the plugins."""
        shutil.copytree(_TEMPLATE, self.directory, dirs_exist_ok=True)
        project = self._read()
        loaders = project["plugins"].pop("loaders")
        self._write(project)
        assert self._add_loader().exit_code == 0
        project = self._read()
        (added,) = project["plugins"]["loaders"]
        (ours, *others) = loaders
        # Without this option uv reuses the wheel that it built of this pyproject.toml.
        build = f"--refresh-package {_LOADER} {shlex.quote(str(CHECKOUT))}"
        loader = {**added, **ours, "pip_url": build}
        project["plugins"]["loaders"] = [loader, *others]
        self._write(project)
        assert self.do("install").exit_code == 0

    def do(self, *arguments: str, **environment: str) -> CommandResult:
        """Run `meltano` with arguments and additional environment variables."""
        # The arguments are these tests' own.
        result = subprocess.run(  # noqa: S603
            [str(self.meltano), *arguments],
            cwd=self.directory,
            env={**neutral_environment(), **self._offline_settings(), **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        # Lines that Meltano logs before it has read its settings are not JSON.
        lines = [line for line in result.stderr.splitlines() if line.startswith("{")]
        log = [json.loads(line) for line in lines]
        for entry in log:
            line = f"{entry['level']} {entry.get('name', 'meltano')}: {entry['event']}"
            print(line)  # noqa: T201 - pytest shows it with a failure
        return CommandResult(result.returncode, result.stdout, log)

    def _add_loader(self) -> CommandResult:
        options = ("--plugin-type", "loader", "--no-install")
        return self.do("add", *options, "--from-ref", str(_DEFINITION), _LOADER)

    def _read(self) -> dict[str, Any]:
        text = (self.directory / "meltano.yml").read_text(encoding="utf-8")
        return dict(yaml.safe_load(text))

    def _write(self, project: Mapping[str, Any]) -> None:
        text = yaml.safe_dump(project, sort_keys=False)
        (self.directory / "meltano.yml").write_text(text, encoding="utf-8")

    def _offline_settings(self) -> dict[str, str]:
        """Return variables with which Meltano makes no requests of its own."""
        return {
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_HUB_URL": self.network.url,
            "MELTANO_SNOWPLOW_COLLECTOR_ENDPOINTS": json.dumps([self.network.url]),
            "MELTANO_CLI_LOG_FORMAT": "json",
        }


@dataclass(frozen=True)
class Pipeline:
    """An extractor and a loader, with a state that no other test uses.

    Attributes:
        name: Part of the id of the state.
        environment: The variables that the project's config refers to.
    """

    project: MeltanoProject
    extractor: str
    loader: str
    name: str
    environment: Mapping[str, str]

    def run(self, **more: str) -> CommandResult:
        """Run it with additional environment variables and without the network."""
        return self.project.do(
            "run",
            f"--state-id-suffix={self.name}",
            self.extractor,
            self.loader,
            **{**self.project.network.as_proxy, **self.environment, **more},
        )

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The bookmarks of Meltano's stored state, by stream."""
        state_id = f"test:{self.extractor}-to-{self.loader}:{self.name}"
        result = self.project.do("state", "get", state_id)
        assert result.exit_code == 0
        state = json.loads(result.stdout)
        return dict(state.get("singer_state", {}).get("bookmarks", {}))


def neutral_environment() -> dict[str, str]:
    """Return the environment without the developer's settings for these programs."""
    prefixes = ("MELTANO_", "TAP_", "TARGET_")
    return {k: v for k, v in os.environ.items() if not k.startswith(prefixes)}
