"""The client list: who the clients are, with their identifiers, advisors and personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from wealthhub import crypto
from wealthhub.clients import pii
from wealthhub.clients.choices import Relationship
from wealthhub.clients.models import Client
from wealthhub.clients.parties import AdvisorLink, ClientLink
from wealthhub.errors import Invalid
from wealthhub.imports.choices import Severity
from wealthhub.imports.columns import NULL, Column, ColumnType, Fault, Identifier, Text, Warned
from wealthhub.imports.sources import Batch, Join, Source, register
from wealthhub.imports.staging import Issue

WEALTHY = "wealthy"  # the order system whose ids the SIP book carries too


@dataclass(frozen=True)
class Secret(ColumnType):
    """Personal data of one ``kind``: normalised, checked, and staged as ciphertext with its look-up hash beside it.

    The ciphertext differs each time, so rows are compared by the hash.
    """

    kind: str = "pan"
    secret = True

    @property
    def blank(self) -> str:  # type: ignore[override]
        """Null in each of its columns."""
        return "\t".join([NULL] * len(self.sql_columns(self.kind)))

    def convert(self, raw: str) -> str | Fault | Warned:
        """Ciphertext, and hash where the kind is looked up."""
        kind = pii.KINDS[self.kind]
        try:
            value = kind.normalise(raw)
        except Invalid as refusal:
            return Fault(refusal.code, refusal.message, "Correct it at its source.")
        parts = [crypto.encrypt(value, column=kind.column)]
        if kind.is_looked_up:
            parts.append(kind.hash_of(value))
        return "\t".join(rf"\\x{part.hex()}" for part in parts)

    def describe(self) -> str:
        """Words."""
        return f"{pii.KINDS[self.kind].label}, kept encrypted"

    def sql_columns(self, field: str) -> tuple[tuple[str, str], ...]:
        """The value, and its hash where there is one."""
        kind = pii.KINDS[self.kind]
        return ((field, "bytea"), (kind.hash_column, "bytea")) if kind.is_looked_up else ((field, "bytea"),)

    def compared(self, field: str) -> tuple[str, ...]:
        """The columns by which a change is seen."""
        kind = pii.KINDS[self.kind]
        return (kind.hash_column,) if kind.is_looked_up else (field,)


_TAKEN_PANS = (
    (
        "pan_of_another_client",
        (
            "UPDATE {stage} s SET pan = NULL, pan_hash = NULL FROM {table} x, clients_client k"
            " WHERE x.external_id = s.{column} AND k.firm_id = %(firm)s AND k.pan_hash = s.pan_hash"
            " AND k.merged_into_id IS NULL AND k.id <> x.client_id RETURNING s.line"
        ),
        "Another client has this PAN; the rest of the row is taken.",
    ),
    (
        "pan_given_twice",
        (
            "UPDATE {stage} s SET pan = NULL, pan_hash = NULL FROM ("
            " SELECT o.line, y.client_id, last_value(y.client_id) OVER (PARTITION BY o.pan_hash ORDER BY o.line"
            "  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS holder_id"
            " FROM {stage} o JOIN {table} y ON y.external_id = o.{column} WHERE o.pan_hash IS NOT NULL) lost"
            " WHERE lost.line = s.line AND lost.client_id <> lost.holder_id RETURNING s.line"
        ),
        "A later row gives this PAN to another client; that later row counts.",
    ),
)


@dataclass(frozen=True)
class PersonLink(ClientLink):
    """The client a row is about, by its id, else by its PAN; made where neither is known.

    A blank cell says nothing: what is stored stays. A PAN that another client holds is left out with a warning.
    """

    def resolve(self, cursor: Any, batch: Batch) -> Join:
        """Meet or make the clients, then complete the staged rows from what is stored."""
        if self.advisor is not None:
            self.advisor.resolve(cursor, batch)
        join = super().resolve(cursor, batch)
        self._identify(cursor, batch)
        self._keep_what_is_not_said(cursor, batch)
        self._one_row_a_client(cursor, batch)
        return join

    def finish(self, cursor: Any, batch: Batch) -> dict[str, int]:
        """Clients made and moved, advisors made."""
        counts = super().finish(cursor, batch)
        return counts | (self.advisor.finish(cursor, batch) if self.advisor else {})

    def _meet(self, cursor: Any, batch: Batch) -> None:
        super()._meet(cursor, batch)
        if "pan" in batch.present:
            self._run(
                cursor,
                batch,
                "UPDATE {table} x SET client_id = k.id, is_new = false FROM {stage} s JOIN clients_client k"
                " ON k.firm_id = %(firm)s AND k.pan_hash = s.pan_hash AND k.merged_into_id IS NULL"
                " WHERE x.is_new AND x.external_id = s.{column}",
            )

    def _identify(self, cursor: Any, batch: Batch) -> None:
        """Clients met by their PAN are known by the file's id too from now on."""
        self._run(
            cursor,
            batch,
            "INSERT INTO clients_clientidentifier"
            " (firm_id, client_id, source, external_id, created_run_id, changed_run_id)"
            " SELECT %(firm)s, client_id, %(source)s, external_id, %(run)s, %(run)s FROM {table} WHERE NOT is_new"
            " ON CONFLICT (firm_id, source, external_id) DO NOTHING",
        )

    def _keep_what_is_not_said(self, cursor: Any, batch: Batch) -> None:
        """Blank cells take the stored values; a PAN of somebody else, or one twice in the file, is left out."""
        self._leave_out_taken_pans(cursor, batch)
        self._run(
            cursor,
            batch,
            "UPDATE {stage} s SET name = COALESCE(NULLIF(s.name, ''), k.name), pan = COALESCE(s.pan, k.pan),"
            " pan_hash = COALESCE(s.pan_hash, k.pan_hash), phone = COALESCE(s.phone, k.phone),"
            " phone_hash = COALESCE(s.phone_hash, k.phone_hash), email = COALESCE(s.email, k.email),"
            " email_hash = COALESCE(s.email_hash, k.email_hash), birth_date = COALESCE(s.birth_date, k.birth_date)"
            " FROM {table} x JOIN clients_client k ON k.id = x.client_id WHERE x.external_id = s.{column}",
        )
        if "birth_date" in batch.present:
            self._equal_birth_dates(cursor, batch)

    def _leave_out_taken_pans(self, cursor: Any, batch: Batch) -> None:
        """One PAN, one client: a PAN that another client holds, or that a later row gives to another, is warned of."""
        for code, taken, message in _TAKEN_PANS:
            self._run(cursor, batch, taken)
            for (line,) in cursor.fetchall():
                hint = "Merge the two clients if they are one, or correct the PAN."
                batch.issues.add(Issue(line, "pan", "", code, Severity.WARNING, message, hint))

    def _equal_birth_dates(self, cursor: Any, batch: Batch) -> None:
        """A date of birth has no hash to compare by: where it did not change, stage the stored ciphertext."""
        self._run(
            cursor,
            batch,
            "SELECT s.line, s.birth_date, k.birth_date FROM {stage} s JOIN {table} x ON x.external_id = s.{column}"
            " JOIN clients_client k ON k.id = x.client_id WHERE k.birth_date <> s.birth_date",
        )
        column = pii.BIRTH_DATE.column
        same = [
            (line, bytes(stored))
            for line, staged, stored in cursor.fetchall()
            if crypto.decrypt(bytes(staged), column=column) == crypto.decrypt(bytes(stored), column=column)
        ]
        if same:
            lines, values = zip(*same, strict=True)
            cursor.execute(
                sql.SQL(
                    "UPDATE {} s SET birth_date = m.value FROM unnest(%s::bigint[], %s::bytea[]) AS m(line, value)"
                    " WHERE s.line = m.line"
                ).format(batch.stage),
                [list(lines), list(values)],
            )

    def _one_row_a_client(self, cursor: Any, batch: Batch) -> None:
        """Two ids of the file may be one client: the later row counts."""
        self._run(
            cursor,
            batch,
            "DELETE FROM {stage} s USING {table} x, {stage} o, {table} y WHERE x.external_id = s.{column}"
            " AND y.external_id = o.{column} AND x.client_id = y.client_id AND o.line > s.line",
        )

    def _run(self, cursor: Any, batch: Batch, statement: str) -> None:
        cursor.execute(
            sql.SQL(statement).format(
                table=self._table(batch), stage=batch.stage, column=sql.Identifier(self.column)
            ),
            {"firm": batch.firm_id, "run": batch.run_id, "source": self.source},
        )


ADVISOR = AdvisorLink(name="agent_name")

CLIENTS = register(
    Source(
        name="clients",
        title="Client list",
        description="Clients by the order system's id: name, personal data, advisor. Blank cells change nothing.",
        model=Client,
        key=("id",),
        row_key=("user_id",),
        links=(PersonLink(column="user_id", source=WEALTHY, advisor=ADVISOR, field="id"),),
        defaults={"relationship": Relationship.DISTRIBUTION.value, "is_active": True},
        columns=(
            Column(
                "user_id",
                Identifier(80),
                required=True,
                stored=False,
                aliases=("client_id",),
                sample="1608045",
            ),
            Column("name", Text(), aliases=("client_name", "full_name"), sample="Meera Shah"),
            Column("email", Secret("email"), aliases=("email_id",), sample="meera@example.in"),
            Column(
                "phone_number",
                Secret("phone"),
                field="phone",
                aliases=("phone", "mobile"),
                sample="(+91)9999999999",
            ),
            Column(
                "pan",
                Secret("pan"),
                aliases=("pan_number",),
                help="Five letters, four digits, a letter.",
                sample="ABCPE1234F",
            ),
            Column(
                "date_of_birth",
                Secret("birth_date"),
                field="birth_date",
                aliases=("dob",),
                sample="30-07-1985",
            ),
            Column("agent_id", Identifier(40), stored=False, sample="5,872"),
            Column("agent_external_id", Identifier(60), stored=False, sample="ag_3Lr8Yx"),
            Column("agent_name", Text(200), stored=False, sample="Asha Rao"),
            Column("member_id", Identifier(60), stored=False, sample="12"),
        ),
    )
)
