"""Every address, as everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests import world
from tests.routes import EVERYBODY, ROUTES
from wealthhub.testing import WealthhubTestCase

# Not ours to walk: Django's and allauth's own pages are tested with them, and are named here by their prefix.
ELSEWHERE = ("admin/", "static/")


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Every address pattern of the site as text, ``clients/<int:pk>/edit/`` or ``api/imports/?``."""
    for entry in (resolver or get_resolver()).url_patterns:
        text = prefix + re.sub(r"^\^|\\Z$|\$$", "", str(entry.pattern))
        if isinstance(entry, URLPattern):
            yield text
        else:
            yield from addresses(entry, text)


class WalkTests(WealthhubTestCase):
    @classmethod
    def setUpTestData(cls):
        world.fill(cls)

    def test_every_address_is_in_the_table(self):
        found = {text for text in addresses() if not text.startswith(ELSEWHERE)}
        told = {name.removeprefix("POST ") for name in ROUTES}
        assert sorted(found - told) == [], "enter these in tests/routes.py"
        assert sorted(told - found) == [], "these are gone: take them out of tests/routes.py"

    def test_everybody_gets_what_the_table_says(self):
        users = (self.admin, self.manager, self.asha, self.arun, self.analyst, self.investor, self.ravi)
        people = dict(zip(EVERYBODY, (None, *users), strict=True))
        self.client.raise_request_exception = False
        wrong = []
        for name, route in ROUTES.items():
            for letter, user in people.items():
                self.sign_in(user)
                response = getattr(self.client, route.method)(route.path(self))
                if response.status_code != route.expected(letter):
                    wrong.append(f"{name} as {letter}: {response.status_code}, not {route.expected(letter)}")
        assert wrong == [], "\n".join(wrong)
