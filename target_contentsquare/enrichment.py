"""An enrichment, and the key under which Contentsquare keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Scalar: TypeAlias = str | int | float | bool | datetime

#: project (None: the credentials' own), user id, session number, enrichment number.
#: Contentsquare keeps one enrichment for each key; a later one overwrites it.
Key: TypeAlias = tuple[int | None, str, int, int]

#: Stands for the number of an enrichment that the memory is to give.
UNNUMBERED = 0


class Integration(NamedTuple):
    """What a batch's enrichments have to match, and whose token sends them.

    Attributes:
        version: Of the integration schema registered with Contentsquare.
        id: Named in the token request when set.
    """

    version: int
    id: int | str | None = None


class Enrichment(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """One item of a batch, named and shaped as the API's JSON.

    `enrichment` holds the fields: a struct of the stream's own, made by its mapping.
    """

    user_id: str
    session_number: int
    enrichment_number: int
    enrichment: Any


def encode(enrichments: Sequence[Enrichment]) -> bytes:
    """Return enrichments as the JSON array that a batch has."""
    return _encoder.encode(enrichments)


_encoder = msgspec.json.Encoder()
