"""From rows to enrichments: names, defaults, globs, projects, duplicates."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.conftest import config_for
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state, stream_of

WIDE = {**CALLS, "number": {}, "project": {}, "key": {"type": "string"}}


def ago(**age: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**age)).isoformat()


def test_every_field_arrives_as_its_type(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    row = call(
        "aaa",
        5,
        call_center_name="RENNES",
        call_duration=3532,
        call_client_rating=4.5,
        has_called=True,
        call_date="2022-01-01T21:02:22+01:00",
    )
    done = run(config, stream_of([row]))
    assert done.exit_code == 0
    fields = {
        "call_center_name": "RENNES",
        "call_duration": 3532,
        "call_client_rating": 4.5,
        "has_called": True,
        "call_date": "2022-01-01T20:02:22Z",
    }
    assert sandbox.enrichments == {(162, "aaa", 5, 1): fields}


def test_null_fields_are_left_out(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    row = call(call_center_name=None, has_called=None)
    run(config, stream_of([row]))
    assert list(sandbox.enrichments.values()) == [{"call_duration": 60}]


def test_own_names(config: Config, run: Runner, sandbox: Sandbox) -> None:
    config["streams"] = {
        "calls": {
            "user_id": "cs user",
            "session_number": "cs.session",
            "session_started_at": "began",
            "fields": {"duration": "seconds", "minutes": "seconds"},
        }
    }
    properties: dict[str, dict[str, str]] = {
        "cs user": {},
        "cs.session": {},
        "began": {},
        "seconds": {},
    }
    old = {"cs user": "b", "cs.session": 1, "began": ago(days=8), "seconds": 7}
    new = {**old, "cs user": "a", "began": ago(days=6)}
    done = run(config, stream_of([old, new], properties))
    assert sandbox.enrichments == {(162, "a", 1, 1): {"duration": 7, "minutes": 7}}
    assert done.metric["dropped"] == {"session_too_old": 1}


def test_the_session_key_as_the_tag_gives_it(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {"calls": {"session_key": "key"}}
    rows = [{"key": "aaa-b.5", "call_duration": 1}, {"key": "x.y.007", "has_called": 1}]
    properties = {k: WIDE[k] for k in ("key", "call_duration", "has_called")}
    run(config, stream_of(rows, properties))
    assert sandbox.enrichments == {
        (162, "aaa-b", 5, 1): {"call_duration": 1},
        (162, "x.y", 7, 1): {"has_called": True},
    }


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        ("5.0", 5),
        (" 5 ", 5),
        (2**53 + 1, 2**53 + 1),
        ("9007199254740993", 2**53 + 1),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_session_numbers_as_integers_integral_numbers_or_text(
    config: Config, run: Runner, sandbox: Sandbox, value: object, sent: int
) -> None:
    run(config, stream_of([call("a", value)]))
    assert [key.session_number for key in sandbox.enrichments] == [sent]


def test_a_user_id_may_be_an_integer(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    rows = [{**call(), "user_id": user} for user in (7, "7x", "é", 2**70)]
    run(config, stream_of(rows))
    users = {key.user_id for key in sandbox.enrichments}
    assert users == {"7", "7x", "é", str(2**70)}


@pytest.mark.parametrize(
    ("value", "is_sent"),
    [
        (lambda: ago(days=6.99), True),
        (lambda: ago(days=7.01), False),
        (lambda: ago(days=6.99)[:19], True),
        (lambda: ago(days=7.01)[:19], False),
        (lambda: ago(days=6)[:10], True),
        (lambda: ago(days=7)[:10], True),
        (lambda: ago(days=8.1)[:10], False),
        (lambda: datetime.now(timezone.utc).timestamp() - 6.99 * 86400, True),
        (lambda: datetime.now(timezone.utc).timestamp() - 7.01 * 86400, False),
        (lambda: int((datetime.now(timezone.utc).timestamp() - 6e5) * 1000), True),
        (lambda: int((datetime.now(timezone.utc).timestamp() - 7e5) * 1000), False),
        (lambda: str(int(datetime.now(timezone.utc).timestamp() - 6e5)), True),
        (lambda: str(int(datetime.now(timezone.utc).timestamp() - 7e5)), False),
        (lambda: None, True),
        (lambda: "", True),
        (lambda: ago(days=-1), True),
    ],
)
def test_the_seven_day_window(
    config: Config, run: Runner, sandbox: Sandbox, value: Any, *, is_sent: bool
) -> None:
    properties = {**CALLS, "session_started_at": {}}
    done = run(config, stream_of([call(session_started_at=value())], properties))
    assert (done.exit_code, len(sandbox.enrichments)) == (0, int(is_sent))
    assert done.metric["dropped"] == ({} if is_sent else {"session_too_old": 1})


def test_a_row_without_a_session_start_is_sent(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    row = call()
    assert "session_started_at" not in row
    run(config, stream_of([row]))
    assert len(sandbox.enrichments) == 1


def test_a_shorter_window(config: Config, run: Runner, sandbox: Sandbox) -> None:
    config["max_session_age_days"] = 0.5
    rows = [
        call("new", session_started_at=ago(hours=11)),
        call("old", session_started_at=ago(hours=13)),
    ]
    run(config, stream_of(rows))
    assert [key.user_id for key in sandbox.enrichments] == ["new"]


def test_rows_with_no_value_are_dropped_and_said_once(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    rows = [call(str(n), call_duration=None) for n in range(5)]
    done = run(config, [*stream_of(rows), state(5)])
    assert (done.exit_code, done.states, sandbox.requests) == (0, [5], [])
    assert done.metric["dropped"] == {"no_enrichment_fields": 5}
    said = [text for text in done.logged("INFO") if "Dropping rows" in text]
    assert len(said) == 1
    assert "no_enrichment_fields" in said[0]


def test_an_exact_name_wins_then_the_first_glob(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {
        "crm-*": {"enrichment_number": 1},
        "crm-calls": {"enrichment_number": 2},
        "*": {"enrichment_number": 3},
        "crm-c*": {"enrichment_number": 1, "fields": {"never": "has_called"}},
    }
    for stream in ("crm-chats", "crm-calls", "web"):
        run(config, stream_of([call(stream)], stream=stream))
    found = {key.user_id: key.enrichment_number for key in sandbox.enrichments}
    assert found == {"crm-chats": 1, "crm-calls": 2, "web": 3}


def test_names_are_matched_with_their_case(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {"Calls": {}, "other-*": {}}
    lines = [*stream_of([call("no")]), *stream_of([call("yes")], stream="Calls")]
    done = run(config, [*lines, state(1)])
    assert [key.user_id for key in sandbox.enrichments] == ["yes"]
    assert done.metric["skipped"] == 1
    assert done.states == [1]
    assert len([text for text in done.warnings if "'calls' is skipped" in text]) == 1
    assert any("streams.other-*" in text for text in done.warnings)


def test_the_enrichment_number_of_a_property(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {"calls": {"enrichment_number": "number"}}
    rows = [call(number=number) for number in (1, "2", 3.0)]
    run(config, stream_of(rows, WIDE | {"project": {"type": "null"}}))
    numbers = sorted(key.enrichment_number for key in sandbox.enrichments)
    assert numbers == [1, 2, 3]


def test_the_project_of_a_property_and_of_a_stream(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {
        "calls": {"project_id": "project", "fields": {"d": "call_duration"}},
        "chats": {"project_id": 163, "fields": {"d": "call_duration"}},
        "mails": {"fields": {"d": "call_duration"}},
    }
    rows = [call("a", project=162), call("b", project="163"), call("c", project=163.0)]
    lines = stream_of(rows, WIDE)
    lines += stream_of([call("d")], stream="chats")
    lines += stream_of([call("e")], stream="mails")
    done = run(config, lines)
    assert done.exit_code == 0, done.printed
    found = {key.user_id: key.project_id for key in sandbox.enrichments}
    assert found == {"a": 162, "b": 163, "c": 163, "d": 163, "e": 162}
    assert len(sandbox.requests) == 2
    assert len(sandbox.token_requests) == 2


def test_credentials_of_a_project_know_theirs(run: Runner, sandbox: Sandbox) -> None:
    config = config_for(
        sandbox,
        client_id="sandbox-162",
        client_secret="sandbox-162-secret",  # noqa: S106 - the sandbox's own
    )
    del config["project_id"]
    done = run(config, [schema(), *calls(2)])
    assert done.exit_code == 0, done.printed
    assert {key.project_id for key in sandbox.enrichments} == {162}
    assert [one.project_id for one in sandbox.token_requests] == [162]


def test_the_integration_version_of_a_stream(run: Runner) -> None:
    with Sandbox(integration_versions=[1, 2]) as sandbox:
        config = config_for(
            sandbox, streams={"calls": {}, "chats": {"integration_version": 2}}
        )
        lines = [*stream_of([call("a")]), *stream_of([call("b")], stream="chats")]
        done = run(config, lines)
        assert done.exit_code == 0
        found = sorted((one.integration_version, one.rows) for one in sandbox.requests)
        assert found == [(1, 1), (2, 1)]


def test_duplicates_are_merged_and_the_last_one_wins(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    rows = [call("a", call_duration=n) for n in range(5)] + [call("b")]
    rows += [call("a", has_called=True, call_duration=None)]
    done = run(config, stream_of(rows))
    assert sandbox.enrichments == {
        (162, "b", 1, 1): {"call_duration": 60},
        (162, "a", 1, 1): {"has_called": True},
    }
    assert (done.metric["merged"], done.metric["delivered"]) == (5, 2)
    assert sandbox.duplicates_in_batch == 0


def test_duplicates_are_merged_across_integration_versions_of_a_project(
    run: Runner,
) -> None:
    with Sandbox(integration_versions=[1, 2]) as sandbox:
        config = config_for(
            sandbox, streams={"calls": {}, "chats": {"integration_version": 2}}
        )
        lines = [schema(), schema("chats")]
        lines += [record(call("a", call_duration=1), "chats")]
        lines += [record(call("a", call_duration=2))]
        lines += [record(call("b", call_duration=1))]
        lines += [record(call("b", call_duration=2), "chats")]
        done = run(config, lines)
        values = {key.user_id: v for key, v in sandbox.enrichments.items()}
        assert values == {"a": {"call_duration": 2}, "b": {"call_duration": 2}}
        assert done.metric["streams"]["calls"]["merged"] == 1
        assert done.metric["streams"]["chats"]["merged"] == 1
        assert sandbox.totals.delivered_enrichments == 2


def test_the_last_one_wins_when_the_first_was_sent_already(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    again = [record(call(f"u-{n}", call_duration=7)) for n in range(200)]
    done = run(config, [schema(), *calls(200), *again])
    assert {v["call_duration"] for v in sandbox.enrichments.values()} == {7}
    assert done.metric["delivered"] == 400


def test_the_same_session_in_two_projects_are_two(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {"calls": {"project_id": "project"}}
    rows = [call("a", project=162), call("a", project=163)]
    done = run(config, stream_of(rows, {**CALLS, "project": {}}))
    assert (len(sandbox.enrichments), done.metric["merged"]) == (2, 0)


def test_a_thousand_rows_make_five_requests_whatever_is_dropped_between(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    old, empty = ago(days=9), {"call_duration": None}
    lines = [schema()]
    for n in range(1000):
        user = f"u-{n}"
        lines.append(record(call(f"old-{n}", session_started_at=old)))
        lines.append(record(call(f"empty-{n}", **empty)))
        lines.append(record(call(user)))
        lines.append(record({**call(user), **empty}))
    done = run(config, [*lines, state("end")])
    assert sorted(one.rows for one in sandbox.requests) == [200] * 5
    assert done.metric["dropped"] == {
        "session_too_old": 1000,
        "no_enrichment_fields": 2000,
    }
    assert done.states[-1] == "end"


def test_batches_fill_per_project_and_version(run: Runner) -> None:
    with Sandbox(integration_versions=[1, 2]) as sandbox:
        one = {"project_id": "project", "fields": {"d": "call_duration"}}
        config = config_for(
            sandbox, streams={"a": one, "b": {**one, "integration_version": 2}}
        )
        properties = {**CALLS, "project": {}}
        lines = [schema("a", properties), schema("b", properties)]
        for n in range(800):
            row = call(f"u-{n}", project=162 + n % 2)
            lines.append(record(row, "ab"[n // 2 % 2]))
        assert run(config, lines).exit_code == 0
        found = {
            (o.project_id, o.integration_version, o.rows) for o in sandbox.requests
        }
        assert found == {(p, v, 200) for p in (162, 163) for v in (1, 2)}
        assert len(sandbox.requests) == 4


def test_the_batch_size_can_be_smaller(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    run({**config, "batch_size_rows": 7}, [schema(), *calls(20)])
    assert sorted(one.rows for one in sandbox.requests) == [6, 7, 7]


def test_types_come_from_the_streams_schema(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    kinds: dict[str, Any] = {
        "int": {"type": ["null", "integer"]},
        "number": {"type": "number"},
        "bool": {"type": "boolean"},
        "text": {"type": "string"},
        "moment": {"type": "string", "format": "date-time"},
        "day": {"type": ["string", "null"], "format": "date"},
        "several": {"type": ["string", "integer", "null"]},
        "any_of": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
        "nothing": {},
    }
    properties = {"user_id": {}, "session_number": {}, **kinds}
    row = dict.fromkeys(kinds, "1") | {"moment": "2022-01-01", "day": "2022-01-01"}
    run(config, stream_of([{**call(), **row, "several": 7}], properties))
    (fields,) = sandbox.enrichments.values()
    assert fields == {
        "int": 1,
        "number": 1.0,
        "bool": True,
        "text": "1",
        "moment": "2022-01-01T00:00:00Z",
        "day": "2022-01-01T00:00:00Z",
        "several": "7",
        "any_of": 1,
        "nothing": "1",
    }


@pytest.mark.parametrize(
    "nested",
    [
        {"type": "object"},
        {"type": ["null", "array"]},
        {"type": ["string", "object"]},
        {"anyOf": [{"type": "string"}, {"type": "array"}]},
    ],
)
def test_nested_properties_are_left_out_with_one_warning(
    config: Config, run: Runner, sandbox: Sandbox, nested: dict[str, Any]
) -> None:
    properties = {**CALLS, "nested": nested}
    done = run(config, stream_of([call(nested="x"), call("b")], properties))
    assert done.exit_code == 0
    assert len([text for text in done.warnings if "'nested'" in text]) == 1
    assert all("nested" not in fields for fields in sandbox.enrichments.values())
    config["streams"] = {"calls": {"fields": {"n": "nested"}}}
    done = run(config, stream_of([call()], properties))
    assert done.exit_code == 1
    assert len(done.errors) == 1
    assert "streams.calls.fields.n" in done.errors[0]


def test_numbers_arrive_exactly(config: Config, run: Runner, sandbox: Sandbox) -> None:
    rows = [
        {**call(str(n)), "call_client_rating": value}
        for n, value in enumerate([0.1, 1e-7, 123456.789, 3, 5e-324, 1.79769e308])
    ]
    run(config, stream_of(rows))
    sent = [fields["call_client_rating"] for fields in sandbox.enrichments.values()]
    assert sent == [0.1, 1e-7, 123456.789, 3, 5e-324, 1.79769e308]


def test_a_schema_that_changes_is_taken_up(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    wider = {**CALLS, "more": {"type": "integer"}}
    lines = stream_of([call("a", more=1)]) + stream_of([call("b", more="2")], wider)
    done = run(config, lines)
    values = {key.user_id: dict(v) for key, v in sandbox.enrichments.items()}
    assert values == {
        "a": {"call_duration": 60},
        "b": {"call_duration": 60, "more": 2},
    }
    assert done.metric["streams"]["calls"]["read"] == 2


def test_more_than_ten_fields_of_a_type_are_an_error(
    config: Config, run: Runner
) -> None:
    properties: dict[str, dict[str, str]] = {"user_id": {}, "session_number": {}}
    properties |= {f"n{n}": {"type": "integer"} for n in range(11)}
    done = run(config, [schema(properties=properties)])
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "11" in done.errors[0]
    assert "INT" in done.errors[0]
