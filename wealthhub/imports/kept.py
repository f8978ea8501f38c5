"""The kept file of a run: its preview, the rows set aside, and the file without card numbers."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from django.core.files.base import File

from wealthhub.imports import cards, sources
from wealthhub.imports.choices import Severity
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.imports.readers import FileRefused, TableReader, detect_encoding, guarded, open_table
from wealthhub.imports.sources import Source
from wealthhub.imports.staging import Issues, RowConverter, lay_out

COPY_BYTES: Final = 1 << 20


def suffix_of(name: str) -> str:
    """The file name's suffix with its dot, where it is a plain one."""
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and len(suffix) <= 8 else ""


@dataclass(frozen=True)
class Preview:
    """What was understood of a file's beginning. ``rows`` are masked cells; ``columns`` maps headers to our columns."""

    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: dict[str, str]
    unknown: list[str]
    absent: list[str]
    rows: list[tuple[str, ...]]
    lines: list[int]
    issues: list[dict[str, Any]] = field(default_factory=list)


def preview(*, source: Source, file: BinaryIO, filename: str, rows: int = 20) -> Preview:
    """Read the first rows as a run would and say what each column means. Books and keeps nothing.

    Cells of personal-data columns and card numbers are masked.
    Raises: FileRefused.
    """
    table = open_table(file, filename=filename, path=source.path)
    layout = lay_out(source, table.header)
    first = next(iter(table.batches()))
    first.lines, first.cells, first.broken = first.lines[:rows], first.cells[:rows], first.broken[:rows]
    issues = Issues()
    RowConverter(layout, issues).convert(first)
    secret = {p for p, c in zip(layout.places, layout.columns, strict=True) if c.type.secret}
    return Preview(
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        columns={table.header[p]: c.name for p, c in zip(layout.places, layout.columns, strict=True)},
        unknown=layout.unknown,
        absent=[column.name for column in layout.absent],
        rows=[
            tuple("•••" if p in secret and cell else cards.mask(cell) for p, cell in enumerate(row))
            for row in first.cells
        ],
        lines=first.lines,
        issues=issues.listed(),
    )


def rejected_rows(run: ImportRun) -> Iterator[list[str]]:
    """The rows set aside, header first, as text a spreadsheet will not run; ``reason`` and ``line`` come last.

    The file can be mended and uploaded as it is. Empty but for the header where nothing was rejected.
    Raises: FileRefused: the kept file is gone or cannot be read.
    """
    source = sources.get(run.source)
    if not run.file:
        raise FileRefused("The file of this import is not kept.", code="file_gone", status=404)
    reasons: dict[int, list[str]] = defaultdict(list)
    errors = ImportIssue.objects.filter(run=run, severity=Severity.ERROR, line__isnull=False)
    for line, column, message in errors.values_list("line", "column", "message").iterator(chunk_size=5000):
        reasons[line].append(f"{column}: {message}" if column else message)
    with run.file.open("rb") as file:
        table = open_table(file, filename=run.file.name, path=source.path)
        yield [*map(guarded, _own(table, table.header)), "reason", "line"]
        for batch in table.batches():
            pairs = [
                *zip(batch.lines, batch.cells, strict=True),
                *((b.line, tuple(b.raw)) for b in batch.broken),
            ]
            for line, cells in sorted(pairs):
                if line in reasons:
                    safe = [guarded(cards.mask(cell)) for cell in _own(table, cells)]
                    yield [*safe, "; ".join(reasons[line]), str(line)]


def _own(table: TableReader, cells: tuple[str, ...]) -> list[str]:
    """``cells`` without those of our own columns, padded to the header's width."""
    padded = [*cells, *[""] * (len(table.header) - len(cells))]
    return [
        cell
        for name, cell in zip(table.header, padded, strict=False)
        if name.lower() not in {"reason", "line"}
    ]


def scrub(run: ImportRun) -> None:
    """Rewrite the kept file of ``run`` without card numbers: bytes crossed out, or for a workbook a CSV of its rows."""
    storage, old = run.file.storage, run.file.name
    try:
        with run.file.open("rb") as file, tempfile.TemporaryFile() as clean:
            suffix = _write_clean(run, file, clean)
            clean.seek(0)
            run.file.save(f"{run.sha256[:16]}{suffix}", File(clean), save=False)
    except FileRefused:  # what cannot be read cannot be cleaned either
        run.file = ""
    ImportRun.objects.filter(pk=run.pk).update(file=run.file.name or "")
    storage.delete(old)


def _write_clean(run: ImportRun, file: BinaryIO, clean: BinaryIO) -> str:
    """The file without card numbers, its lines where they were; returns the suffix it now needs."""
    suffix = suffix_of(run.file.name)
    start = file.read(COPY_BYTES)
    file.seek(0)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        _rewrite_as_csv(run, file, clean)
        return ".csv"
    try:
        encoding = detect_encoding(start)
    except FileRefused:
        encoding = "utf-8"  # as bytes it has nothing to lose
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding.startswith("utf-16") else None
    _blot(file, clean, decoder, escapes=suffix in {".json", ".jsonl", ".ndjson"})
    return suffix


def _blot(
    file: BinaryIO, clean: BinaryIO, decoder: codecs.IncrementalDecoder | None, *, escapes: bool
) -> None:
    """Cross card numbers out piece by piece; a piece ends where no number can go on. Two-byte text becomes UTF-8."""
    left = b""
    while data := file.read(COPY_BYTES):
        left += decoder.decode(data).encode() if decoder else data
        end = len(left)
        while end and end > len(left) - 4096 and (left[end - 1] > 127 or left[end - 1] in b"0123456789 -\\u"):
            end -= 1
        clean.write(cards.blot(left[:end], escapes=escapes)[0])
        left = left[end:]
    clean.write(cards.blot(left, escapes=escapes)[0])


def _rewrite_as_csv(run: ImportRun, file: BinaryIO, clean: BinaryIO) -> None:
    """A workbook's rows as CSV, each on the line its row had, so that what was said of a line still holds."""
    table = open_table(file, filename=run.file.name, path=sources.get(run.source).path)
    text = io.TextIOWrapper(clean, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    at = table.header_line
    text.write("\n" * (at - 1))
    writer.writerow([cards.mask(name) for name in table.header])
    for batch in table.batches():
        for line, row in zip(batch.lines, batch.cells, strict=True):
            text.write("\n" * (line - at - 1))
            writer.writerow([cards.mask(" ".join(cell.splitlines())) for cell in row])
            at = line
    text.detach()
