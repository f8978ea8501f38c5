from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from opportunities import demo, demo_book
from opportunities.models import Opportunity, Sip, SipAmountChange
from wealthhub.accounts.models import User
from wealthhub.clients.models import Advisor, Client
from wealthhub.imports.models import ImportRun
from wealthhub.testing import WealthhubTestCase

TODAY = date(2026, 11, 21)


class BookTests(WealthhubTestCase):
    def test_the_same_seed_gives_the_same_book(self):
        options = {"today": TODAY, "agents": 3, "clients": 50, "sips": 120, "first_number": 4201}
        first, again, other = (demo_book.make_book(seed=seed, **options) for seed in (1, 1, 2))
        rows = demo_book.sip_rows(first, as_of=TODAY)
        assert rows == demo_book.sip_rows(again, as_of=TODAY)
        assert rows != demo_book.sip_rows(other, as_of=TODAY)
        assert len(rows) == 120
        assert len(rows[0]) == 45


class DemoTests(WealthhubTestCase):
    @classmethod
    def setUpTestData(cls):
        """The demo brings its own people."""

    def load(self, *arguments):
        out = StringIO()
        call_command("demo", "--clients", "500", *arguments, stdout=out)
        return out.getvalue()

    @override_settings(DEMO_SIGN_INS=True)
    def test_it_works_and_once_is_enough(self):
        assert "Loaded in" in self.load()
        assert Client.objects.count() == 500
        assert Advisor.objects.count() == 40
        assert Sip.objects.count() == 1200
        assert SipAmountChange.objects.filter(new_amount__gt=0).exists()
        assert ImportRun.objects.filter(rows_rejected__gt=0).count() == 0
        kinds = set(Opportunity.objects.open().values_list("opportunity_type", flat=True))
        assert kinds == {"failed_sips", "high_value_inactive", "no_sip_increase"}
        self.check_people()
        assert self.load("--once") == "The demo firms are loaded.\n"
        with pytest.raises(CommandError, match="are loaded"):
            self.load()
        assert Sip.objects.count() == 1200

    def check_people(self):
        people = {user.username: user for user in User.objects.all()}
        assert set(people) == set(demo.SIGN_INS)
        assert all(user.check_password("wealthhub-demo") for user in people.values())
        sees = {name: Client.objects.visible_to(user).count() for name, user in people.items()}
        assert sees["admin"] == sees["analyst"] == 460
        assert 0 < sees["advisor"] < sees["manager"] < 460
        assert sees["investor"] == 1
        assert 0 < sees["stranger"] <= 40

    @override_settings(DEBUG=False, DEMO_SIGN_INS=False)
    def test_it_is_refused_where_it_was_not_asked_for(self):
        with pytest.raises(CommandError, match="refused"):
            self.load()
        assert not User.objects.exists()
