"""Sums that are kept, and what makes them new."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from opportunities import selectors
from opportunities.tests.factories import SipFactory
from wealthhub.clients import services as clients
from wealthhub.testing import WealthhubTestCase, make_run


class WholeBookTests(WealthhubTestCase):
    """asha's client and arun's client have a SIP of 5,500 each."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        SipFactory(client=cls.client_of_asha)
        SipFactory(client=cls.client_of_arun)

    def monthly(self, user: object) -> Decimal:
        return selectors.whole_book(user).monthly

    def test_everybody_has_their_own_sums(self) -> None:
        assert [self.monthly(user) for user in (self.admin, self.asha, self.ravi)] == [11_000, 5500, 0]

    def test_a_second_look_asks_for_the_marks_only(self) -> None:
        self.monthly(self.admin)
        with self.assertNumQueries(2):
            self.monthly(self.admin)

    def test_an_import_makes_them_new(self) -> None:
        assert self.monthly(self.admin) == 11_000
        SipFactory(client=self.client_of_asha)
        run = make_run(firm=self.firm)
        assert self.monthly(self.admin) == 16_500
        SipFactory(client=self.client_of_asha)
        run.undone_at = timezone.now()
        run.save()
        assert self.monthly(self.admin) == 22_000

    def test_moving_a_client_makes_them_new(self) -> None:
        assert (self.monthly(self.asha), self.monthly(self.arun)) == (5500, 5500)
        clients.reassign_clients(
            clients=[self.client_of_asha.pk], advisor=self.advisor_arun, user=self.manager, reason="Leave"
        )
        assert (self.monthly(self.asha), self.monthly(self.arun)) == (0, 11_000)
