"""What pages and programs show about clients. Personal data leaves here masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse

from wealthhub.accounts.models import User
from wealthhub.clients import pii
from wealthhub.clients.choices import NoteKind
from wealthhub.clients.models import Advisor, AdvisorAssignment, Client, ClientMerge, Consent, Note
from wealthhub.dates import IST

MIN_SEARCH = 2
_NOTE_ICONS = {
    NoteKind.MEETING: "calendar",
    NoteKind.CALL: "phone",
    NoteKind.EMAIL: "mail",
    NoteKind.REVIEW: "chart",
    NoteKind.FOLLOW_UP: "flag",
}


@dataclass(frozen=True)
class MaskedValue:
    """One kind of personal data as it is shown; ``text`` None: not known."""

    kind: str
    label: str
    text: str | None


@dataclass(frozen=True)
class ClientFacts:
    """Who a client is, for the head of their page. ``household_members`` are the others the reader sees."""

    client: Client
    advisor_word: str
    personal: list[MaskedValue]
    identifiers: list[tuple[str, str]]
    household_members: list[Client]
    assignments: list[AdvisorAssignment]
    merged: list[ClientMerge]
    may_write: bool
    may_reveal: bool
    may_merge: bool


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened, as ``components/timeline.html`` takes it."""

    at: date | datetime
    title: str
    text: str = ""
    href: str = ""
    who: str = ""
    icon: str = "clock"
    tone: str = ""


def personal_data(client: Client) -> list[MaskedValue]:
    """PAN, phone, e-mail and year of birth, masked, in this order."""
    return [
        MaskedValue(kind.name, kind.label, pii.masked(kind.name, getattr(client, kind.name)))
        for kind in pii.KINDS.values()
    ]


def client_facts(client: Client, user: User) -> ClientFacts:
    """Who the client is. Six small queries. ``client`` must be visible to ``user``."""
    staff = not user.scope.is_investor
    household: list[Client] = []
    if client.household_id is not None:
        others = Client.objects.visible_to(user).current().filter(household=client.household_id)
        household = list(others.exclude(pk=client.pk).order_by("name", "pk"))
    merges: list[ClientMerge] = []
    if staff:
        done = ClientMerge.objects.visible_to(user).filter(kept=client, undone_at__isnull=True)
        merges = list(done.select_related("merged", "by"))
    leads = user.is_superuser or user.role in {"admin", "manager"}
    return ClientFacts(
        client=client,
        advisor_word=client.firm.advisor_word,
        personal=personal_data(client),
        identifiers=list(client.identifiers.values_list("source", "external_id")),
        household_members=household,
        assignments=list(client.assignments.select_related("advisor", "by")) if staff else [],
        merged=merges,
        may_write=user.may_write and client.merged_into_id is None,
        may_reveal=not user.sees_masked_only,
        may_merge=leads,
    )


def client_notes(client: Client, user: User) -> list[Note]:
    """The notes ``user`` may read, pinned ones first, then the newest; none for the client."""
    notes = Note.objects.visible_to(user).filter(client=client).select_related("author")
    return list(notes.order_by("-is_pinned", "-created_at", "-pk"))


def client_consents(client: Client, user: User) -> list[Consent]:
    """The consents of the client, those that stand first, then the newest."""
    consents = Consent.objects.visible_to(user).filter(client=client).select_related("recorded_by")
    return sorted(consents, key=lambda one: one.withdrawn_at is not None)


def timeline(client: Client, user: User, *, limit: int = 50) -> list[TimelineItem]:
    """Notes, consents, changes of advisor and merges, the newest first. Four queries."""
    items = [
        *_note_items(client, user),
        *_consent_items(client, user),
        *_assignment_items(client, user),
        *_merge_items(client, user),
    ]
    return sorted(items, key=_moment, reverse=True)[:limit]


def _moment(item: TimelineItem) -> tuple[date, float]:
    if isinstance(item.at, datetime):
        local = item.at.astimezone(IST)
        return local.date(), local.timestamp()
    return item.at, 0.0  # a day without a time: before what happened on it


def _note_items(client: Client, user: User) -> list[TimelineItem]:
    return [
        TimelineItem(
            at=note.created_at,
            title="Note" if note.kind == NoteKind.GENERAL else note.get_kind_display(),
            text=note.text,
            who=str(note.author),
            icon=_NOTE_ICONS.get(NoteKind(note.kind), "note"),
        )
        for note in client_notes(client, user)
    ]


def _consent_items(client: Client, user: User) -> list[TimelineItem]:
    items = []
    for consent in client_consents(client, user):
        who = str(consent.recorded_by or "")
        purpose = f"{consent.purpose} (notice {consent.notice_version})"
        channel = consent.get_channel_display()
        items.append(TimelineItem(consent.given_at, f"Consent: {purpose}", channel, who=who, icon="check"))
        if consent.withdrawn_at:
            items.append(
                TimelineItem(consent.withdrawn_at, f"Withdrawn: {purpose}", icon="ban", tone="warning")
            )
    return items


def _assignment_items(client: Client, user: User) -> list[TimelineItem]:
    if user.scope.is_investor:
        return []
    rows = AdvisorAssignment.objects.visible_to(user).filter(client=client).select_related("advisor", "by")
    return [
        TimelineItem(
            at=row.since,
            title=f"{client.firm.advisor_word}: {row.advisor or 'nobody'}",
            text=row.reason,
            who=str(row.by or row.get_origin_display()),
            icon="user-check",
        )
        for row in rows
    ]


def _merge_items(client: Client, user: User) -> list[TimelineItem]:
    if user.scope.is_investor:
        return []
    items = []
    merges = (
        ClientMerge.objects.visible_to(user).filter(kept=client).select_related("merged", "by", "undone_by")
    )
    for merge in merges:
        title = f"Merged with {merge.merged}"
        href = reverse("clients:merges")
        items.append(TimelineItem(merge.at, title, merge.reason, href=href, who=str(merge.by), icon="merge"))
        if merge.undone_at:
            who = str(merge.undone_by or "")
            items.append(TimelineItem(merge.undone_at, f"{title}: undone", who=who, icon="undo"))
    return items


def search_clients(user: User, text: str, limit: int = 10) -> list[Client]:
    """Clients by name, identifier, PAN, phone or e-mail, the best match first; each with ``external_ids``.

    Fewer than two characters find nothing. Where nothing is spelt so, names that sound like it are offered.
    """
    text = " ".join(text.split())
    if len(text) < MIN_SEARCH:
        return []
    visible = Client.objects.visible_to(user).current().select_related("advisor", "household")
    found = list(visible.matching(text).with_identifiers().order_by("name", "pk")[: limit * 5])
    found.sort(key=lambda client: _rank(client, text.casefold()))
    if not found and len(text) >= 4 and not any(character.isdigit() for character in text):
        return list(visible.sounding_like(text).with_identifiers()[:limit])
    return found[:limit]


def _rank(client: Client, text: str) -> tuple[bool, bool, str]:
    """An exact identifier first, then names that begin with the text, then by name."""
    exact = text.replace(",", "") in {name.casefold() for name in client.external_ids}  # type: ignore[attr-defined]
    return not exact, not client.name.casefold().startswith(text), client.name


def advisors_to_choose(user: User) -> QuerySet[Advisor]:
    """Whom ``user`` may give clients to: the advisors they see, by name."""
    return Advisor.objects.visible_to(user).order_by("name", "pk")
