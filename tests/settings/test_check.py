"""Checking: a config becomes settings, or an error with all its faults."""

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.check import check
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.schema import config_schema
from target_contentsquare.settings.settings import Settings

GIVEN = {"client_id": "id", "client_secret": "secret", "streams": {"*": {}}}
SCHEMA = config_schema(SETTINGS)


def checked(**changes: Any) -> Settings:
    return check({**GIVEN, **changes}, SCHEMA)


def faults(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        checked(**changes)
    assert str(refused.value) == "; ".join(refused.value.faults)
    return refused.value.faults


def test_defaults_are_those_declared() -> None:
    settings = checked()
    for setting in SETTINGS:
        if setting.default is not None and hasattr(settings, setting.name):
            value = getattr(settings, setting.name)
            assert value == setting.default or str(value) == str(setting.default)


@pytest.mark.parametrize(
    "name", [setting.name for setting in SETTINGS if not setting.is_required]
)
def test_null_is_the_same_as_absent(name: str) -> None:
    assert checked(**{name: None}) == checked()


def test_null_is_the_same_as_absent_in_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "integration.json"
    path.write_text('{"fields": [{"name": "a", "type": "INT"}]}')
    at_top = {"integration_schema": str(path), "project_id": 7}
    keys = SCHEMA["properties"]["streams"]["additionalProperties"]["properties"]
    nulls = checked(streams={"*": dict.fromkeys(keys)}, **at_top)
    assert nulls == checked(**at_top)


def test_a_required_setting_that_is_null_is_missing() -> None:
    assert faults(client_id=None) == ("client_id: is required",)


def test_a_dry_run_needs_no_credentials() -> None:
    settings = checked(client_id=None, client_secret=None, dry_run=True)
    assert settings.keyring.default is None


def test_every_fault_is_told() -> None:
    assert faults(batch_size_rows=0, max_rejected=-1, max_retry_seconds=math.nan) == (
        "batch_size_rows: must be at least 1",
        "max_rejected: must be at least 0",
        "max_retry_seconds: must be a finite number",
    )


def test_a_fault_is_one_line_whatever_the_names_are() -> None:
    assert faults(streams={"a\r\nb": {"project_id": 0}}) == (
        "streams.a b.project_id: must be at least 1",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"min_delivered": 10**400}, f"min_delivered: {{}} {2**63 - 1}"),
        ({"request_timeout_seconds": 1e308}, "request_timeout_seconds: {} 3600"),
        ({"max_retry_seconds": 1e308}, "max_retry_seconds: {} 604800"),
        ({"max_retry_seconds": 10**400}, "max_retry_seconds: {} 604800"),
        ({"project_id": 10**400}, f"project_id: {{}} {2**63 - 1}"),
        ({"max_rejected": 10**400}, f"max_rejected: {{}} {2**63 - 1}"),
        (
            {"streams": {"*": {"project_id": 10**400}}},
            f"streams.*.project_id: {{}} {2**63 - 1}",
        ),
    ],
)
def test_absurdly_large_numbers(changes: dict[str, Any], fault: str) -> None:
    assert faults(**changes) == (fault.format("must be at most"),)


def test_what_is_integral_is_an_integer() -> None:
    settings = checked(batch_size_rows=Decimal(20), streams={"*": {"project_id": 7.0}})
    assert type(settings.batch_size_rows) is int
    projects = [account.project_id for account in settings.accounts]
    assert repr(projects) == "[7]"


def test_an_enrichment_number_may_be_text() -> None:
    (mapping,) = checked(streams={"*": {"enrichment_number": "2"}}).streams.values()
    assert mapping.enrichment_number == "2"  # a property, or the number 2


def test_credentials_are_in_no_repr() -> None:
    assert "secret" not in repr(checked())


@pytest.mark.parametrize(("rate", "least"), [(0, 0.001), (-1, 0.001), (1e-308, 0.001)])
def test_a_rate_that_never_sends(rate: float, least: float) -> None:
    told = f"max_requests_per_second: must be at least {least}"
    assert faults(max_requests_per_second=rate) == (told,)


def test_there_is_no_limit_of_requests_per_second_by_default() -> None:
    assert checked().max_requests_per_second is None
    assert checked(max_requests_per_second=5).max_requests_per_second == 5.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_schema_file_may_have_a_byte_order_mark(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "integration.json"
    document = {"fields": [{"name": "durée", "type": "INT"}]}
    path.write_bytes(json.dumps(document, ensure_ascii=False).encode(encoding))
    (mapping,) = checked(integration_schema=str(path)).streams.values()
    assert mapping.integration_schema is not None
    assert list(mapping.integration_schema.fields) == ["durée"]


@pytest.mark.parametrize("content", ["[" * 100_000, "[" + "9" * 5000 + "]"])
def test_a_schema_file_that_python_cannot_hold(tmp_path: Path, content: str) -> None:
    path = tmp_path / "integration.json"
    path.write_text(content)
    (fault,) = faults(integration_schema=str(path))
    assert fault.startswith("integration_schema")


@pytest.mark.parametrize("name", ["rejected_path", "integration_schema"])
@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_a_path_that_no_file_can_have(name: str, character: str) -> None:
    expected = f"{name}: has a character that no path can have"
    assert faults(**{name: f"a{character}b"}) == (expected,)
