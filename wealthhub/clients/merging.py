"""Two clients who are one person: what a merge would do, doing it, undoing it.

What belongs to the merged client is re-pointed to the kept one, whatever app it belongs to. A row that cannot move,
because the kept client has one like it already, stays where it is. Who served the merged client when stays with it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from wealthhub.accounts import services as accounts
from wealthhub.accounts.models import User
from wealthhub.clients import following, pii
from wealthhub.clients.models import AdvisorAssignment, Client, ClientMerge
from wealthhub.errors import DomainError, Forbidden, Invalid

FILLED = ("name", "household_id", *pii.KINDS)
_STAY = (Client, ClientMerge, AdvisorAssignment)


@dataclass(frozen=True)
class Moving:
    """The rows of one table: ``ids`` go to the kept client, ``staying`` cannot."""

    model: type[models.Model]
    key: str
    ids: list[int]
    staying: list[int]

    @property
    def label(self) -> str:
        """``SIPs``: the table in a reader's words."""
        return str(self.model._meta.verbose_name_plural).capitalize()


@dataclass(frozen=True)
class MergePreview:
    """What merging would do. ``filled``: what the kept client takes over; ``refusal`` empty: it may be done."""

    kept: Client
    merged: Client
    moving: list[Moving] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""


def preview_merge(*, kept: Client, merged: Client) -> MergePreview:
    """Look, and change nothing."""
    refusal = _refusal(kept, merged)
    if refusal:
        return MergePreview(kept, merged, refusal=refusal)
    labels = {"name": "Name", "household_id": "Household", **{k.name: k.label for k in pii.KINDS.values()}}
    return MergePreview(
        kept,
        merged,
        moving=list(_moving(kept, merged)),
        filled=[labels[column] for column in _to_fill(kept, merged)],
        warnings=list(_warnings(kept, merged)),
    )


@transaction.atomic
def merge_clients(
    *, kept: Client, merged: Client, user: User, reason: str = "", request: HttpRequest | None = None
) -> ClientMerge:
    """Make ``merged`` part of ``kept``. What was moved is written down, for `undo_merge`.

    Raises: Forbidden: the role may not. DomainError: one is merged already, or they cannot be one person.
    """
    _check_role(user)
    kept, merged = _locked(kept, merged)
    if refusal := _refusal(kept, merged):
        raise DomainError(refusal, code="cannot_merge")
    moved = {}
    for part in _moving(kept, merged):
        if part.ids:
            _point(part.model, part.key, part.ids, at=kept)
            moved[part.model._meta.label] = part.ids
    filled = _to_fill(kept, merged)
    merged.merged_into = kept
    merged.save(update_fields=["merged_into"])  # first: its PAN must be free before the kept one takes it
    for column in filled:
        setattr(kept, column, getattr(merged, column))
        if (hashed := f"{column}_hash") in _client_columns():
            setattr(kept, hashed, getattr(merged, hashed))
    if filled:
        kept.save(update_fields=_with_hashes(filled))
    merge = ClientMerge.objects.create(
        firm_id=kept.firm_id,
        kept=kept,
        merged=merged,
        moved=moved,
        filled=dict.fromkeys(filled, True),
        reason=reason[:300],
        by=user,
    )
    accounts.record(
        user=user, action="client.merged", obj=kept, reason=reason[:300], request=request, merged=merged.pk
    )
    following.announce(firm_id=kept.firm_id, clients=[kept.pk, merged.pk])
    return merge


@transaction.atomic
def undo_merge(*, merge: ClientMerge, user: User, request: HttpRequest | None = None) -> ClientMerge:
    """Put back what the merge moved, as far as it is still with the kept client. What came later stays there.

    Raises: Forbidden: the role may not. DomainError: undone already, or the kept client was itself merged since.
    """
    _check_role(user)
    merge = ClientMerge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at is not None:
        raise DomainError("This merge was undone before.", code="undone")
    kept, merged = _locked(merge.kept, merge.merged)
    if kept.merged_into_id is not None:
        raise DomainError("The kept client was itself merged later. Undo that merge first.", code="merged")
    _give_back_columns(kept, merged, columns=list(merge.filled))
    if merged.pan_hash and _pan_holders(merged).exists():
        raise DomainError("Another client of the firm has this PAN by now.", code="pan_taken")
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    keys = {model._meta.label: (model, key.name) for model, key in following.rows_of_a_client()}
    for label, ids in merge.moved.items():
        if label in keys:
            model, key = keys[label]
            still_there = model._base_manager.filter(pk__in=ids, **{key: kept})
            _point(model, key, list(still_there.values_list("pk", flat=True)), at=merged)
    merge.undone_at, merge.undone_by = timezone.now(), user
    merge.save(update_fields=["undone_at", "undone_by"])
    accounts.record(user=user, action="client.merge_undone", obj=kept, request=request, merged=merged.pk)
    following.announce(firm_id=kept.firm_id, clients=[kept.pk, merged.pk])
    return merge


def _check_role(user: User) -> None:
    if not (user.is_superuser or user.role in {"admin", "manager"}):
        raise Forbidden("Clients are merged by administrators and managers.")


def _locked(kept: Client, merged: Client) -> tuple[Client, Client]:
    """Both rows, locked in the order of their ids, so that two merges at once cannot wait for each other."""
    found = {
        client.pk: client
        for client in Client.objects.select_for_update().filter(pk__in=[kept.pk, merged.pk]).order_by("pk")
    }
    return found[kept.pk], found[merged.pk]


def _refusal(kept: Client, merged: Client) -> str:
    if kept.pk == merged.pk:
        return "Choose two different clients."
    if kept.firm_id != merged.firm_id:
        return "The two belong to different firms."
    if kept.merged_into_id or merged.merged_into_id:
        return "One of the two was merged already."
    if kept.pan_hash and merged.pan_hash and bytes(kept.pan_hash) != bytes(merged.pan_hash):
        return "Their PANs differ, so they are two persons. Correct the PAN that is wrong first."
    return ""


def _warnings(kept: Client, merged: Client) -> Iterator[str]:
    if kept.name and merged.name and kept.name.casefold() != merged.name.casefold():
        yield f"The names differ; “{kept.name}” stays."
    if kept.advisor_id != merged.advisor_id:
        yield f"They have different advisors; {kept.advisor or 'nobody'} serves them from now on."
    for kind in (pii.PHONE, pii.EMAIL):
        ours, theirs = getattr(kept, kind.hash_column), getattr(merged, kind.hash_column)
        if ours and theirs and bytes(ours) != bytes(theirs):
            yield f"The {kind.label.lower()} differs; that of the kept client stays."
    if kept.birth_date and merged.birth_date and kept.birth_date != merged.birth_date:
        yield "The dates of birth differ; that of the kept client stays."


def _moving(kept: Client, merged: Client) -> Iterator[Moving]:
    """For each table with rows of ``merged``: which move and which have a rival at ``kept``."""
    for model, key in following.rows_of_a_client():
        if model in _STAY or following.is_history(model):
            continue
        rows = model._base_manager.filter(**{key.name: merged})
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        if not ids:
            continue
        staying = set(_rivals(model, key, kept=kept, merged=merged))
        yield Moving(model, key.name, [pk for pk in ids if pk not in staying], sorted(staying))


def _rivals(
    model: type[models.Model], key: models.ForeignObject, *, kept: Client, merged: Client
) -> Iterator[int]:
    """Rows of ``merged`` that a unique constraint would not let stand beside one of ``kept``."""
    uniques: list[tuple[list[str], Q]] = [([key.name], Q())] if key.unique else []
    uniques += [
        (list(constraint.fields), constraint.condition or Q())
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and key.name in constraint.fields
    ]
    for fields, condition in uniques:
        others = [name for name in fields if name != key.name]
        theirs = model._base_manager.filter(condition, **{key.name: merged}).values_list("pk", *others)
        ours = {
            tuple(row)
            for row in model._base_manager.filter(condition, **{key.name: kept}).values_list(
                *others or ["pk"]
            )
        }
        for pk, *values in theirs:
            if (tuple(values) in ours) if others else bool(ours):
                yield pk


def _point(model: type[models.Model], key: str, ids: list[int], *, at: Client) -> None:
    """Re-point rows, and with them the advisor where it follows the client."""
    values: dict[str, Any] = {key: at}
    if getattr(model, "advisor_follows_client", False):
        values["advisor"] = at.advisor_id
    model._base_manager.filter(pk__in=ids).update(**values)


def _to_fill(kept: Client, merged: Client) -> list[str]:
    """Columns empty at ``kept`` and known at ``merged``."""
    return [column for column in FILLED if not getattr(kept, column) and getattr(merged, column)]


def _client_columns() -> set[str]:
    return {column.attname for column in Client._meta.concrete_fields}


def _with_hashes(columns: list[str]) -> list[str]:
    hashes = [f"{column}_hash" for column in columns if f"{column}_hash" in _client_columns()]
    return [column.removesuffix("_id") for column in columns] + hashes


def _give_back_columns(kept: Client, merged: Client, *, columns: list[str]) -> None:
    """Empty again what the kept client took over, unless it was changed since."""
    unchanged = [
        column for column in columns if column in FILLED and getattr(kept, column) == getattr(merged, column)
    ]
    for column in unchanged:
        setattr(kept, column, "" if column == "name" else None)
        if (hashed := f"{column}_hash") in _client_columns():
            setattr(kept, hashed, None)
    if unchanged:
        kept.save(update_fields=_with_hashes(unchanged))


def _pan_holders(merged: Client) -> models.QuerySet[Client]:
    same = Client.objects.current().filter(firm_id=merged.firm_id, pan_hash=merged.pan_hash)
    return same.exclude(pk=merged.pk)


def choose_pair(clients: list[Client], *, keep: int) -> tuple[Client, Client]:
    """The kept and the merged one out of two. Raises: Invalid: they are not two, or ``keep`` is neither."""
    kept = [client for client in clients if client.pk == keep]
    others = [client for client in clients if client.pk != keep]
    if len(kept) != 1 or len(others) != 1:
        raise Invalid("Choose two different clients, one of which is kept.", code="not_a_pair")
    return kept[0], others[0]
