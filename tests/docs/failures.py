"""A run for every error that a user can cause, with the line that it logs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from target_contentsquare.sandbox import Fault, Sandbox
from tests.conftest import config_for
from tests.runs import run_command, run_here
from tests.singer_input import CALLS, call, record, schema, stream_of

_STREAM = stream_of([call()])
# It makes the lines after it come in one piece of 64 kB.
_LONG = record(call("a", note="x" * 70_000))
_OLD = record(call(session_started_at="2020-01-01T00:00:00Z"))
_FIELD = {"name": "call_duration", "type": "INT", "optional": True}


def _schema_of(*fields: Mapping[str, object]) -> dict[str, Any]:
    return {"integration_schema": {"fields": list(fields)}}


def _mapped(**mapping: object) -> dict[str, Any]:
    return {"streams": {"calls": mapping}}


@dataclass(frozen=True)
class Failure:
    """A run that fails.

    Args:
        changes: Changes of the config; None removes a setting.
        lines: The input.
        end: What follows its last line.
        faults: Faults of the sandbox.
        flags: Flags of the command.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = tuple(_STREAM)
    end: str = "\n"
    faults: Sequence[Fault] = ()
    flags: Mapping[str, Any] = field(default_factory=dict)

    def message(self, folder: Path) -> str:
        """Run it, and return the line that the user sees."""
        source = folder / "input.singer"
        lines = "\n".join(self.lines) + self.end
        source.write_text(lines.replace("FOLDER", str(folder)), "utf-8")
        (folder / "not.json").write_text("{", "utf-8")
        (folder / "list.json").write_text("[]", "utf-8")
        fields = json.dumps({"fields": [_FIELD]})
        (folder / "fields.json").write_text(fields, "utf-8")
        (folder / "rows.jsonl").write_text("{}\noops\n", "utf-8")
        state = '{"type": "STATE", "value": 1}\n'
        (folder / "state.singer").write_text(state, "utf-8")
        (folder / "empty.sqlite").touch()
        with Sandbox(faults=self.faults) as sandbox:
            changed = config_for(sandbox, **self.changes)
            config = {k: v for k, v in changed.items() if v is not None}
            text = json.dumps(config).replace("FOLDER", str(folder))
            run = run_here(json.loads(text), source, **self.flags)
        assert run.exit_code == 1, run.printed
        (line,) = run.errors
        return line


@dataclass(frozen=True)
class CommandFailure:
    """A command line that fails before any settings are known."""

    options: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def message(self, folder: Path) -> str:
        """Run it, and return the line that the user sees."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        run = run_command(self.options, [], self.environment, folder)
        assert run.exit_code == 1, run.printed
        (line,) = run.errors
        return line


def _batch(encoding: object, manifest: object) -> list[str]:
    message = {"stream": "calls", "encoding": encoding, "manifest": manifest}
    return [schema(), json.dumps({"type": "BATCH", **message})]


def _token_answer(**changes: object) -> Fault:
    answer = {
        "access_token": "token",
        "expires_in": 3600,
        "project_id": 162,
        "endpoint": "http://127.0.0.1:9",
        **changes,
    }
    return Fault(on="token", status=200, body=json.dumps(answer))


_MANY = {f"f{number}": {"type": "integer"} for number in range(11)}
_IDENTITY = {"user_id": {"type": "string"}, "session_number": {"type": "integer"}}
_NESTED = {**_IDENTITY, "tags": {"type": "array"}}

_FLATTENED = {"flattening_enabled": True, "flattening_max_depth": 1}
_SITE: dict[str, Any] = {
    **_IDENTITY,
    "site": {"type": "object", "properties": {"city": {"type": "string"}}},
}

COMMANDS = {
    "config file missing": CommandFailure(["--config", "missing.json"]),
    "config file not JSON": CommandFailure(
        ["--config", "not.json"], files={"not.json": b"{"}
    ),
    "config file not text": CommandFailure(
        ["--config", "latin-1.json"], files={"latin-1.json": b'{"client_id": "\xe9"}'}
    ),
    "config file not an object": CommandFailure(
        ["--config", "list.json"], files={"list.json": b"[]"}
    ),
    "config not a file": CommandFailure(["--config", '{"client_secret": "x"}']),
    "variable not read": CommandFailure(
        ["--config", "c.json"],
        {"TARGET_CONTENTSQUARE_DRY_RUN": "true"},
        {"c.json": b"{}"},
    ),
    "dotenv not UTF-8": CommandFailure(
        ["--config", "ENV"], files={".env": b"TARGET_CONTENTSQUARE_CLIENT_ID=\xe9"}
    ),
    "input not UTF-8": CommandFailure(
        ["--config", "c.json", "--input", "i.singer"],
        files={
            "c.json": b'{"dry_run": true, "streams": {"*": {}}}',
            "i.singer": b'{"type": "RECORD", "stream": "\xe9"}',
        },
    ),
    "variable": CommandFailure(
        ["--config", "ENV"], {"TARGET_CONTENTSQUARE_PROJECT_ID": "shop"}
    ),
}
CONFIG = {
    "required": Failure({"client_secret": None}),
    "flattening depth": Failure({"flattening_enabled": True}),
    "project without credentials": Failure(
        {
            "client_id": None,
            "client_secret": None,
            "credentials": {"7": {"client_id": "a", "client_secret": "b"}},
        }
    ),
    "credentials of no project": Failure(
        {"credentials": {"shop": {"client_id": "a", "client_secret": "b"}}}
    ),
    "max_rejected is neither": Failure({"max_rejected": "many"}),
    "out of range": Failure({"batch_size_rows": 500}),
    "unknown key": Failure(_mapped(userid="u")),
    "session_key and user_id": Failure(_mapped(session_key="k", user_id="u")),
    "schema file missing": Failure({"integration_schema": "missing.json"}),
    "schema file not JSON": Failure({"integration_schema": "FOLDER/not.json"}),
    "schema file not an object": Failure({"integration_schema": "FOLDER/list.json"}),
    "schema file of no name": Failure({"integration_schema": "calls\0.json"}),
    "schema text not JSON": Failure({"integration_schema": "{"}),
    "schema without fields": Failure(_schema_of()),
    "field without name": Failure(_schema_of({"type": "INT"})),
    "field type": Failure(_schema_of({"name": "a", "type": "NUMBER"})),
    "field optional": Failure(_schema_of({**_FIELD, "optional": "yes"})),
    "field name": Failure(_schema_of({**_FIELD, "name": "é" * 26})),
    "field twice": Failure(_schema_of(_FIELD, _FIELD)),
    "11 of a type": Failure(_schema_of(*({**_FIELD, "name": n} for n in _MANY))),
    "auth_url": Failure({"auth_url": "http://example.com/"}),
    "projects": Failure(
        {"project_id": None, "streams": {"a": {"project_id": 1}, "b": {}}}
    ),
    "rejected_path": Failure({"rejected_path": "FOLDER/missing/rejected.singer"}),
    "rejected_path is a schema": Failure(
        {
            "rejected_path": "FOLDER/fields.json",
            "integration_schema": "FOLDER/fields.json",
        }
    ),
    "rejected_path is input": Failure({"rejected_path": "FOLDER/input.singer"}),
}
MEMORY = {
    "memory_path": Failure({"memory_path": "FOLDER/missing/memory.sqlite"}),
    "memory_path is a schema": Failure(
        {
            "memory_path": "FOLDER/fields.json",
            "integration_schema": "FOLDER/fields.json",
        }
    ),
    "auto without memory": Failure(_mapped(enrichment_number="auto")),
    "auto without keys": Failure(
        {"memory_path": "FOLDER/empty.sqlite", **_mapped(enrichment_number="auto")}
    ),
    "retry without files": Failure({"retry_rejected": True}),
    "retry of another file": Failure(
        {
            "memory_path": "FOLDER/empty.sqlite",
            "rejected_path": "FOLDER/state.singer",
            "retry_rejected": True,
        }
    ),
    "find without memory": Failure(flags={"find": "u-1.1"}),
    "find before a run": Failure(
        {"memory_path": "FOLDER/memory.sqlite"}, flags={"find": "u-1.1"}
    ),
    "find no session": Failure(
        {"memory_path": "FOLDER/empty.sqlite"}, flags={"find": "u-1"}
    ),
}
INPUT = {
    "not JSON": Failure(lines=["oops"]),
    "a row cut off": Failure(
        lines=[*_STREAM, record(call()), record(call())[:60]], end=""
    ),
    "two rows on a line": Failure(
        lines=[*_STREAM, _LONG, _OLD + _OLD + _OLD + record(call("b"))]
    ),
    "a STATE cut off": Failure(lines=[*_STREAM, '{"type": "STATE", "val'], end=""),
    "STATE that is too deep": Failure(
        lines=['{"type": "STATE", "value": ' + "[" * 10_000 + "]" * 10_000 + "}"]
    ),
    "not Singer": Failure(lines=["{}"]),
    "unknown type": Failure(lines=['{"type": "HELLO"}']),
    "RECORD first": Failure(lines=[record(call())]),
    "SCHEMA without stream": Failure(lines=['{"type": "SCHEMA"}']),
    "SCHEMA without properties": Failure(
        lines=['{"type": "SCHEMA", "stream": "calls", "schema": {}}']
    ),
    "SCHEMA with odd keys": Failure(
        lines=[schema().replace('"key_properties": []', '"key_properties": "id"')]
    ),
    "SCHEMA of no use": Failure(
        {"stream_maps": {"calls": {"call_date": None}}},
        lines=[schema(required=7)],
    ),
    "two columns of a name": Failure(
        _FLATTENED, lines=stream_of([], {**_SITE, "site__city": {}})
    ),
    "too many columns": Failure(
        _FLATTENED, lines=stream_of([], {f"p{n}": {} for n in range(10_001)})
    ),
    "SCHEMA that is not valid": Failure(
        {"validate_records": True},
        lines=stream_of([call()], {**CALLS, "call_duration": {"minimum": "x"}}),
    ),
    "SCHEMA with a lost $ref": Failure(
        {"validate_records": True},
        lines=stream_of([call()], {**CALLS, "call_duration": {"$ref": "#/no"}}),
    ),
    "STATE that is not JSON": Failure(lines=['{"type": "STATE", "value": {"a": NaN}}']),
    "STATE without value": Failure(lines=[schema(), '{"type": "STATE"}']),
    "RECORD without record": Failure(
        lines=[schema(), '{"type": "RECORD", "stream": "calls"}']
    ),
    "key property": Failure(lines=[schema(key_properties=["id"]), record(call())]),
    "BATCH without manifest": Failure(lines=_batch({"format": "jsonl"}, None)),
    "BATCH format": Failure(lines=_batch({"format": "parquet"}, [])),
    "BATCH file": Failure(lines=_batch({"format": "jsonl"}, ["missing.jsonl"])),
    "BATCH row": Failure(
        {"rejected_path": "FOLDER/rejected.singer"},
        lines=_batch({"format": "jsonl"}, ["FOLDER/rows.jsonl"]),
    ),
    "all skipped": Failure({"streams": {"crm-*": {}}}),
}
MAPPING = {
    "missing property": Failure(_mapped(user_id="cs_user_id")),
    "nested": Failure(_mapped(fields={"tags": "tags"}), lines=stream_of([], _NESTED)),
    "not in the schema": Failure(
        {**_schema_of(_FIELD), **_mapped(fields={"a": "call_duration"})}
    ),
    "not mapped": Failure(
        {
            **_schema_of(_FIELD, {"name": "score", "type": "INT"}),
            **_mapped(fields={"call_duration": "call_duration"}),
        }
    ),
    "too many of a type": Failure(lines=stream_of([], {**_IDENTITY, **_MANY})),
    "nothing to send": Failure(lines=stream_of([], _IDENTITY)),
    "field's name": Failure(_mapped(fields={"n" * 51: "call_duration"})),
    "no proposal": Failure({"streams": {"crm-*": {}}}, flags={"propose_schema": True}),
    "proposal": Failure(
        {"streams": {"*": {}}},
        lines=[
            *stream_of([], {**_IDENTITY, **dict(list(_MANY.items())[:6])}, "a"),
            *stream_of([], {**_IDENTITY, **dict(list(_MANY.items())[6:])}, "b"),
        ],
        flags={"propose_schema": True},
    ),
}
ROWS = {
    "bad row": Failure(lines=stream_of([call(call_date="yesterday")])),
    "max_rejected": Failure(
        {"rejected_path": "FOLDER/rejected.singer", "max_rejected": 0},
        lines=stream_of([call(call_date="yesterday")]),
    ),
    "expression not Python": Failure(
        {"stream_maps": {"calls": {"call_duration": "1 +"}}}
    ),
    "alias": Failure({"stream_maps": {"calls": {"__alias__": "1 / 0"}}}),
    "expression": Failure(
        {"stream_maps": {"calls": {"call_duration": "int(call_center_name)"}}},
        lines=stream_of([call(call_center_name="RENNES")]),
    ),
}
CONTENTSQUARE = {
    "credentials": Failure({"client_secret": "wrong"}),
    "project": Failure({"project_id": 7}),
    "no project": Failure({"project_id": None}),
    "no token": Failure(faults=[Fault(on="token", status=403)]),
    "token redirect": Failure(
        faults=[Fault(on="token", status=302, location="http://127.0.0.1:9/")]
    ),
    "token not JSON": Failure(faults=[Fault(on="token", status=200, body="hello")]),
    "token without life": Failure(faults=[_token_answer(expires_in="soon")]),
    "token's project": Failure(faults=[_token_answer(project_id=163)]),
    "token for no project": Failure(
        {"project_id": None}, faults=[_token_answer(project_id=None)]
    ),
    "token endpoint answers 500 only": Failure(
        faults=[Fault(on="token", status=500)], flags={"test": True}
    ),
    "endpoint": Failure(faults=[_token_answer(endpoint="http://example.com")]),
    "token endpoint away": Failure(
        {"auth_url": "http://127.0.0.1:9/"}, flags={"test": True}
    ),
    "token endpoint elsewhere": Failure(
        faults=[Fault(on="token", status=404)], flags={"test": True}
    ),
    "token endpoint in trouble": Failure(
        faults=[Fault(on="token", status=503)], flags={"test": True}
    ),
    "fresh token": Failure(faults=[Fault(status=401, count=None)]),
    "version": Failure({"integration_version": 9}),
    "forbidden": Failure(faults=[Fault(status=403)]),
    "redirect": Failure(faults=[Fault(status=307, location="http://127.0.0.1:9/")]),
    "unexpected": Failure(faults=[Fault(status=404)]),
    "every row refused": Failure(
        {"rejected_path": "FOLDER/rejected.singer"},
        lines=[schema(), *(record(call(f"u-{n}")) for n in range(20))],
        faults=[Fault(status=422, count=None)],
    ),
    "nothing delivered": Failure(
        {"rejected_path": "FOLDER/rejected.singer"},
        lines=stream_of([call(call_date="yesterday")]),
    ),
    "share of rejected rows": Failure(
        {"rejected_path": "FOLDER/rejected.singer", "max_rejected": "5%"},
        lines=[schema(), record(call()), record(call("u-2", call_date="x"))],
    ),
    "too few delivered": Failure({"min_delivered": 2}, lines=stream_of([call()])),
    "given up": Failure(
        {"max_retry_seconds": 0}, faults=[Fault(status=503, count=None)]
    ),
    "no answer": Failure(
        {"max_retry_seconds": 0}, faults=[Fault(drop="before", count=None)]
    ),
}
FAILURES: dict[str, Failure | CommandFailure] = {
    **COMMANDS,
    **CONFIG,
    **MEMORY,
    **INPUT,
    **MAPPING,
    **ROWS,
    **CONTENTSQUARE,
}
