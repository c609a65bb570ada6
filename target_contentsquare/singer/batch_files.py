"""BATCH messages: files full of rows, read as streams and never into memory."""

from __future__ import annotations

import itertools
import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any

import fsspec
import msgspec

from target_contentsquare.errors import InputError
from target_contentsquare.singer.json_lines import is_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPRESSIONS = {None: None, "none": None, "gzip": "gzip"}


def batch_lines(
    message: Mapping[str, Any], storage: Mapping[str, Any] | None
) -> Iterator[bytes]:
    """Yield each row of a BATCH message's files, in order, as a RECORD line.

    Args:
        message: The BATCH message.
        storage: The SDK's `batch_config.storage`: `root` stands in for the folder
            that the manifest names, `params` go to fsspec.

    Raises:
        InputError: The message or a file can't be read; names the file.
    """
    stream, encoding = message.get("stream"), message.get("encoding")
    manifest = message.get("manifest")
    if not isinstance(encoding, dict) or not isinstance(manifest, list):
        raise InputError(f"BATCH of stream '{stream}': no 'encoding' or 'manifest'")
    form, compression = encoding.get("format"), encoding.get("compression")
    is_text = isinstance(compression, (str, type(None)))
    if form != "jsonl" or not is_text or compression not in _COMPRESSIONS:
        raise InputError(
            f"BATCH of stream '{stream}': its files must be JSONL, plain or gzip: "
            "change the tap's batch_config"
        )
    head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(str(stream))
    rows = itertools.chain.from_iterable(
        _rows(str(url), _COMPRESSIONS[compression], storage or {}) for url in manifest
    )
    for number, row in enumerate(rows, start=1):
        if not is_json(row):
            raise InputError(f"a batch file of '{stream}': row {number} is not JSON")
        yield b"%b%b}" % (head, row)


def _rows(
    url: str, compression: str | None, storage: Mapping[str, Any]
) -> Iterator[bytes]:
    if root := storage.get("root"):
        url = f"{str(root).rstrip('/')}/{url.rsplit('/', 1)[-1]}"
    try:
        opened = fsspec.open(
            url, "rb", compression=compression, **(storage.get("params") or {})
        )
        with opened as file:
            for number, line in enumerate(file):
                row = line.strip() if number else line.removeprefix(BOM_UTF8).strip()
                if row:
                    yield row
    except Exception as error:  # noqa: BLE001 - each file system raises its own
        reason = getattr(error, "strerror", None) or type(error).__name__
        hint = f": {error}" if isinstance(error, ImportError) else ""
        raise InputError(
            f"batch file '{_without_secrets(url)}' can't be read ({reason}){hint}"
        ) from None


def _without_secrets(url: str) -> str:
    """Return the URL without a password, or a signature in its query."""
    return re.sub(r"(?<=//)[^/@]*@|\?.*", "", url, flags=re.DOTALL)
