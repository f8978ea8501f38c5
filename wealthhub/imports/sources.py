"""What a source declares, and where the declared sources are found.

A domain declares its sources in its ``importers.py`` and calls `register`. The pipeline reads nothing but the
declaration: columns, natural key, links to other tables, set checks, history and merge target.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol

import xlsxwriter
from django.apps import apps
from django.db import models
from psycopg2 import sql

from wealthhub.errors import DomainError
from wealthhub.imports.choices import Severity
from wealthhub.imports.columns import Column

if TYPE_CHECKING:
    from wealthhub.imports.staging import Issues

TEMPLATE_FORMATS: Final = ("csv", "xlsx", "json")
_KINDS: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class UnknownSource(DomainError):
    """No source of that name is declared."""

    code = "unknown_source"
    status = 404


@dataclass(frozen=True)
class Batch:
    """The staged rows of one run, as links and checks see them. ``stage`` is the quoted table name."""

    stage: sql.Identifier
    firm_id: int
    run_id: int
    source: Source
    present: frozenset[str]
    issues: Issues


@dataclass(frozen=True)
class Join:
    """How a link's rows are met from the staging table ``s``: a FROM clause and the value of the link's field."""

    clause: sql.Composable
    value: sql.Composable


class Link(Protocol):
    """A foreign key filled from columns of the file. ``field`` is the target's column, such as ``client_id``."""

    @property
    def field(self) -> str:
        """The target's column."""

    def resolve(self, cursor: Any, batch: Batch) -> Join:
        """Find or make the rows the file names, in sets, and say how to join them. Runs before the merge."""

    def finish(self, cursor: Any, batch: Batch) -> dict[str, int]:
        """What is left to do after the merge; counts for the run's summary (``clients created`` and so on)."""


@dataclass(frozen=True)
class Check:
    """A rule over the whole staged set. ``condition`` is SQL over staging columns of ``s``, true for a bad row."""

    code: str
    condition: str
    column: str
    message: str
    hint: str = ""
    severity: str = Severity.ERROR


@dataclass(frozen=True)
class History:
    """Old and new values of ``field`` are kept as rows of ``into`` whenever an import changes it.

    ``parent`` is its foreign key to the changed row; ``on`` the staged instant or day the file speaks of, if any.
    """

    field: str
    into: type[models.Model]
    parent: str
    on: str = ""


@dataclass(frozen=True)
class Derived:
    """Rows of ``model`` that a task writes again from what was imported.

    Those ``untouched`` by people do not hold up an undo: they go with the row their foreign key ``parent`` points to.
    """

    model: type[models.Model]
    parent: str
    untouched: models.Q


@dataclass(frozen=True)
class Source:
    """One kind of file. ``key`` are target columns, unique within a firm; ``path`` the dotted way to nested rows.

    Where a link fills the key (``id``), ``row_key`` are the staged columns that tell the rows of a file apart.

    ``defaults`` are values of new rows for columns the file does not have. ``after`` names the task that is sent
    the firm's and the run's id once the rows are booked.
    """

    name: str
    title: str
    description: str
    model: type[models.Model]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    path: str | None = None
    links: tuple[Link, ...] = ()
    checks: tuple[Check, ...] = ()
    history: tuple[History, ...] = ()
    derived: tuple[Derived, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    row_key: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("admin", "manager")
    advisors_may_upload: bool = False

    @cached_property
    def bound_columns(self) -> tuple[Column, ...]:
        """The columns with the limits of the model's fields."""
        return tuple(column.bound_to(self.model) for column in self.columns)

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """Columns by their folded names and aliases."""
        return {
            fold(name): column for column in self.bound_columns for name in (column.name, *column.aliases)
        }

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that end in the target table."""
        return tuple(column for column in self.bound_columns if column.stored)

    def column_for(self, header: str) -> Column | None:
        """The column a header means, however it is capitalised or joined."""
        return self.by_header.get(fold(header))

    def may_be_sent_by(self, user: Any) -> bool:
        """The user's role may upload this source."""
        if user.is_superuser:
            return True
        return user.role in self.roles or (self.advisors_may_upload and user.role == "advisor")


def fold(header: str) -> str:
    """A header without capitals, spaces, dots and underscores."""
    return re.sub(r"[^a-z0-9]+", "", header.lower())


_registered: dict[str, Source] = {}
_loaded: list[bool] = []


def register(source: Source) -> Source:
    """Make ``source`` known. A second source of the same name is a mistake."""
    if source.name in _registered and _registered[source.name] is not source:
        raise ValueError(f"two sources are called {source.name}")
    _registered[source.name] = source
    return source


def registry() -> dict[str, Source]:
    """Every declared source by name, in the order of their titles; importers of installed apps are read once."""
    if not _loaded:
        for config in apps.get_app_configs():
            if find_spec(f"{config.name}.importers"):
                import_module(f"{config.name}.importers")
        _loaded.append(True)
    return dict(sorted(_registered.items(), key=lambda item: item[1].title))


def get(name: str) -> Source:
    """The source called ``name``. Raises: UnknownSource."""
    try:
        return registry()[name]
    except KeyError:
        known = ", ".join(registry())
        raise UnknownSource(f"There is no source “{name}”. Known: {known}.", source=name) from None


def sources_for(user: Any) -> list[Source]:
    """The sources the user may upload."""
    return [source for source in registry().values() if source.may_be_sent_by(user)]


def template(source: Source, kind: str) -> bytes:
    """A file with the source's header and one sample row, as ``csv``, ``xlsx`` or ``json``.

    Raises: UnknownSource: there is no template of that kind.
    """
    header = [column.name for column in source.columns]
    sample = [column.sample for column in source.columns]
    if kind == "json":
        return json.dumps([dict(zip(header, sample, strict=True))], indent=2, ensure_ascii=False).encode()
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([header, sample])
        return ("\ufeff" + text.getvalue()).encode()
    if kind == "xlsx":
        return _workbook([header, sample])
    raise UnknownSource(f"Templates come as {', '.join(TEMPLATE_FORMATS)}.", code="unknown_template")


def template_content_type(kind: str) -> str:
    """The content type of a template."""
    return _KINDS[kind]


def _workbook(rows: Iterable[list[str]]) -> bytes:
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("Rows")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        sheet.freeze_panes(1, 0)
    return file.getvalue()
