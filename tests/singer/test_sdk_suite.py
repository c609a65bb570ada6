"""The SDK's standard suite for targets, under mappings that deliver its rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite
from singer_sdk.testing.templates import TargetFileTestTemplate

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.target import TargetContentsquare

_ID = {"user_id": "id", "session_number": "id"}
_TEXT = {**_ID, "fields": {"text": "text"}}
_ONE_SESSION = {"session_number": "int('1')"}
_NESTED = "test_object_schema_no_properties"

#: `auth_url` comes with the sandbox, and the suite reads the config only in its tests.
CONFIG: dict[str, Any] = {
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "project_id": 162,
    "stream_maps": {
        # Sessions need a number, and these streams have no integer at the top.
        "ForecastingTypeToCategory": _ONE_SESSION,
        "string_formats": _ONE_SESSION,
        "test:SpecialChars!in?attributes": {**_ONE_SESSION, "env": "d['env']"},
        "test_object_schema_with_properties": {"id": "int(object_store['id'])"},
        _NESTED: {"id": "int(object_store['id'])"},
        "test_strings_in_objects": {"text": "str(info['value'])"},
        "test_strings_in_arrays": {"text": "str(strings[0])"},
    },
    "streams": {
        "TestCamelcase": {"user_id": "Id", "session_number": "Id"},
        "ForecastingTypeToCategory": {"user_id": "Id"},
        "string_formats": {"user_id": "uuid"},
        "test:SpecialChars!in?attributes": {"user_id": "_id"},
        # The three streams of one test number their rows from 1 each.
        "test_strings_in_objects": {**_TEXT, "enrichment_number": 2},
        "test_strings_in_arrays": {**_TEXT, "enrichment_number": 3},
        "test_schema_updates": {**_ID, "fields": {"a1": "a1", "a2": "a2"}},
        "*": {**_ID, "fields": {"id": "id"}},
    },
}

#: Enrichments that each test's rows become.
DELIVERED = {
    "array_data": 4,
    "camelcase": 2,
    "camelcase_complex_schema": 0,
    "cli_prints": 0,
    "duplicate_records": 2,
    "encoded_string_data": 11 + 11 + 6,
    "invalid_schema": 0,
    "no_primary_keys": 3,
    "optional_attributes": 4,
    "pk_updates": 2,
    "record_before_schema": 0,
    "record_missing_fields": 2,
    "record_missing_key_property": 0,
    "schema_no_properties": 2,
    "schema_updates": 6,
    "special_chars_in_attributes": 1,
    "string_formats": 1,
}


class StringFormats(TargetFileTestTemplate):
    """A test of the SDK's next release, with data of its own.

    https://github.com/meltano/sdk/pull/3762 adds it, with a stream that has these
    properties. Delete this class when that release is the oldest supported one.
    """

    name = "string_formats"
    singer_filepath = Path(__file__).parent / "data" / "string_formats.singer"


@pytest.fixture(scope="module")
def listening() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        CONFIG["auth_url"] = sandbox.auth_url
        yield sandbox


@pytest.fixture(autouse=True)
def _delivers(listening: Sandbox, request: pytest.FixtureRequest) -> Iterator[None]:
    listening.reset()
    yield
    name = request.node.name.removeprefix("test_target_")
    assert listening.totals.delivered_enrichments == DELIVERED[name]


TestTargetContentsquare = get_target_test_class(
    TargetContentsquare,
    config=CONFIG,
    custom_suites=[SingerTestSuite(kind="target", tests=[StringFormats])],
)
