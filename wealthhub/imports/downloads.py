"""Files the imports room hands out, the same by page and by API: rejected rows and templates."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, StreamingHttpResponse

from wealthhub.imports import services, sources

if TYPE_CHECKING:
    from wealthhub.imports.models import ImportRun

CSV = "text/csv; charset=utf-8"
LINES_PER_CHUNK = 500


class _Echo:
    """A file for ``csv.writer`` that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def rejected_csv(run: ImportRun) -> StreamingHttpResponse:
    """The rows set aside by ``run`` as UTF-8 CSV with a byte order mark, with the reason and their line.

    Raises: DomainError: the kept file is gone or cannot be read.
    """
    rows = services.rejected_rows(run)
    header = next(rows)  # a refusal comes now, while it can still be answered
    response = StreamingHttpResponse(_chunks(header, rows), content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="import-{run.pk}-rejected.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def _chunks(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    lines = ["\ufeff", writer.writerow(header)]
    for row in rows:
        lines.append(writer.writerow(row))
        if len(lines) >= LINES_PER_CHUNK:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def template_file(name: str, kind: str) -> HttpResponse:
    """An example file of the source. Raises: Http404: no such source or kind of file."""
    source = sources.registry().get(name)
    if source is None or kind not in sources.TEMPLATE_FORMATS:
        raise Http404
    response = HttpResponse(sources.template(source, kind), content_type=sources.template_content_type(kind))
    response["Content-Disposition"] = f'attachment; filename="{source.name}-template.{kind}"'
    return response
