from collections.abc import Callable, Iterator

import pytest
import requests

from target_contentsquare.sandbox import Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]

SCHEMA = {
    "fields": [
        {"name": "center", "type": "STRING", "optional": False},
        {"name": "duration", "type": "INT", "optional": True},
        {"name": "rating", "type": "FLOAT", "optional": True},
        {"name": "answered", "type": "BOOL", "optional": True},
        {"name": "date", "type": "DATETIME", "optional": True, "label": "Call date"},
    ]
}


@pytest.fixture
def strict() -> Iterator[Sandbox]:
    with Sandbox(integration_schemas={1: SCHEMA}) as running:
        yield running


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": 3532},
        {"rating": 4.5},
        {"rating": 4},
        {"rating": 3_000_000_000},
        {"answered": False},
        {"date": "2022-01-01T20:02:22Z"},
        {"date": "2024-02-29T00:00:00Z"},
        {"center": ""},
    ],
)
def test_what_matches_the_schema_is_taken(
    strict: Sandbox, send: Ask, row: Row, fields: dict[str, object]
) -> None:
    enrichment = {"center": "RENNES"} | fields

    assert send(strict, [row(enrichment=enrichment)]).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"centre": "RENNES"},
        {"center": 35},
        {"center": "x" * 51},
        {"center": True},
        {"duration": 1.0},
        {"duration": "1"},
        {"duration": True},
        {"duration": 2147483648},
        {"rating": "4.5"},
        {"rating": True},
        {"rating": 10**309},
        {"answered": 1},
        {"answered": "true"},
        {"date": "2022-01-01T20:02:22"},
        {"date": "2022-01-01 20:02:22Z"},
        {"date": "2022-01-01T20:02:22.000Z"},
        {"date": "2022-01-01T20:02:22+00:00"},
        {"date": "2022-01-01T20:02Z"},
        {"date": "2022-01-01T20:02:22Z\n"},
        {"date": "٢٠٢٢-01-01T20:02:22Z"},
        {"date": "2023-02-29T00:00:00Z"},
        {"date": "2022-01-01T24:00:00Z"},
        {"date": "2022-01-01T23:59:60Z"},
        {"date": "0000-01-01T00:00:00Z"},
        {"date": 1640995200},
        {"duration": None},
        {"rating": []},
    ],
)
def test_what_does_not_match_is_refused_and_the_field_recorded(
    strict: Sandbox, send: Ask, row: Row, fields: dict[str, object]
) -> None:
    enrichment = {"center": "RENNES"} | fields

    assert send(strict, [row(enrichment=enrichment)]).status_code == 400
    reason = strict.requests[-1].reason or ""
    assert f"'{next(iter(fields))}'" in reason


def test_a_field_that_is_not_optional_may_not_be_missing(
    strict: Sandbox, send: Ask, row: Row
) -> None:
    assert send(strict, [row(enrichment={"duration": 1})]).status_code == 400
    assert strict.requests[-1].reason == (
        "'center' is missing, and the schema requires it"
    )


def test_every_version_has_its_own_schema_and_others_are_unknown(
    send: Ask, row: Row
) -> None:
    second = {"fields": [{"name": "score", "type": "INT", "optional": False}]}
    with Sandbox(integration_schemas={2: SCHEMA, 3: second}) as sandbox:
        rows = [row(enrichment={"score": 1})]
        assert send(sandbox, rows, integrationVersion=3).status_code == 200
        assert send(sandbox, rows, integrationVersion=2).status_code == 400
        unknown = send(sandbox, rows, integrationVersion=1)

    assert unknown.json() == {"message": "bad integration version"}


@pytest.mark.parametrize(
    ("document", "about"),
    [
        ([], "fields"),
        ({}, "fields"),
        ({"fields": ["a"]}, "fields"),
        ({"fields": [{"type": "INT"}]}, "name"),
        ({"fields": [{"name": "", "type": "INT"}]}, "name"),
        ({"fields": [{"name": "n" * 51, "type": "INT"}]}, "50 bytes"),
        ({"fields": [{"name": "a", "type": "DATE"}]}, "DATETIME"),
        ({"fields": [{"name": "a"}]}, "type"),
        ({"fields": [{"name": "a", "type": "INT", "optional": "no"}]}, "optional"),
        ({"fields": [{"name": "a", "type": "INT"}] * 2}, "2 times"),
        ({"fields": [{"name": f"a{n}", "type": "INT"} for n in range(11)]}, "10"),
    ],
)
def test_a_schema_that_could_not_be_registered_is_an_error(
    document: object, about: str
) -> None:
    with pytest.raises(ValueError, match=about):
        Sandbox(integration_schemas={1: document})
