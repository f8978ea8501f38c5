"""Advisors and clients a file names by their ids in another system: found or made in sets, for any declared source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from psycopg2 import sql

from wealthhub.clients.choices import AssignmentOrigin, Relationship
from wealthhub.dates import today_ist
from wealthhub.imports.sources import Batch, Join

_NEW_CLIENTS: Final = (
    "UPDATE {table} SET client_id = nextval(pg_get_serial_sequence('clients_client', 'id')) WHERE is_new",
    """
    INSERT INTO clients_client (id, firm_id, name, relationship, advisor_id, is_active, created_run_id, changed_run_id)
    SELECT client_id, %(firm)s, '', %(relationship)s, advisor_id, true, %(run)s, %(run)s FROM {table} WHERE is_new
    """,
    """
    INSERT INTO clients_clientidentifier (firm_id, client_id, source, external_id, created_run_id, changed_run_id)
    SELECT %(firm)s, client_id, %(source)s, external_id, %(run)s, %(run)s FROM {table} WHERE is_new
    """,
    """
    INSERT INTO clients_advisorassignment (firm_id, client_id, advisor_id, since, origin, run_id, reason)
    SELECT %(firm)s, client_id, advisor_id, %(today)s, %(origin)s, %(run)s, '' FROM {table}
    WHERE is_new AND advisor_id IS NOT NULL
    """,
    "ANALYZE {table}",
)
_MOVES: Final = (
    """
    WITH closed AS (
        UPDATE clients_advisorassignment SET until = %(today)s
        WHERE client_id = ANY(%(clients)s) AND until IS NULL RETURNING id, to_jsonb(old) AS before)
    INSERT INTO imports_importchange (run_id, "table", row_id, before)
    SELECT %(run)s, 'clients_advisorassignment', id, before FROM closed
    """,
    """
    INSERT INTO clients_advisorassignment (firm_id, client_id, advisor_id, since, origin, run_id, reason)
    SELECT %(firm)s, client_id, advisor_id, %(today)s, %(origin)s, %(run)s, ''
    FROM unnest(%(clients)s::bigint[], %(advisors)s::bigint[]) AS m(client_id, advisor_id)
    """,
    """
    WITH moved AS (
        UPDATE clients_client k SET advisor_id = m.advisor_id, changed_run_id = %(run)s
        FROM unnest(%(clients)s::bigint[], %(advisors)s::bigint[]) AS m(client_id, advisor_id)
        WHERE k.id = m.client_id
        RETURNING k.id, jsonb_build_object(
            'id', old.id, 'advisor_id', old.advisor_id, 'changed_run_id', old.changed_run_id) AS before)
    INSERT INTO imports_importchange (run_id, "table", row_id, before)
    SELECT %(run)s, 'clients_client', id, before FROM moved
    """,
)


@dataclass(frozen=True)
class AdvisorLink:
    """The advisor a row names: met by ``external_id``, else by ``agent_id``; made where nobody is met.

    Names are staged columns, blank where the file has none. Ids an advisor lacks are filled in; names are left alone.
    """

    agent_id: str = "agent_id"
    external_id: str = "agent_external_id"
    member_id: str = "member_id"
    name: str = ""
    field: str = "advisor_id"

    def join(self, batch: Batch) -> Join:
        """How rows meet their advisor once `resolve` has run."""
        clause = sql.SQL("LEFT JOIN {} a ON a.agent_id = s.{} AND a.agent_external_id = s.{}").format(
            self._table(batch), sql.Identifier(self.agent_id), sql.Identifier(self.external_id)
        )
        return Join(clause, sql.SQL("a.advisor_id"))

    def resolve(self, cursor: Any, batch: Batch) -> Join:
        """Meet or make every advisor of the stage."""
        table = self._table(batch)
        lock_parties(cursor, batch.firm_id)
        member = (
            sql.SQL("max(s.{})").format(sql.Identifier(self.member_id)) if self.member_id else sql.SQL("''")
        )
        name = sql.SQL("max(s.{})").format(sql.Identifier(self.name)) if self.name else sql.SQL("''")
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE {table} ON COMMIT DROP AS"
                " SELECT s.{agent} AS agent_id, s.{external} AS agent_external_id,"
                " {member} AS member_id, {name} AS name, NULL::bigint AS advisor_id FROM {stage} s"
                " WHERE s.{agent} <> '' OR s.{external} <> '' GROUP BY 1, 2"
            ).format(
                table=table,
                agent=sql.Identifier(self.agent_id),
                external=sql.Identifier(self.external_id),
                member=member,
                name=name,
                stage=batch.stage,
            )
        )
        self._meet(cursor, batch)
        for column in ("agent_external_id", "agent_id"):
            cursor.execute(
                sql.SQL(
                    "INSERT INTO clients_advisor"
                    " (firm_id, agent_id, agent_external_id, member_id, name, created_run_id, changed_run_id)"
                    " SELECT DISTINCT ON ({column})"
                    " %(firm)s, agent_id, agent_external_id, member_id, name, %(run)s, %(run)s FROM {table}"
                    " WHERE advisor_id IS NULL AND {column} <> '' ORDER BY {column}, agent_id DESC, member_id DESC"
                    " ON CONFLICT DO NOTHING"
                ).format(column=sql.Identifier(column), table=table),
                {"firm": batch.firm_id, "run": batch.run_id},
            )
            self._meet(cursor, batch)
        self._fill(cursor, batch)
        cursor.execute(sql.SQL("ANALYZE {}").format(table))
        return self.join(batch)

    def finish(self, cursor: Any, batch: Batch) -> dict[str, int]:
        """How many advisors the run made known."""
        cursor.execute(
            "SELECT count(*) FROM clients_advisor WHERE firm_id = %s AND created_run_id = %s",
            [batch.firm_id, batch.run_id],
        )
        return {"advisors_created": cursor.fetchone()[0]}

    def _table(self, batch: Batch) -> sql.Identifier:
        return sql.Identifier(f"import_advisors_{batch.run_id}")

    def _meet(self, cursor: Any, batch: Batch) -> None:
        for column in ("agent_external_id", "agent_id"):
            cursor.execute(
                sql.SQL(
                    "UPDATE {table} x SET advisor_id = k.id FROM clients_advisor k"
                    " WHERE x.advisor_id IS NULL AND x.{column} <> '' AND k.firm_id = %s AND k.{column} = x.{column}"
                ).format(table=self._table(batch), column=sql.Identifier(column)),
                [batch.firm_id],
            )

    def _fill(self, cursor: Any, batch: Batch) -> None:
        """Ids that known advisors lack and the file has, where no other advisor holds them."""
        for column in ("agent_id", "agent_external_id", "member_id"):
            taken = (
                sql.SQL("")
                if column == "member_id"
                else sql.SQL(
                    " AND NOT EXISTS"
                    " (SELECT 1 FROM clients_advisor o WHERE o.firm_id = k.firm_id AND o.{0} = x.{0})"
                ).format(sql.Identifier(column))
            )
            cursor.execute(
                sql.SQL(
                    "WITH filled AS (UPDATE clients_advisor k SET {column} = x.{column}, changed_run_id = %(run)s"
                    " FROM (SELECT DISTINCT ON (advisor_id) advisor_id, {column} FROM {table} WHERE {column} <> ''"
                    "  ORDER BY advisor_id, {column}) x"
                    " WHERE k.id = x.advisor_id AND k.{column} = ''{taken}"
                    " RETURNING k.id, to_jsonb(old) AS before, old.created_run_id AS made_by)"
                    ' INSERT INTO imports_importchange (run_id, "table", row_id, before)'
                    " SELECT %(run)s, 'clients_advisor', id, before FROM filled WHERE made_by IS DISTINCT FROM %(run)s"
                ).format(column=sql.Identifier(column), table=self._table(batch), taken=taken),
                {"run": batch.run_id},
            )


@dataclass(frozen=True)
class ClientLink:
    """The client a row names by ``column``, an id of the system ``source``; made where it is not known.

    ``advisor`` is the file's advisor link: a new client goes to the advisor of its newest row by ``newest_by`` (staged
    columns, the first one counts most). A known client follows the file only while nobody has decided otherwise.
    """

    column: str
    source: str
    advisor: AdvisorLink | None = None
    newest_by: tuple[str, ...] = ()
    field: str = "client_id"

    def join(self, batch: Batch) -> Join:
        """How rows meet their client once `resolve` has run."""
        clause = sql.SQL("JOIN {} c ON c.external_id = s.{}").format(
            self._table(batch), sql.Identifier(self.column)
        )
        return Join(clause, sql.SQL("c.client_id"))

    def resolve(self, cursor: Any, batch: Batch) -> Join:
        """Meet or make every client of the stage, with identifier and assignment."""
        lock_parties(cursor, batch.firm_id)
        self._meet(cursor, batch)
        arguments = {
            "firm": batch.firm_id,
            "run": batch.run_id,
            "source": self.source,
            "today": today_ist(),
            "relationship": Relationship.DISTRIBUTION.value,
            "origin": AssignmentOrigin.IMPORT.value,
        }
        for statement in _NEW_CLIENTS:
            cursor.execute(sql.SQL(statement).format(table=self._table(batch)), arguments)
        return self.join(batch)

    def finish(self, cursor: Any, batch: Batch) -> dict[str, int]:
        """Let known clients follow the book to a new advisor; count the clients made and moved."""
        cursor.execute(sql.SQL("SELECT count(*) FROM {} WHERE is_new").format(self._table(batch)))
        counts = {"clients_created": cursor.fetchone()[0]}
        if self.advisor is not None:
            counts["clients_moved"] = self._follow(cursor, batch)
        return counts

    def _table(self, batch: Batch) -> sql.Identifier:
        return sql.Identifier(f"import_clients_{batch.run_id}")

    def _meet(self, cursor: Any, batch: Batch) -> None:
        advisor = self.advisor.join(batch) if self.advisor else Join(sql.SQL(""), sql.SQL("NULL::bigint"))
        order = [
            sql.SQL("s.{} DESC NULLS LAST").format(sql.Identifier(name)) for name in (*self.newest_by, "line")
        ]
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE {table} ON COMMIT DROP AS"
                " SELECT n.external_id, n.advisor_id, COALESCE(k.merged_into_id, k.id) AS client_id,"
                " k.id IS NULL AS is_new"
                " FROM (SELECT DISTINCT ON (s.{column}) s.{column} AS external_id, {advisor} AS advisor_id"
                "       FROM {stage} s {join} ORDER BY s.{column}, {order}) n"
                " LEFT JOIN clients_clientidentifier i"
                "   ON i.firm_id = %s AND i.source = %s AND i.external_id = n.external_id"
                " LEFT JOIN clients_client k ON k.id = i.client_id"
            ).format(
                table=self._table(batch),
                column=sql.Identifier(self.column),
                advisor=advisor.value,
                stage=batch.stage,
                join=advisor.clause,
                order=sql.SQL(", ").join(order),
            ),
            [batch.firm_id, self.source],
        )

    def _follow(self, cursor: Any, batch: Batch) -> int:
        """Move clients whose newest row of the whole book names another advisor and whom no person assigned."""
        newest = sql.SQL("SELECT client_id, advisor_id FROM {}").format(self._table(batch))
        if self.newest_by:
            order = sql.SQL(", ").join(
                sql.SQL("b.{} DESC NULLS LAST").format(sql.Identifier(name))
                for name in (*self.newest_by, "id")
            )
            newest = sql.SQL(
                "SELECT DISTINCT ON (b.client_id) b.client_id, b.advisor_id FROM {book} b WHERE b.client_id IN"
                " (SELECT x.client_id FROM {table} x JOIN clients_client k ON k.id = x.client_id"
                "  WHERE NOT x.is_new AND k.advisor_id IS DISTINCT FROM x.advisor_id) ORDER BY b.client_id, {order}"
            ).format(
                book=sql.Identifier(batch.source.model._meta.db_table), table=self._table(batch), order=order
            )
        cursor.execute(
            sql.SQL(
                "SELECT DISTINCT k.id, n.advisor_id FROM ({newest}) n JOIN clients_client k ON k.id = n.client_id"
                " LEFT JOIN clients_advisorassignment h ON h.client_id = k.id AND h.until IS NULL"
                " WHERE n.advisor_id IS NOT NULL AND k.advisor_id IS DISTINCT FROM n.advisor_id"
                " AND (h.id IS NULL AND k.advisor_id IS NULL OR h.origin = %s)"
            ).format(newest=newest),
            [AssignmentOrigin.IMPORT.value],
        )
        moves = dict(cursor.fetchall())
        if moves:
            _move(cursor, batch, moves)
        return len(moves)


def _move(cursor: Any, batch: Batch, moves: dict[int, int]) -> None:
    """Give each client of ``moves`` to its new advisor, with history, keeping the rows as they were for an undo."""
    arguments = {
        "clients": list(moves),
        "advisors": list(moves.values()),
        "firm": batch.firm_id,
        "run": batch.run_id,
        "today": today_ist(),
        "origin": AssignmentOrigin.IMPORT.value,
    }
    for statement in _MOVES:
        cursor.execute(statement, arguments)


def lock_parties(cursor: Any, firm_id: int) -> None:
    """Hold off other imports that would name the same firm's people, until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('parties', %s))", [firm_id])
