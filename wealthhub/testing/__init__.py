"""What every app's tests share: the people of two firms, and rows to give them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.test import TestCase, override_settings
from rest_framework.test import APIClient

from wealthhub.accounts.choices import FirmKind, Role
from wealthhub.accounts.models import Firm, User
from wealthhub.clients.models import Advisor, Client
from wealthhub.testing.factories import (
    PASSWORD,
    make_advisor,
    make_client,
    make_firm,
    make_household,
    make_run,
    make_user,
)

__all__ = [
    "PASSWORD",
    "WealthhubTestCase",
    "make_advisor",
    "make_client",
    "make_firm",
    "make_household",
    "make_run",
    "make_user",
]


QUICK_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",  # the real one takes a third of a second a sign-in
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]


@override_settings(PASSWORD_HASHERS=QUICK_HASHERS)
class WealthhubTestCase(TestCase):
    """Two firms and their people.

    asha owns ``client_of_asha``; arun is the second advisor in the manager's team; ravi is a stranger from
    another firm. The investor sees ``client_of_asha``. The clients' identifiers of source "wealthy" are
    ``asha-1``, ``arun-1`` and ``ravi-1``.
    The cache, and with it every rate limit, is empty at the start of each test.
    """

    firm: Firm
    other_firm: Firm
    admin: User
    manager: User
    asha: User
    arun: User
    analyst: User
    investor: User
    ravi: User
    advisor_asha: Advisor
    advisor_arun: Advisor
    advisor_ravi: Advisor
    client_of_asha: Client
    client_of_arun: Client
    client_of_ravi: Client

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the people once for the class; each test gets its own copies."""
        cls.firm = make_firm(name="Alpha Wealth", slug="alpha")
        cls.other_firm = make_firm(name="Beta Capital", slug="beta", kind=FirmKind.ADVISER)
        cls.admin = make_user(username="admin", firm=cls.firm, role=Role.ADMIN)
        cls.manager = make_user(username="manager", firm=cls.firm, role=Role.MANAGER)
        cls.asha = make_user(
            username="asha", first_name="Asha", last_name="Rao", firm=cls.firm, manager=cls.manager
        )
        cls.arun = make_user(
            username="arun", first_name="Arun", last_name="Iyer", firm=cls.firm, manager=cls.manager
        )
        cls.analyst = make_user(username="analyst", firm=cls.firm, role=Role.ANALYST)
        cls.ravi = make_user(username="ravi", first_name="Ravi", last_name="Sen", firm=cls.other_firm)
        cls.advisor_asha = make_advisor(user=cls.asha, agent_id="5001", agent_external_id="ag_asha")
        cls.advisor_arun = make_advisor(user=cls.arun, agent_id="5002", agent_external_id="ag_arun")
        cls.advisor_ravi = make_advisor(user=cls.ravi, agent_id="5001", agent_external_id="ag_ravi")
        cls.client_of_asha = make_client(name="Meera Shah", advisor=cls.advisor_asha, external_id="asha-1")
        cls.client_of_arun = make_client(name="Kiran Das", advisor=cls.advisor_arun, external_id="arun-1")
        cls.client_of_ravi = make_client(name="Nita Paul", advisor=cls.advisor_ravi, external_id="ravi-1")
        cls.investor = make_user(
            username="investor", firm=cls.firm, role=Role.INVESTOR, client=cls.client_of_asha
        )

    def setUp(self) -> None:
        """Start with an empty cache."""
        cache.clear()

    def people(self) -> dict[str, User | None]:
        """Every role by name, ``stranger`` for ravi and ``nobody`` for no sign-in."""
        return {
            "nobody": None,
            "admin": self.admin,
            "manager": self.manager,
            "advisor": self.asha,
            "advisor2": self.arun,
            "analyst": self.analyst,
            "investor": self.investor,
            "stranger": self.ravi,
        }

    def sign_in(self, user: User | None) -> None:
        """Make ``self.client`` this person's browser; None signs out."""
        self.client.logout()
        if user is not None:
            self.client.force_login(user)

    def get_as(self, user: User | None, url: str, **query: Any) -> HttpResponse:
        """The page as ``user`` sees it."""
        self.sign_in(user)
        return self.client.get(url, query)

    def api(self, user: User | AnonymousUser | None = None) -> APIClient:
        """A program signed in as ``user``, or as nobody. Every request loads the user afresh, as in life."""
        client = APIClient()
        if user is not None and user.is_authenticated:
            client.force_login(user)
        return client
