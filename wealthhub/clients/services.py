"""Every change to a client and what belongs to one.

The caller has checked that ``user`` may see the clients; a service checks whether the change may be made at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from wealthhub.accounts import services as accounts
from wealthhub.accounts.models import Firm, User
from wealthhub.clients import following, pii
from wealthhub.clients.choices import AssignmentOrigin, ConsentChannel, NoteKind, Relationship
from wealthhub.clients.models import (
    Advisor,
    AdvisorAssignment,
    Client,
    ClientIdentifier,
    Consent,
    Household,
    Note,
)
from wealthhub.dates import today_ist
from wealthhub.errors import DomainError, Forbidden, Invalid

PLAIN = frozenset({"name", "relationship", "household", "is_active"})
MAX_AT_ONCE = 5000
# A registered adviser may not distribute to the family it advises, nor the other way round.
SEPARATE = frozenset({Relationship.ADVISORY, Relationship.DISTRIBUTION})


@transaction.atomic
def create_client(
    *,
    user: User,
    firm: Firm,
    name: str,
    advisor: Advisor | None,
    relationship: str = Relationship.DISTRIBUTION,
    household: Household | None = None,
    identifiers: Mapping[str, str] | None = None,
    **personal: str,
) -> Client:
    """Add a client. ``personal`` is any of pan, phone, email, birth_date as typed; ``identifiers`` maps source to id.

    Raises: Invalid: no name, a malformed value. DomainError: ``pan_taken`` or ``identifier_taken``.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid("A client needs a name.", code="missing_name")
    _check_advisor(advisor, firm)
    _check_household(household, firm=firm, relationship=relationship)
    columns = _personal_columns(personal)
    _check_pan_free(firm, columns.get("pan_hash"))
    with _pan_once():
        client = Client.objects.create(
            firm=firm, name=name, advisor=advisor, relationship=relationship, household=household, **columns
        )
    for source, external_id in (identifiers or {}).items():
        _add_identifier(client, source=source, external_id=external_id)
    AdvisorAssignment.objects.create(
        firm=firm, client=client, advisor=advisor, since=today_ist(), origin=AssignmentOrigin.PERSON, by=user
    )
    return client


@transaction.atomic
def update_client(*, client: Client, user: User, changes: Mapping[str, Any]) -> Client:
    """Change name, relationship, household, is_active or personal data (as typed; empty text removes it).

    Who serves the client changes by `reassign_clients` only.
    Raises: Invalid: an unknown field, no name, a malformed value. DomainError: ``pan_taken``, ``merged``.
    """
    client = Client.objects.select_for_update().get(pk=client.pk)
    _check_not_merged(client)
    if unknown := set(changes) - PLAIN - set(pii.KINDS):
        raise Invalid(f"Not a field of a client: {', '.join(sorted(unknown))}.", code="unknown_field")
    columns: dict[str, Any] = {field: changes[field] for field in PLAIN & set(changes)}
    if "name" in columns:
        columns["name"] = " ".join(columns["name"].split())
        if not columns["name"]:
            raise Invalid("A client needs a name.", code="missing_name")
    columns |= _personal_columns({kind: changes[kind] for kind in pii.KINDS if kind in changes})
    if {"household", "relationship"} & set(columns):
        _check_household(
            columns.get("household", client.household),
            firm=client.firm,
            relationship=columns.get("relationship", client.relationship),
            beside=[client.pk],
        )
    _check_pan_free(client.firm, columns.get("pan_hash"), beside=client.pk)
    for field, value in columns.items():
        setattr(client, field, value)
    if columns:
        with _pan_once():
            client.save(update_fields=list(columns))
    if touched := sorted(set(columns) & set(pii.KINDS)):
        accounts.record(user=user, action="client.personal_data_changed", obj=client, kinds=touched)
    return client


def reveal(
    *, client: Client, user: User, kinds: Collection[str], reason: str, request: HttpRequest | None = None
) -> dict[str, str | None]:
    """The unmasked values of ``kinds``, once, for a stated reason. Every call is in the audit trail.

    Raises: Forbidden: the role sees masked values only. Invalid: no reason, or no such kind.
    """
    if user.sees_masked_only:
        raise Forbidden("Your role sees personal data masked.", code="masked_only")
    reason = " ".join(reason.split())
    if len(reason) < 5:
        raise Invalid("Say why you need to see this, in a few words.", code="missing_reason")
    if not kinds or set(kinds) - set(pii.KINDS):
        raise Invalid("Choose PAN, phone, e-mail or date of birth.", code="unknown_kind")
    accounts.record(
        user=user,
        action="client.revealed",
        obj=client,
        reason=reason[:300],
        request=request,
        kinds=sorted(kinds),
    )
    return {kind: getattr(client, kind) for kind in pii.KINDS if kind in kinds}


def add_note(
    *, client: Client, user: User, text: str, kind: str = NoteKind.GENERAL, is_pinned: bool = False
) -> Note:
    """Write a note about a client. Raises: Invalid: it is empty or over 5,000 characters. DomainError: ``merged``."""
    _check_writes(user)
    _check_not_merged(client)
    text = text.strip()
    if not text or len(text) > 5000:
        raise Invalid("A note has 1 to 5,000 characters.", code="note_length")
    return Note.objects.create(
        firm_id=client.firm_id,
        client=client,
        author=user,
        kind=NoteKind(kind),
        text=text,
        is_pinned=is_pinned,
    )


def record_consent(
    *,
    client: Client,
    user: User,
    purpose: str,
    notice_version: str,
    channel: str,
    given_at: datetime | None = None,
) -> Consent:
    """Write down that the client consented. ``given_at`` None is now.

    Raises: Invalid: no purpose or notice, or a moment in the future. DomainError: ``merged``.
    """
    _check_writes(user)
    _check_not_merged(client)
    given_at = given_at or timezone.now()
    if not purpose.strip() or not notice_version.strip():
        raise Invalid("A consent names its purpose and the version of the notice.", code="missing_value")
    if given_at > timezone.now():
        raise Invalid("A consent cannot have been given in the future.", code="in_the_future")
    return Consent.objects.create(
        firm_id=client.firm_id,
        client=client,
        purpose=purpose.strip(),
        notice_version=notice_version.strip(),
        channel=ConsentChannel(channel),
        given_at=given_at,
        recorded_by=user,
    )


@transaction.atomic
def withdraw_consent(*, consent: Consent, user: User) -> Consent:
    """Note the withdrawal, now. A consent withdrawn already stays as it is. Raises: Forbidden: the role only reads."""
    if user.client_id != consent.client_id:  # a client withdraws what is their own, as easily as it was given
        _check_writes(user)
    consent = Consent.objects.select_for_update().get(pk=consent.pk)
    if consent.withdrawn_at is None:
        consent.withdrawn_at = max(timezone.now(), consent.given_at)
        consent.save(update_fields=["withdrawn_at"])
        accounts.record(user=user, action="consent.withdrawn", obj=consent, client=consent.client_id)
    return consent


@transaction.atomic
def reassign_clients(
    *,
    clients: Collection[int],
    advisor: Advisor,
    user: User,
    reason: str = "",
    request: HttpRequest | None = None,
) -> int:
    """Give the clients with these ids to ``advisor`` from today on and return how many changed hands.

    Those with that advisor already, and merged ones, are left as they are: safe to repeat.
    Raises: Forbidden: the role may not. Invalid: too many at once, or a client of another firm.
    """
    if not (user.is_superuser or user.role in {"admin", "manager"}):
        raise Forbidden("Clients are reassigned by administrators and managers.")
    if len(clients) > MAX_AT_ONCE:
        raise Invalid(f"At most {MAX_AT_ONCE:,} clients at once.", code="too_many", limit=MAX_AT_ONCE)
    rows = Client.objects.select_for_update().filter(pk__in=clients).order_by("pk")
    chosen = list(rows.only("pk", "firm_id", "advisor_id", "merged_into_id"))
    if any(client.firm_id != advisor.firm_id for client in chosen):
        raise Invalid("The advisor and the clients belong to different firms.", code="other_firm")
    moving = [
        client.pk for client in chosen if client.advisor_id != advisor.pk and client.merged_into_id is None
    ]
    if not moving:
        return 0
    _open_assignments(moving, advisor=advisor, user=user, reason=reason[:300])
    Client.objects.filter(pk__in=moving).update(advisor=advisor)
    following.move_followers(moving, advisor=advisor)
    accounts.record(
        user=user,
        action="clients.reassigned",
        obj=advisor,
        reason=reason[:300],
        request=request,
        clients=moving,
    )
    return len(moving)


def _open_assignments(clients: Sequence[int], *, advisor: Advisor, user: User, reason: str) -> None:
    """End the present assignments today and begin new ones."""
    today = today_ist()
    AdvisorAssignment.objects.filter(client_id__in=clients, until__isnull=True).update(until=today)
    AdvisorAssignment.objects.bulk_create(
        AdvisorAssignment(
            firm_id=advisor.firm_id,
            client_id=pk,
            advisor=advisor,
            since=today,
            origin=AssignmentOrigin.PERSON,
            by=user,
            reason=reason,
        )
        for pk in clients
    )


@transaction.atomic
def save_household(
    *, firm: Firm, user: User, name: str, members: Collection[Client], household: Household | None = None
) -> Household:
    """Make or change a household: its name and exactly these members among the clients ``user`` sees.

    Members that ``user`` does not see stay. Raises: Invalid: no name, no member. DomainError: ``mixed_relationships``.
    """
    _check_writes(user)
    name = " ".join(name.split())
    if not name or not members:
        raise Invalid("A household has a name and at least one member.", code="missing_value")
    if household is None:
        household = Household.objects.create(firm=firm, name=name)
    elif household.name != name:
        household.name = name
        household.save(update_fields=["name"])
    ids = [client.pk for client in members]
    leaving = Client.objects.visible_to(user).filter(household=household).exclude(pk__in=ids)
    Client.objects.filter(pk__in=leaving.values("pk")).update(household=None)
    for relationship in {client.relationship for client in members}:
        _check_household(household, firm=firm, relationship=relationship)
    if {client.relationship for client in members} >= SEPARATE:
        raise _mixed()
    Client.objects.filter(pk__in=ids).exclude(household=household).update(household=household)
    return household


# --- Checks ---------------------------------------------------------------------------------------------------------
def _personal_columns(typed: Mapping[str, str | None]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for kind, value in typed.items():
        if kind not in pii.KINDS:
            raise Invalid(f"Not a field of a client: {kind}.", code="unknown_field")
        columns |= pii.columns_for(kind, value)
    return columns


def _check_pan_free(firm: Firm, pan_hash: bytes | None, *, beside: int | None = None) -> None:
    if pan_hash is None:
        return
    taken = Client.objects.current().filter(firm=firm, pan_hash=pan_hash).exclude(pk=beside)  # type: ignore[misc]
    if taken.exists():
        raise _pan_taken()


@contextmanager
def _pan_once() -> Iterator[None]:
    """Two people adding one PAN at the same moment: the database lets one through, the other hears why."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "clients_client_pan_once" in str(error):
            raise _pan_taken() from error
        raise


def _pan_taken() -> DomainError:
    return DomainError(
        "The firm already has a client with this PAN. Merge the two instead.", code="pan_taken"
    )


def _add_identifier(client: Client, *, source: str, external_id: str) -> None:
    source, external_id = source.strip().lower(), external_id.replace(",", "").strip()
    if not source or not external_id:
        raise Invalid("An identifier has a source and a value.", code="missing_value")
    known, created = ClientIdentifier.objects.get_or_create(
        firm_id=client.firm_id, source=source, external_id=external_id, defaults={"client": client}
    )
    if not created and known.client_id != client.pk:
        raise DomainError(
            f"“{external_id}” of {source} already names another client.", code="identifier_taken"
        )


def _check_advisor(advisor: Advisor | None, firm: Firm) -> None:
    if advisor is not None and advisor.firm_id != firm.pk:
        raise Invalid("The advisor belongs to another firm.", code="other_firm")


def _check_household(
    household: Household | None, *, firm: Firm, relationship: str, beside: Collection[int] = ()
) -> None:
    """A household is of the firm, and is either advised or distributed to."""
    if household is None:
        return
    if household.firm_id != firm.pk:
        raise Invalid("The household belongs to another firm.", code="other_firm")
    others = SEPARATE - {relationship} if relationship in SEPARATE else frozenset()
    members = household.members.current().exclude(pk__in=beside)
    if members.filter(relationship__in=others).exists():
        raise _mixed()


def _mixed() -> DomainError:
    return DomainError(
        "One household is either advised or distributed to, not both.", code="mixed_relationships"
    )


def _check_not_merged(client: Client) -> None:
    if client.merged_into_id is not None:
        raise DomainError(
            "This client was merged into another one.", code="merged", into=client.merged_into_id
        )


def _check_writes(user: User) -> None:
    if not user.may_write:
        raise Forbidden("Your role only reads.")
