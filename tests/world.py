"""The world that the walk and the browser tests see: the people of two firms, with something in every room."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from opportunities.choices import OpportunityType
from opportunities.models import ScanRun
from opportunities.tests.factories import make_opportunity, make_sip
from wealthhub.accounts import services
from wealthhub.clients.choices import ConsentChannel
from wealthhub.clients.models import ClientMerge, Consent, Note
from wealthhub.imports.models import ImportIssue
from wealthhub.testing import WealthhubTestCase, make_client, make_household, make_run, make_user

AS_OF = date(2026, 1, 30)


def fill(world: WealthhubTestCase) -> None:
    """Give asha's client one of everything, and set attributes on ``world`` for what addresses need."""
    WealthhubTestCase.setUpTestData.__func__(world)
    client = world.client_of_asha
    world.household = make_household(firm=world.firm, name="Shah family")
    client.household = world.household
    client.save()
    world.sip = make_sip(client=client, amount=Decimal("5500.00"))
    world.opportunity = make_opportunity(
        client=client, opportunity_type=OpportunityType.FAILED_SIPS, as_of=AS_OF
    )
    make_opportunity(
        client=world.client_of_arun, opportunity_type=OpportunityType.HIGH_VALUE_INACTIVE, as_of=AS_OF
    )
    world.import_run = make_run(firm=world.firm, user=world.admin, filename="book.json")
    ImportIssue.objects.create(
        run=world.import_run, line=3, column="amount", value="x", code="not_a_number", message="Not a number."
    )
    world.scan = ScanRun.objects.create(firm=world.firm, as_of=AS_OF, status="succeeded")
    world.note = Note.objects.create(firm=world.firm, client=client, author=world.asha, text="Called.")
    world.consent, world.api_consent = [
        Consent.objects.create(
            firm=world.firm, client=client, purpose=purpose, notice_version="2026-01",
            channel=ConsentChannel.WEB, given_at="2026-01-05T10:00:00+05:30",
        )
        for purpose in ("Reports by mail", "Calls")
    ]  # fmt: skip
    world.twin = make_client(name="Meera  Shah", advisor=world.advisor_asha, external_id="asha-2")
    world.twin.merged_into = client
    world.twin.save()
    world.api_key, _ = services.issue_api_key(user=world.asha, name="walk", scopes=["read"])
    world.other_advisor = make_user(username="leaver", firm=world.firm, manager=world.manager)
    world.merge = ClientMerge.objects.create(
        firm=world.firm, kept=client, merged=world.twin, by=world.admin, moved={}, filled={}
    )
