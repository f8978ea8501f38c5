"""JSON as a table: arrays, lines and nested objects, read in pieces."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Any, BinaryIO, Final

import ijson
import orjson

from wealthhub.imports import cards
from wealthhub.imports.rows import (
    BYTES_PER_READ,
    ROWS_PER_BATCH,
    BrokenRow,
    FileRefused,
    Rows,
    TableReader,
    cell_text,
)

LONGEST_RECORD: Final = 16 << 20
_BETWEEN_RECORDS: Final = re.compile(rb"\}\s*,\s*(?=\{)")


class RecordReader(TableReader):
    """A stream of JSON objects; ``line`` is the number of the record, in JSON lines that of the line."""

    def __init__(self, file: BinaryIO, kind: str, encoding: str, chunks: Iterator[list[Any]]) -> None:
        super().__init__(file)
        self.format, self.encoding = kind, encoding
        self._chunks = chunks
        self._first: list[Any] = next(chunks, [])
        names: dict[str, None] = {}
        for record in self._first:
            if isinstance(record, dict):
                names.update(dict.fromkeys(record))
        self.header = tuple(names)

    def batches(self) -> Iterator[Rows]:
        """Objects as rows of the first batch's keys. What later keys hold is looked through for card numbers only."""
        line = 0
        for records in chain([self._first], self._chunks):
            yield self._regular(records, line) or self._any(records, line)
            line += len(records)

    def _regular(self, records: list[Any], line: int) -> Rows | None:
        """The batch, fast, where every record has exactly the header's keys and only texts; else None."""
        if (
            len(self.header) < 2
            or set(map(type, records)) != {dict}
            or set(map(len, records)) != {len(self.header)}
        ):
            return None
        try:
            cells = list(map(itemgetter(*self.header), records))
        except KeyError:
            return None
        if set(map(type, chain.from_iterable(cells))) != {str}:
            return None
        return Rows(list(range(line + 1, line + len(cells) + 1)), cells)

    def _any(self, records: list[Any], before: int) -> Rows:
        batch = Rows()
        for line, record in enumerate(records, start=before + 1):
            if not isinstance(record, dict):
                batch.broken.append(BrokenRow(line, "Not an object with columns.", [cell_text(record)]))
                continue
            try:
                hidden = len(record) != len(self.header) and self._hides_a_card(record)
                cells = tuple(cell_text(record.get(name)) for name in self.header)
            except RecursionError:
                batch.broken.append(BrokenRow(line, "Nested too deeply for a row.", []))
                continue
            if hidden:
                batch.broken.append(BrokenRow(line, "", [], "card_number"))
            else:
                batch.lines.append(line)
                batch.cells.append(cells)
        return batch

    def _hides_a_card(self, record: dict[str, Any]) -> bool:
        later = record.keys() - set(self.header)
        return any(cards.card_numbers(cell_text(record[name])) for name in later)


def json_reader(file: BinaryIO, start: bytes, encoding: str, *, path: str | None, lines: bool) -> TableReader:
    """The reader of a JSON file. Raises: FileRefused: it is one object where rows are needed."""
    text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    counted = _Source(file, encoding)
    if path and text.startswith("{"):
        reader = RecordReader(file, "json", encoding, _nested(counted, path))
    elif text.startswith("{") or lines:
        if not _is_json_lines(text):
            raise FileRefused(
                "The file holds one JSON object. An array of objects is needed: [{…}, {…}].", code="not_json"
            )
        reader = RecordReader(file, "jsonl", encoding, _json_lines(counted))
    else:
        reader = RecordReader(file, "json", encoding, json_array(counted))
    counted.reader = reader
    return reader


def _is_json_lines(text: str) -> bool:
    first = text.partition("\n")[0].strip()
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return len(text) >= BYTES_PER_READ // 2 and "\n" not in text


class _Source:
    """Bytes of a JSON file as UTF-8, read in pieces and counted."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self.reader: TableReader | None = None
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int = BYTES_PER_READ) -> bytes:
        data = self._file.read(size)
        if self.reader is not None:
            self.reader.bytes_done += len(data)
        if self._decoder is None:
            return data
        text = self._decoder.decode(data, final=not data)
        while data and not text:  # a mark alone decodes to nothing; that is not the end
            data = self._file.read(size)
            text = self._decoder.decode(data, final=not data)
        return text.encode("utf-8", "surrogatepass")


def json_array(source: _Source) -> Iterator[list[Any]]:
    """The elements of a JSON array in lists, parsed a piece at a time.

    A piece is cut after a record: where ``[piece]`` parses, the cut was between two records, for a cut inside a text or
    a nested value leaves a bracket or a quote open.
    """
    left, record = source.read().lstrip(), 0
    left = left[1:].lstrip()
    while True:
        more = source.read()
        if not more:
            break
        left += more
        cut = _last_cut(left)
        if cut is None:
            if len(left) > LONGEST_RECORD:
                raise FileRefused(
                    f"The JSON array is broken after record {record}.", code="broken_json", line=record + 1
                )
            continue
        records, end = cut
        left = left[end:]
        record += len(records)
        yield records
    last = _loads(b"[" + left)
    if last is None:
        raise FileRefused(
            f"The JSON array is broken or cut off after record {record}.", code="broken_json", line=record + 1
        )
    if last or not record:
        yield last


def _last_cut(data: bytes) -> tuple[list[Any], int] | None:
    """The records before one of the last places between two records, and where the rest begins."""
    places: list[re.Match[bytes]] = []
    end = len(data)
    for back in (64 << 10, 1 << 20, len(data)):
        places = list(_BETWEEN_RECORDS.finditer(data, max(0, len(data) - back), end))
        if places:
            break
    for place in reversed(places[-8:]):
        records = _loads(b"[" + data[: place.start() + 1] + b"]")
        if records is not None:
            return records, place.end()
    return None


def _loads(data: bytes) -> list[Any] | None:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates and bytes that are no UTF-8: their row is at fault, not the file
        return json.loads(data.decode("utf-8", "surrogateescape"), parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _json_lines(source: _Source) -> Iterator[list[Any]]:
    left = b""
    while True:
        data = source.read()
        pieces = (left + data).split(b"\n")
        left = pieces.pop() if data else b""
        records = [_line(piece) for piece in pieces if piece.strip()]
        if len(left) > LONGEST_RECORD:
            raise FileRefused("A line of the file is too long.", code="broken_json")
        if records:
            yield records
        if not data:
            return


def _line(piece: bytes) -> Any:
    found = _loads(b"[" + piece.strip() + b"]")
    return found[0] if found is not None and len(found) == 1 else piece.decode("utf-8", "replace")[:200]


def _nested(source: _Source, path: str) -> Iterator[list[Any]]:
    """Rows at ``path``, such as ``results.item.holdings.item``; columns of the levels above go with each of them."""
    outer, _, inner = path.partition(".item.")
    prefix = f"{outer}.item" if inner else path
    try:
        rows: list[Any] = []
        for thing in ijson.items(source, prefix, use_float=True):
            rows.extend(_unfold(thing, inner.split(".item.") if inner else []))
            if len(rows) >= ROWS_PER_BATCH:
                yield rows
                rows = []
        yield rows
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise FileRefused("The JSON is broken.", code="broken_json") from error


def _unfold(thing: Any, way: list[str]) -> Iterator[Any]:
    if not way or not isinstance(thing, dict):
        yield dict(_flat(thing)) if isinstance(thing, dict) else thing
        return
    key = way[0].removesuffix(".item")
    above = dict(_flat({name: value for name, value in thing.items() if name != key}))
    for child in thing.get(key) or []:
        for row in _unfold(child, way[1:]):
            yield {**above, **row} if isinstance(row, dict) else row


def _flat(thing: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in thing.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
