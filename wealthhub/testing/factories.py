"""Rows of the hub for tests. Each factory fills what a row must have; a test names what it is about."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import factory
from django.conf import settings
from django.contrib.auth.hashers import make_password

from wealthhub.accounts.choices import FirmKind, Role
from wealthhub.accounts.models import Firm, User
from wealthhub.clients.choices import AssignmentOrigin
from wealthhub.clients.models import Advisor, AdvisorAssignment, Client, Household
from wealthhub.imports.choices import Phase, RunStatus
from wealthhub.imports.models import ImportRun

PASSWORD = "right-horse-battery"
SOURCE = "wealthy"  # what the SIP book's user ids are filed under


def password_hash() -> str:
    """The hash of `PASSWORD`, worked out once for each hasher: hashing is slow on purpose."""
    return _hash_by(settings.PASSWORD_HASHERS[0])


@cache
def _hash_by(hasher: str) -> str:
    return make_password(PASSWORD)


class FirmFactory(factory.django.DjangoModelFactory):
    """An active distributor."""

    class Meta:
        model = Firm

    name = factory.Sequence(lambda number: f"Firm {number}")
    slug = factory.Sequence(lambda number: f"firm-{number}")
    kind = FirmKind.DISTRIBUTOR


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody who can sign in with `PASSWORD`; an advisor where no role is named."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"user{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.LazyFunction(password_hash)
    firm = factory.SubFactory(FirmFactory)
    role = Role.ADVISOR


class AdvisorFactory(factory.django.DjangoModelFactory):
    """Somebody who serves clients, as a file names them: an agent number and no account."""

    class Meta:
        model = Advisor

    firm = factory.SubFactory(FirmFactory)
    name = factory.Sequence(lambda number: f"Advisor {number}")
    agent_id = factory.Sequence(lambda number: str(7000 + number))
    agent_external_id = factory.Sequence(lambda number: f"ag_{number:06d}")


class HouseholdFactory(factory.django.DjangoModelFactory):
    """A family without members yet."""

    class Meta:
        model = Household

    firm = factory.SubFactory(FirmFactory)
    name = factory.Sequence(lambda number: f"Household {number}")


class ClientFactory(factory.django.DjangoModelFactory):
    """A client of the advisor's firm, without identifiers or assignment history; see `make_client`."""

    class Meta:
        model = Client

    firm = factory.LazyAttribute(lambda client: client.advisor.firm)
    name = factory.Sequence(lambda number: f"Client {number}")
    advisor = factory.SubFactory(AdvisorFactory)


class ImportRunFactory(factory.django.DjangoModelFactory):
    """A run that ended well and read nothing."""

    class Meta:
        model = ImportRun

    firm = factory.SubFactory(FirmFactory)
    source = "sip"
    filename = factory.Sequence(lambda number: f"book-{number}.json")
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    status = RunStatus.SUCCEEDED
    phase = Phase.DONE


def make_firm(**values: Any) -> Firm:
    """A firm."""
    return FirmFactory(**values)


def make_user(**values: Any) -> User:
    """An account with the password `PASSWORD`."""
    return UserFactory(**values)


def make_advisor(**values: Any) -> Advisor:
    """An advisor; give ``user=`` for one who signs in (the firm and the name follow from it)."""
    if user := values.get("user"):
        values.setdefault("firm", user.firm)
        values.setdefault("name", str(user))
    return AdvisorFactory(**values)


def make_client(
    *, external_id: str = "", source: str = SOURCE, since: date = date(2024, 4, 1), **values: Any
) -> Client:
    """A client, assigned to its advisor (if any) since ``since``; with an identifier where one is named."""
    client = ClientFactory(**values)
    if external_id:
        client.identifiers.create(firm=client.firm, source=source, external_id=external_id)
    if client.advisor_id is not None:
        AdvisorAssignment.objects.create(
            firm=client.firm,
            client=client,
            advisor=client.advisor,
            since=since,
            origin=AssignmentOrigin.PERSON,
        )
    return client


def make_household(**values: Any) -> Household:
    """A household."""
    return HouseholdFactory(**values)


def make_run(**values: Any) -> ImportRun:
    """A finished import."""
    return ImportRunFactory(**values)
