"""The generated files and tables agree with `--about`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.about import read_about
from scripts.generate_plugin_files import generate
from tests.docs.pages import PAGES, ROOT, sections
from tests.runs import run_command, run_here

#: From Meltano Hub's JSON schema for loaders.
HUB_CAPABILITIES = {
    "about",
    "activate-version",
    "batch",
    "datatype-failsafe",
    "hard-delete",
    "schema-flattening",
    "soft-delete",
    "stream-maps",
    "structured-logging",
    "target-schema",
    "validate-records",
}
HUB_KINDS = {
    "array",
    "boolean",
    "date_iso8601",
    "decimal",
    "email",
    "file",
    "hidden",
    "integer",
    "oauth",
    "object",
    "options",
    "password",
    "string",
}
HUB_SETTING_KEYS = {"name", "label", "kind", "value", "description", "sensitive"}
HUB_KEYS = {
    "capabilities",
    "description",
    "docs",
    "domain_url",
    "executable",
    "keywords",
    "label",
    "log_parser",
    "logo_url",
    "maintenance_status",
    "name",
    "namespace",
    "pip_url",
    "quality",
    "repo",
    "settings",
    "settings_group_validation",
    "supported_python_versions",
    "variant",
}
HUB_REQUIRED = {"name", "namespace", "variant", "quality"}

KINDS_OF_TYPES = {
    ("boolean",): "boolean",
    ("integer",): "integer",
    ("integer", "string"): "string",
    ("number",): "integer",
    ("object",): "object",
    ("object", "string"): "string",
    ("string",): "string",
}


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    printed = run_command(["--about", "--format", "json"]).stdout
    about: dict[str, Any] = json.loads(printed)
    return about


def test_generating_again_changes_nothing() -> None:
    outdated = [
        str(path.relative_to(ROOT))
        for path, text in generate(ROOT, read_about()).items()
        if path.read_text("utf-8") != text
    ]
    assert outdated == [], "run `make generate`"


def test_meltano_knows_every_setting(about: dict[str, Any]) -> None:
    loader = _loader(ROOT / "meltano.yml")
    assert loader["capabilities"] == about["capabilities"]
    assert loader["pip_url"] == "-e ."
    _check_settings(loader["settings"], about)


def test_no_plugin_is_looked_up_on_the_hub() -> None:
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]
    for plugin in [*plugins["extractors"], *plugins["loaders"]]:
        assert plugin.keys() >= {"namespace", "executable", "pip_url", "settings"}
        assert "variant" not in plugin


def test_the_hub_takes_the_definition(about: dict[str, Any]) -> None:
    path = ROOT / "meltano-hub" / "loaders" / "target-contentsquare.yml"
    definition = yaml.safe_load(path.read_text("utf-8"))
    assert definition.keys() <= HUB_KEYS
    assert definition.keys() >= HUB_REQUIRED
    assert set(definition["capabilities"]) <= HUB_CAPABILITIES
    assert set(definition["capabilities"]) == set(about["capabilities"])
    assert definition["quality"] in {"gold", "silver", "bronze", "unknown"}
    assert definition["maintenance_status"] in {"active", "beta", "development"}
    for version in definition["supported_python_versions"]:
        assert re.fullmatch(r"3\.\d+", version)
    for setting in definition["settings"]:
        assert setting.keys() <= HUB_SETTING_KEYS
        assert setting["kind"] in HUB_KINDS
    _check_settings(definition["settings"], about)


def test_env_example_has_every_setting_and_reads(
    about: dict[str, Any], tmp_path: Path
) -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    variables = re.findall(r"^(?:# )?TARGET_CONTENTSQUARE_(\w+)=", text, re.MULTILINE)
    assert [name.lower() for name in variables] == list(about["settings"]["properties"])
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    environment = {
        "TARGET_CONTENTSQUARE_DRY_RUN": "true",
        "TARGET_CONTENTSQUARE_STREAMS": '{"calls": {}}',
    }
    run = run_command(["--config", "ENV"], [], environment, tmp_path)
    assert run.exit_code == 0, run.printed


def test_meltano_blocks_of_the_pages_hold_valid_settings(tmp_path: Path) -> None:
    blocks = [
        block.text
        for section in sections()
        for block in section.blocks
        if block.language == "yaml" and "loaders:" in block.text
    ]
    assert blocks
    empty = tmp_path / "empty.singer"
    empty.touch()
    for text in [*blocks, (ROOT / "meltano.yml").read_text("utf-8")]:
        (loader,) = yaml.safe_load(text)["plugins"]["loaders"]
        config = {**loader["config"], "dry_run": True}
        config.pop("integration_schema", None)
        config["rejected_path"] = str(tmp_path / "rejected.singer")
        run = run_here(config, empty)
        assert run.exit_code == 0, run.printed


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_tests_that_how_it_works_names_exist() -> None:
    text = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/.]+)`", text)
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_contributing_names_every_part_of_the_package() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"^\| `([\w./]+)` \|", text, re.MULTILINE)
    package = ROOT / "target_contentsquare"
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    files = {path.name for path in package.glob("[!_]*.py")}
    assert sorted(named) == sorted(folders | files)


def _loader(path: Path) -> dict[str, Any]:
    (loader,) = yaml.safe_load(path.read_text("utf-8"))["plugins"]["loaders"]
    return dict(loader)


def _check_settings(declared: list[dict[str, Any]], about: dict[str, Any]) -> None:
    schema = about["settings"]
    by_name = {setting["name"]: setting for setting in declared}
    assert by_name.keys() == schema["properties"].keys()
    for name, setting in schema["properties"].items():
        types = setting["type"]
        types = [types] if isinstance(types, str) else types
        scalar = tuple(sorted(name for name in types if name != "null"))
        assert by_name[name]["kind"] == KINDS_OF_TYPES[scalar]
        assert by_name[name]["label"] == setting["title"]
        assert by_name[name]["description"] == setting["description"]
        assert by_name[name].get("value") == setting.get("default")
        assert by_name[name].get("sensitive", False) == setting.get("secret", False)
