"""The demo firms: made-up books taken in by the import pipeline, sign-ins, scans, and some work already done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db.models import Count

from opportunities import demo_book, services
from opportunities.choices import OpportunityType, WorkStatus
from opportunities.models import Opportunity, OpportunityNote, ScanRun
from wealthhub.accounts import services as accounts
from wealthhub.accounts.choices import FirmKind, Role
from wealthhub.accounts.models import Firm, User
from wealthhub.clients import services as clients
from wealthhub.clients.choices import NoteKind
from wealthhub.clients.models import Advisor, Client, Consent, Note
from wealthhub.errors import DomainError, Forbidden
from wealthhub.imports import services as imports
from wealthhub.imports import sources
from wealthhub.imports.choices import Channel, RunStatus
from wealthhub.imports.models import ImportRun

PASSWORD: Final = "wealthhub-demo"  # noqa: S105 - published: for demo data only, refused elsewhere
SIGN_INS: Final = ("admin", "manager", "advisor", "advisor2", "analyst", "investor", "stranger")
EXPORTS: Final = (270, 100, 1)  # days before today: three exports of the book, so that rises are seen
FIRST_AGENT: Final = 4201

Say = Callable[[str], None]


def refuse_outside_demo() -> None:
    """Raises: Forbidden: this installation is not one where demo sign-ins may exist."""
    if not (settings.DEBUG or settings.DEMO_SIGN_INS):
        raise Forbidden("Demo sign-ins are refused here: set DEMO_SIGN_INS=1 to allow them.", code="no_demo")


def is_loaded() -> bool:
    """The last thing a load makes is there."""
    return User.objects.filter(username=SIGN_INS[-1]).exists()


def load(*, seed: int, today: date, size: int = 5000, say: Say) -> None:
    """Make both firms. A load that was cut short is completed by the next one.

    ``size`` is the number of clients of both firms together; SIPs are 2.4 times as many.
    Raises: Forbidden: not a demo installation. DomainError: an account of another firm has one of the names.
    """
    refuse_outside_demo()
    small = size * 8 // 100
    firm = _firm("Sahyadri Wealth", "sahyadri", FirmKind.DISTRIBUTOR)
    other = _firm("Coromandel Capital", "coromandel", FirmKind.ADVISER)
    _check_names_are_free(firm, other)
    services.save_trail_rate(firm=firm, effective_from=date(2024, 4, 1), annual_rate=Decimal("0.0080"))
    admin = _user(firm, "admin", Role.ADMIN, "Nandini Rao")
    for owner, by, agents, people, first in (
        (firm, admin, 36, size - small, FIRST_AGENT),
        (other, None, 4, small, FIRST_AGENT + 1000),
    ):
        book = demo_book.make_book(
            seed=seed,
            today=today,
            agents=agents,
            clients=people,
            sips=people * 12 // 5,
            first_number=first,
        )
        _take_in(owner, by, book, today, say)
    _people(firm)
    _work(firm, today)
    stranger = Advisor.objects.get(firm=other, agent_id=str(FIRST_AGENT + 1000))
    _user(other, "stranger", Role.ADVISOR, stranger.name, advisor=stranger)


def _firm(name: str, slug: str, kind: str) -> Firm:
    held = Firm.objects.filter(slug=slug).first()
    return held or accounts.create_firm(name=name, kind=kind, slug=slug)


def _check_names_are_free(*firms: Firm) -> None:
    taken = (
        User.objects.filter(username__in=SIGN_INS).exclude(firm__in=firms).values_list("username", flat=True)
    )
    if taken:
        raise DomainError(f"There is an account “{taken[0]}” already.", code="taken")


def _user(
    firm: Firm,
    username: str,
    role: str,
    name: str,
    *,
    manager: User | None = None,
    client: Client | None = None,
    advisor: Advisor | None = None,
) -> User:
    held = User.objects.filter(username=username).first()
    if held is not None:
        return held
    first, _, last = name.partition(" ")
    return accounts.create_user(
        firm=firm,
        username=username,
        email=f"{username}@{firm.slug}.example",
        password=PASSWORD,
        role=role,
        first_name=first,
        last_name=last,
        manager=manager,
        client=client,
        advisor=advisor,
    )


def _take_in(firm: Firm, user: User | None, book: demo_book.Book, today: date, say: Say) -> None:
    """The client list, then each export of the SIP book, scanned as of its day."""
    _import(firm, user, "clients", filename="clients.csv", content=_csv(demo_book.client_rows(book)), say=say)
    for days in EXPORTS:
        as_of = today - timedelta(days=days)
        rows = json.dumps(demo_book.sip_rows(book, as_of=as_of)).encode()
        run = _import(firm, user, "sip", filename=f"sip_book_{as_of:%Y_%m_%d}.json", content=rows, say=say)
        if not ScanRun.objects.filter(import_run=run).exists():
            scan = ScanRun.objects.create(
                firm=firm, user=user, as_of=today if days == EXPORTS[-1] else as_of, import_run=run
            )
            scan = services.run_scan(scan)
            say(f"{firm}: scanned as of {scan.as_of}, {scan.found:,} found, {scan.opened:,} new")


def _import(
    firm: Firm, user: User | None, source: str, *, filename: str, content: bytes, say: Say
) -> ImportRun:
    held = ImportRun.objects.filter(
        firm=firm, source=source, filename=filename, status=RunStatus.SUCCEEDED
    ).first()
    if held is not None:
        return held
    run = imports.receive_file(
        user=user,
        firm=firm,
        source=sources.get(source),
        file=io.BytesIO(content),
        filename=filename,
        channel=Channel.DEMO,
        queue=False,
    )
    done = imports.execute(run.pk)
    if done is None or done.status != RunStatus.SUCCEEDED:
        raise DomainError(
            f"{filename} was not taken in: {done.error_message if done else 'it was taken over'}"
        )
    say(
        f"{firm}: {filename}, {done.rows_read:,} rows, {done.rows_created:,} new, {done.rows_updated:,} changed, "
        f"{done.rows_rejected:,} rejected"
    )
    return done


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _people(firm: Firm) -> None:
    """Sign-ins of the first firm: a manager with a team, two advisors, an analyst, and an investor of the advisor's."""
    own, second = (Advisor.objects.get(firm=firm, agent_id=str(FIRST_AGENT + place)) for place in (0, 1))
    manager = _user(firm, "manager", Role.MANAGER, "Vikram Menon")
    _user(firm, "advisor", Role.ADVISOR, own.name, manager=manager, advisor=own)
    _user(firm, "advisor2", Role.ADVISOR, second.name, manager=manager, advisor=second)
    _user(firm, "analyst", Role.ANALYST, "Leela Thomas")
    team = [str(FIRST_AGENT + place) for place in range(2, 10)]
    Advisor.objects.filter(firm=firm, agent_id__in=team, manager__isnull=True).update(manager=manager)
    with_most_sips = (
        Client.objects.filter(firm=firm, advisor=own, sips__deleted=False, sips__status="Success")
        .annotate(running=Count("sips"))
        .order_by("-running", "pk")
        .first()
    )
    _user(firm, "investor", Role.INVESTOR, str(with_most_sips), client=with_most_sips)


def _work(firm: Firm, today: date) -> None:
    """What the advisor has done so far: notes, consents, and opportunities on their way."""
    advisor = User.objects.get(username="advisor")
    mine = (
        Opportunity.objects.visible_to(advisor).open().select_related("client").order_by("-risk_score", "pk")
    )
    if OpportunityNote.objects.filter(firm=firm).exists():
        return
    steps = (
        (OpportunityType.FAILED_SIPS, WorkStatus.CONTACTED, "Called: changed bank, new mandate form sent."),
        (OpportunityType.FAILED_SIPS, WorkStatus.IN_PROGRESS, "Mandate signed, waiting for the bank."),
        (
            OpportunityType.NO_SIP_INCREASE,
            WorkStatus.CONTACTED,
            "Will decide after the salary revision in April.",
        ),
        (
            OpportunityType.HIGH_VALUE_INACTIVE,
            WorkStatus.CONTACTED,
            "Left a message; wants a review next week.",
        ),
    )
    seen: set[int] = set()
    for kind, status, text in steps:
        chosen = mine.filter(opportunity_type=kind).exclude(pk__in=seen).first()
        if chosen is not None:
            seen.add(chosen.pk)
            services.set_status(opportunity=chosen, user=advisor, status=status)
            services.add_note(opportunity=chosen, user=advisor, text=text)
    snoozed = mine.filter(opportunity_type=OpportunityType.NO_SIP_INCREASE).exclude(pk__in=seen).first()
    if snoozed is not None:
        services.set_status(
            opportunity=snoozed, user=advisor, status=WorkStatus.NEW, snoozed_until=today + timedelta(days=21)
        )
    for client in Client.objects.filter(firm=firm, advisor__user=advisor).order_by("pk")[:6]:
        if not Note.objects.filter(client=client).exists():
            clients.add_note(
                client=client, user=advisor, kind=NoteKind.REVIEW, text="Yearly review done; goals unchanged."
            )
        if not Consent.objects.filter(client=client).exists():
            clients.record_consent(
                client=client,
                user=advisor,
                purpose="Portfolio review by phone",
                notice_version="2026-01",
                channel="phone",
            )
