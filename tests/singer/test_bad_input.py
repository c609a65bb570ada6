"""What a user can get wrong: one line that says what to change, and no state."""

import json
from typing import Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.runs import Config, Run, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state


def assert_one_line(done: Run, *words: str) -> None:
    assert done.exit_code == 1, done.printed
    assert len(done.errors) == 1, done.printed
    assert "Traceback" not in done.printed
    assert done.states == []
    for word in words:
        assert word in done.errors[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("this is not JSON", ["line 3", "not a JSON object"]),
        ('{"type": "RECORD", "stream": "calls", "record": {"user', ["check the tap"]),
        ("[1, 2]", ["line 3", "not a JSON object"]),
        ("7", ["line 3", "not a JSON object"]),
        ('{"stream": "calls"}', ["line 3", "'type'"]),
        ('{"type": 7, "stream": "calls"}', ["line 3", "'type'"]),
        ('{"type": "RECORD", "stream": 7, "record": {}}', ["line 3", "'stream'"]),
        ('{"type": "GREETING"}', ["line 3", "'GREETING'"]),
        (record(call(), "chats"), ["line 3", "'chats'", "before its SCHEMA"]),
        ('{"type": "RECORD", "stream": "calls"}', ["'calls', row 2", "record"]),
        (record("text"), ["'calls', row 2", "record"]),
        (record(None), ["'calls', row 2", "record"]),
        ('{"type": "STATE"}', ["line 3", "STATE", "'value'"]),
        ('{"type": "SCHEMA", "stream": "calls"}', ["line 3", "'schema'"]),
        ('{"type": "SCHEMA", "schema": {"properties": {}}}', ["line 3", "'stream'"]),
        (
            '{"type": "SCHEMA", "stream": "calls", "schema": {"type": "object"}}',
            ["line 3", "'calls'", "'properties'"],
        ),
        (
            '{"type": "SCHEMA", "stream": "calls", "schema": {"properties": 1}}',
            ["line 3", "'calls'", "'properties'"],
        ),
    ],
)
def test_a_broken_line_ends_the_run(
    config: Config, run: Runner, line: str, words: list[str]
) -> None:
    done = run(config, [schema(), record(call()), line, state({"at": 1})])
    assert_one_line(done, *words)


@pytest.mark.parametrize(
    "line",
    [
        "\x00\x01",
        '{"type": "RECORD", "stream": "calls", "record": ' + "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"type": "SCHEMA", "stream": "calls", "schema": {"properties": {"a": '
        + '{"anyOf": [' * 5_000
        + "]}" * 5_000
        + "}}}",
        (
            '{"type": "SCHEMA", "stream": "calls", "schema": {"properties": '
            '{"user_id": 5, "session_number": []}}}'
        ),
        (
            '{"type": "SCHEMA", "stream": "calls", "schema": {"properties": '
            '{"user_id": {"type": 5}, "session_number": {"anyOf": 7}, "a": {}}}}'
        ),
        (
            '{"type": "SCHEMA", "stream": "calls", "key_properties": 7, "schema": '
            '{"properties": {"user_id": {}, "session_number": {}, "a": {}}}}'
        ),
        '{"type": "ACTIVATE_VERSION"}',
        schema(properties={**CALLS, "a": {"type": {}}}),
        schema(properties={**CALLS, "a": {"type": [[]]}}),
        schema(properties={**CALLS, "a": {"type": "string", "format": []}}),
        schema(properties={**CALLS, "a": {"anyOf": [7, None, {"type": 7}]}}),
        '{"type": "BATCH"}',
        '{"type": "BATCH", "stream": "calls"}',
    ],
)
def test_no_line_is_a_defect(config: Config, run: Runner, line: str) -> None:
    done = run(config, [schema(), record(call()), line, state({"at": 1})])
    assert "defect in this target" not in done.printed
    assert "Traceback" not in done.printed
    if done.exit_code:
        assert_one_line(done)


@pytest.mark.parametrize("maps", [{}, {"chats": None}])
def test_a_broken_line_of_a_stream_that_nobody_reads_may_hide_a_row(
    config: Config, run: Runner, maps: dict[str, Any]
) -> None:
    config |= {"streams": {"calls": {}}, "stream_maps": maps}
    skipped = record(call(), "chats")
    lines = [schema(), schema("chats"), skipped, skipped + record(call()), state(1)]
    done = run(config, lines)
    assert_one_line(done, "'chats', row 2", "not a JSON object")
    assert done.states == []


def test_a_record_before_any_schema(config: Config, run: Runner) -> None:
    done = run(config, [record(call()), schema()])
    assert_one_line(done, "line 1", "'calls'", "SCHEMA")


def test_a_mapping_that_names_a_missing_property_lists_what_there_is(
    config: Config, run: Runner
) -> None:
    config["streams"] = {"calls": {"fields": {"duration": "seconds"}}}
    done = run(config, [schema(), record(call()), state(1)])
    assert_one_line(
        done, "streams.calls.fields.duration", "'seconds'", "'call_duration'"
    )


def test_a_missing_identity_property_names_the_mapping_key(
    config: Config, run: Runner
) -> None:
    properties: dict[str, dict[str, str]] = {
        "cs_user": {},
        "session_number": {},
        "a": {},
    }
    done = run(config, [schema(properties=properties), state(1)])
    assert_one_line(done, "streams.*.user_id", "'cs_user'", "'session_number'")


def test_all_streams_skipped(config: Config, run: Runner, sandbox: Sandbox) -> None:
    config["streams"] = {"chats": {}, "crm-*": {}}
    done = run(config, [schema(), *calls(2), state({"at": 2})])
    assert_one_line(done, "'streams'", "'chats', 'crm-*'", "'calls'")
    assert sandbox.requests == []


def test_a_tap_that_says_nothing_is_no_error(config: Config, run: Runner) -> None:
    assert run(config, []).exit_code == 0
    done = run(config, [state({"at": 1})])
    assert (done.exit_code, done.states) == (0, [{"at": 1}])


def test_blank_lines_and_a_byte_order_mark_are_no_errors(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    done = run(config, ["\ufeff" + schema(), "", "  ", record(call()), "\r", state(1)])
    assert (done.exit_code, done.states) == (0, [1])
    assert len(sandbox.enrichments) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "other"}, ["project 162", "client_id"]),
        ({"client_secret": "wrong"}, ["project 162", "client_secret", "expire"]),
        ({"project_id": 999}, ["project 999", "403", "project_id"]),
        ({"project_id": None}, ["project_id", "client_id"]),
        ({"integration_version": 7}, ["integration version 7", "project 162"]),
    ],
)
def test_what_contentsquare_does_not_accept(
    config: Config, run: Runner, changes: dict[str, Any], words: list[str]
) -> None:
    config |= changes
    done = run(config, [schema(), *calls(3), state({"at": 3})])
    assert_one_line(done, *words)


def token_answer(**changes: object) -> str:
    documented = {
        "access_token": "secret-token",
        "expires_in": 3600,
        "project_id": 162,
        "endpoint": "https://enrichment-api.eu.contentsquare.com",
    }
    kept = {k: v for k, v in {**documented, **changes}.items() if v is not ...}
    return json.dumps(kept)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html>", ["documented JSON", "auth_url"]),
        ("", ["documented JSON", "auth_url"]),
        ("[]", ["documented JSON", "auth_url"]),
        (token_answer(access_token=...), ["'access_token'"]),
        (token_answer(access_token=7), ["'access_token'"]),
        (token_answer(access_token="two\r\nlines"), ["'access_token'"]),  # noqa: S106 - no secret
        (token_answer(access_token="caf\u00e9"), ["'access_token'"]),  # noqa: S106 - no secret
        (token_answer(expires_in="soon"), ["'expires_in'"]),
        (token_answer(expires_in=0), ["'expires_in'"]),
        (token_answer(expires_in=float("inf")), ["documented JSON"]),
        (token_answer(project_id="abc"), ["'project_id'"]),
        (token_answer(project_id=163), ["project 163", "162"]),
        (token_answer(endpoint=...), ["'endpoint'", "https"]),
        (token_answer(endpoint="http://10.0.0.1/"), ["'endpoint'", "https"]),
        (token_answer(endpoint="ftp://127.0.0.1/"), ["'endpoint'", "https"]),
        (token_answer(endpoint="http://127.0.0.1.evil.example"), ["'endpoint'"]),
        (token_answer(endpoint="https://"), ["'endpoint'", "https"]),
        (token_answer(endpoint="https://a@b/"), ["'endpoint'"]),
        (token_answer(endpoint="//127.0.0.1"), ["'endpoint'", "https"]),
        (token_answer(endpoint="https://two words.com"), ["'endpoint'", "https"]),
        (token_answer(endpoint="https://*.contentsquare.com"), ["'endpoint'"]),
        ("[" * 100_000, ["documented JSON", "auth_url"]),
    ],
)
def test_a_token_answer_that_is_not_documented(
    sandbox: Sandbox, config: Config, run: Runner, body: str, words: list[str]
) -> None:
    sandbox.add_fault(Fault(status=200, body=body, on="token", count=None))
    done = run(config, [schema(), *calls(3), state({"at": 3})])
    assert_one_line(done, *words)
    assert "secret-token" not in done.printed
    assert sandbox.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("endpoint", ["token", "enrichments"])
def test_redirects_are_not_followed(
    sandbox: Sandbox, config: Config, run: Runner, status: int, endpoint: Any
) -> None:
    location = f"{sandbox.url}/elsewhere"
    fault = Fault(status=status, location=location, on=endpoint, count=None)
    sandbox.add_fault(fault)
    done = run(config, [schema(), *calls(3), state({"at": 3})])
    assert_one_line(done, "redirect", str(status))


@pytest.mark.parametrize("status", [402, 403, 404, 405, 409])
def test_an_answer_that_trying_again_does_not_cure(
    sandbox: Sandbox, config: Config, run: Runner, status: int
) -> None:
    body = '{"message": "row marker-7 is odd", "errorCode": "ACCESS_DENIED"}'
    sandbox.add_fault(Fault(status=status, body=body, count=None))
    done = run(config, [schema(), *calls(3), state({"at": 3})])
    assert_one_line(done, str(status), "access_denied", "project 162")
    assert "marker-7" not in done.printed
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("body", ["", "[1]", '"text"', "[" * 100_000, "\x00"])
def test_an_answer_in_a_form_that_nobody_documented(
    sandbox: Sandbox, config: Config, run: Runner, body: str
) -> None:
    sandbox.add_fault(Fault(status=404, body=body, count=None))
    done = run(config, [schema(), *calls(3), state({"at": 3})])
    assert_one_line(done, "HTTP 404", "project 162")
    assert "defect" not in done.errors[0]


def test_rows_before_the_failure_are_delivered_and_covered_by_the_state(
    sandbox: Sandbox, config: Config, run: Runner
) -> None:
    sandbox.add_fault(Fault(status=404, after=1, count=None))
    config["max_parallel_requests"] = 1
    lines = [schema(), *calls(200), state({"at": 200}), *calls(200, first=200)]
    done = run(config, [*lines, state({"at": 400})])
    assert done.exit_code == 1
    assert done.states == [{"at": 200}]
    assert len(sandbox.enrichments) == 200


def test_a_row_without_a_key_property_is_a_broken_tap(
    config: Config, run: Runner
) -> None:
    keyed = schema(key_properties=["user_id", "call_center_name"])
    done = run(config, [keyed, record(call()), state(1)])
    assert_one_line(done, "'calls', row 1", "call_center_name")


def test_a_stream_with_nothing_to_send(config: Config, run: Runner) -> None:
    properties: dict[str, dict[str, str]] = {
        "user_id": {},
        "session_number": {},
        "session_started_at": {},
    }
    done = run(config, [schema(properties=properties), state(1)])
    assert_one_line(done, "'calls'", "no property to send")


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "\x7f", "a.b", "$", "é", "  "])
def test_a_property_may_have_any_name(
    config: Config, run: Runner, sandbox: Sandbox, name: str
) -> None:
    config["streams"] = {"*": {"fields": {"field": name}, "session_key": f"{name}key"}}
    properties: dict[str, dict[str, str]] = {
        name: {"type": "integer"},
        f"{name}key": {},
    }
    line = schema(properties=properties, key_properties=[f"{name}key"])
    done = run(config, [line, record({name: 5, f"{name}key": "u.1"}), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.errors
    assert sandbox.enrichments == {(162, "u", 1, 1): {"field": 5}}


def test_a_state_that_is_not_utf_8(config: Config, run: Runner) -> None:
    broken = '{"type": "STATE", "value": "\udcff"}'
    done = run(config, [schema(), *calls(1), broken])
    assert_one_line(done, "line 3")
    assert "defect" not in done.errors[0]


def test_an_activated_version_is_nothing_to_do(config: Config, run: Runner) -> None:
    version = '{"type": "ACTIVATE_VERSION", "stream": "calls", "version": 1}'
    done = run(config, [schema(), *calls(1), version, state(1)])
    assert (done.exit_code, done.states, done.warnings) == (0, [1], [])


def test_a_null_state_is_passed_over_with_one_warning(
    config: Config, run: Runner
) -> None:
    null = '{"type": "STATE", "value": null}'
    lines = [schema(), null, *calls(1), state({"at": 1}), null, *calls(1), null]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (0, [{"at": 1}]), done.printed
    (warning,) = done.warnings
    assert "line 2 of the input: a STATE is null" in warning


def test_a_run_may_have_null_states_only(config: Config, run: Runner) -> None:
    done = run(config, [schema(), *calls(2), '{"type":"STATE","value":null}'])
    assert (done.exit_code, done.states) == (0, [])
    assert done.metric["delivered"] == 2
