"""The API, in the words of a program that asks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from opportunities import services
from opportunities.choices import OpportunityType, WorkStatus
from opportunities.models import Opportunity, OpportunityNote, ScanRun
from opportunities.tests.factories import AS_OF, OpportunityFactory, SipFactory
from wealthhub.testing import WealthhubTestCase, make_client

SEED_FIELDS = {
    "user_id",
    "agent_id",
    "agent_external_id",
    "opportunity_type",
    "opportunity_description",
    "current_sip_amount",
    "potential_increase",
    "last_activity_date",
    "days_since_activity",
    "risk_score",
    "total_invested",
    "failed_amount",
}


class ApiTestCase(WealthhubTestCase):
    """A scanned book as of 30 January 2026.

    asha's client has the README's SIP: 18 months at 5,500, last success 25 days ago. arun's failed with 6,000.
    """

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        SipFactory(client=cls.client_of_asha)
        SipFactory(
            client=cls.client_of_arun,
            status="Failed",
            is_active=True,
            success_amount=Decimal(6000),
            failed_amount=Decimal(6000),
        )
        SipFactory(client=cls.client_of_ravi)
        for firm in (cls.firm, cls.other_firm):
            services.run_scan(ScanRun.objects.create(firm=firm, as_of=AS_OF))

    def ask(self, user: Any, path: str, **query: Any) -> Any:
        answer = self.api(user).get(f"/api/{path}", query)
        assert answer.status_code == 200, answer.content
        return answer.json()


class OpportunityListTests(ApiTestCase):
    def test_the_readme_example_is_found(self) -> None:
        answer = self.ask(self.asha, "opportunities/no-sip-increase")
        assert answer["count"] == 1
        item = answer["results"][0]
        assert set(item) >= SEED_FIELDS
        assert item["user_id"] == "asha-1"
        assert (item["current_sip_amount"], item["potential_increase"]) == ("5500.00", "550.00")
        assert (item["last_activity_date"], item["days_since_activity"]) == ("2026-01-05", 25)
        assert (item["inflow_basis"], item["risk_score"], item["agent_id"]) == ("monthly", "3.00", "5001")

    def test_every_path_works_with_and_without_the_slash(self) -> None:
        for path in ("", "/no-sip-increase", "/failed-sips", "/high-value-inactive", "/stats"):
            for end in ("", "/"):
                self.ask(self.asha, f"opportunities{path}{end}")

    def test_an_agent_is_found_with_and_without_commas(self) -> None:
        for agent_id in ("5001", "5,001"):
            for path in ("opportunities", "opportunities/no-sip-increase"):
                assert self.ask(self.admin, path, agent_id=agent_id)["count"] == 1
        assert self.ask(self.admin, "opportunities", agent_external_id="ag_arun")["count"] == 1
        assert self.ask(self.asha, "opportunities", agent_id="5002")["count"] == 0

    def test_everybody_gets_their_own(self) -> None:
        for user, count in (
            (self.admin, 2),
            (self.manager, 2),
            (self.asha, 1),
            (self.arun, 1),
            (self.ravi, 1),
        ):
            assert self.ask(user, "opportunities")["count"] == count
        assert self.api(self.investor).get("/api/opportunities").status_code == 403
        assert self.api().get("/api/opportunities").status_code == 401

    def test_limit_and_offset_cut_a_complete_count(self) -> None:
        for number in range(5):
            OpportunityFactory(client=make_client(name=f"C{number}", advisor=self.advisor_asha))
        first = self.ask(self.admin, "opportunities", limit=2)
        rest = self.ask(self.admin, "opportunities", limit=1000, offset=2)
        assert (first["count"], len(first["results"]), len(rest["results"])) == (7, 2, 5)
        assert not {item["id"] for item in first["results"]} & {item["id"] for item in rest["results"]}

    def test_ordering_and_filters(self) -> None:
        kinds = [
            i["opportunity_type"]
            for i in self.ask(self.admin, "opportunities", ordering="risk_score")["results"]
        ]
        assert kinds == ["no_sip_increase", "failed_sips"]  # 3.00 and 5.00
        assert self.ask(self.admin, "opportunities", opportunity_type="failed_sips")["count"] == 1
        assert self.ask(self.admin, "opportunities", status="won")["count"] == 0

    def test_bad_parameters_are_named(self) -> None:
        for path, query, name in (
            ("opportunities", {"limit": "0"}, "limit"),
            ("opportunities", {"limit": "1001"}, "limit"),
            ("opportunities", {"offset": "-1"}, "offset"),
            ("opportunities", {"status": "maybe"}, "status"),
            ("opportunities", {"opportunity_type": "luck"}, "opportunity_type"),
            ("opportunities", {"ordering": "name"}, "ordering"),
            ("opportunities/failed-sips", {"min_failed_amount": "x"}, "min_failed_amount"),
            ("opportunities/no-sip-increase", {"min_months": "0"}, "min_months"),
            ("opportunities/high-value-inactive", {"as_of": "yesterday"}, "as_of"),
            ("opportunities/stats", {"as_of": "2026-13-01"}, "as_of"),
            ("agents", {"ordering": "name"}, "ordering"),
        ):
            answer = self.api(self.admin).get(f"/api/{path}", query)
            assert answer.status_code == 400, path
            assert name in answer.json()["details"]

    def test_the_number_of_queries_does_not_grow(self) -> None:
        api = self.api(self.admin)
        api.get("/api/opportunities")
        with CaptureQueriesContext(connection) as few:
            api.get("/api/opportunities")
        for number in range(20):
            OpportunityFactory(client=make_client(name=f"C{number}", advisor=self.advisor_asha))
        with CaptureQueriesContext(connection) as many:
            api.get("/api/opportunities")
        assert len(many) == len(few)


class OtherThresholdsTests(ApiTestCase):
    def test_stored_rows_answer_the_scans_own_question(self) -> None:
        item = self.ask(self.arun, "opportunities/failed-sips", min_failed_amount="5000", as_of="2026-01-30")
        assert item["results"][0]["id"] == Opportunity.objects.get(client=self.client_of_arun).pk

    def test_a_threshold_that_no_scan_had(self) -> None:
        SipFactory(client=self.client_of_asha, failed_amount=Decimal(4000))
        path = "opportunities/failed-sips"
        assert self.ask(self.admin, path)["count"] == 1
        low = self.ask(self.admin, path, min_failed_amount="4000", ordering="failed_amount")
        assert [item["failed_amount"] for item in low["results"]] == ["4000.00", "6000.00"]
        assert [item["id"] is None for item in low["results"]] == [True, False]
        assert self.ask(self.admin, path, min_failed_amount="6000.01")["count"] == 0
        assert self.ask(self.asha, path, min_failed_amount="1")["count"] == 1
        assert self.ask(self.admin, path, min_failed_amount="1", agent_id="5,002")["count"] == 1

    def test_another_day(self) -> None:
        path = "opportunities/no-sip-increase"
        assert self.ask(self.asha, path, as_of="2026-01-14", min_months=18)["count"] == 0
        found = self.ask(self.asha, path, as_of="2026-01-15", min_months=18)  # 18 months since 15 July 2024
        assert (found["count"], found["results"][0]["as_of"]) == (1, "2026-01-15")

    def test_a_client_idle_for_longer(self) -> None:
        SipFactory(
            client=self.client_of_asha, latest_success_on=date(2025, 6, 1), success_amount=Decimal(500_000)
        )
        path = "opportunities/high-value-inactive"
        assert self.ask(self.asha, path, as_of="2026-03-05")["count"] == 0  # 59 days after 5 January
        assert self.ask(self.asha, path, as_of="2026-03-06")["count"] == 1
        assert self.ask(self.asha, path, as_of="2026-03-06", min_invested_amount="600000")["count"] == 0

    def test_pages_of_a_live_answer_do_not_overlap(self) -> None:
        for number in range(4):
            client = make_client(name=f"C{number}", advisor=self.advisor_asha)
            SipFactory(client=client, failed_amount=Decimal(4000), status="Failed")
        pages = [
            self.ask(self.admin, "opportunities/failed-sips", min_failed_amount=4000, limit=3, offset=offset)
            for offset in (0, 3)
        ]
        assert [page["count"] for page in pages] == [5, 5]
        assert len({item["client_id"] for page in pages for item in page["results"]}) == 5

    def test_a_status_narrows_a_live_answer_too(self) -> None:
        Opportunity.objects.filter(client=self.client_of_arun).update(status=WorkStatus.CONTACTED)
        query = {"min_failed_amount": 1000, "status": "contacted"}
        assert self.ask(self.admin, "opportunities/failed-sips", **query)["count"] == 1
        assert self.ask(self.admin, "opportunities/failed-sips", **query | {"status": "new"})["count"] == 0


class StatsTests(ApiTestCase):
    def test_income_and_client_money_stand_apart(self) -> None:
        services.save_trail_rate(
            firm=self.firm, effective_from=date(2025, 4, 1), annual_rate=Decimal("0.008")
        )
        answer = self.ask(self.admin, "opportunities/stats")
        assert answer["total_opportunities"] == 2
        assert answer["client_money"] == {"monthly": "550.00", "one_time": "6000.00"}
        assert answer["total_potential_revenue"] == "76.60"  # 28.60 + 48.00
        assert answer["breakdown_by_type"]["no_sip_increase"] == {
            "count": 1,
            "potential_revenue": "28.60",
            "client_money": {"monthly": "550.00", "one_time": "0.00"},
        }
        assert answer["as_of"] == "2026-01-30"

    def test_without_a_rate_card_or_permission_income_is_null(self) -> None:
        assert self.ask(self.admin, "opportunities/stats")["total_potential_revenue"] is None
        services.save_trail_rate(
            firm=self.firm, effective_from=date(2025, 4, 1), annual_rate=Decimal("0.008")
        )
        assert self.ask(self.analyst, "opportunities/stats")["total_potential_revenue"] is None

    def test_one_agent_and_another_day(self) -> None:
        assert self.ask(self.admin, "opportunities/stats", agent_id="5,002")["total_opportunities"] == 1
        early = self.ask(self.admin, "opportunities/stats", as_of="2025-01-30")
        assert (early["breakdown_by_type"]["no_sip_increase"]["count"], early["as_of"]) == (0, "2025-01-30")


class WorkingTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.found = Opportunity.objects.get(client=self.client_of_asha)

    def test_detail_says_what_it_rests_on(self) -> None:
        answer = self.ask(self.asha, f"opportunities/{self.found.pk}")
        assert answer["facts"]["months"] == 18
        assert len(answer["evidence"]) == 1

    def test_strangers_get_a_404(self) -> None:
        for user in (self.arun, self.ravi):
            assert self.api(user).get(f"/api/opportunities/{self.found.pk}/").status_code == 404
            for path, body in (("status", {"status": "won"}), ("notes", {"text": "x"})):
                assert (
                    self.api(user).post(f"/api/opportunities/{self.found.pk}/{path}/", body).status_code
                    == 404
                )

    def test_status_and_note(self) -> None:
        api, path = self.api(self.asha), f"/api/opportunities/{self.found.pk}"
        assert api.post(f"{path}/status/", {"status": "contacted"}).json()["status"] == "contacted"
        assert api.post(f"{path}/notes/", {"text": "Called."}).status_code == 201
        assert OpportunityNote.objects.get().author == self.asha
        refused = api.post(f"{path}/status/", {"status": "dismissed"})
        assert (refused.status_code, refused.json()["code"]) == (400, "reason_required")
        assert api.post(f"{path}/status/", {"status": "maybe"}).status_code == 400
        assert self.api(self.analyst).post(f"{path}/status/", {"status": "won"}).status_code == 403

    def test_a_scan_is_asked_for_and_followed(self) -> None:
        answer = self.api(self.manager).post("/api/opportunities/scan/", {"as_of": "2026-01-30"})
        assert answer.status_code == 202
        assert {"id", "status", "url"} <= set(answer.json())
        assert self.api(self.asha).get(answer.json()["url"]).json()["as_of"] == "2026-01-30"
        assert self.api(self.ravi).get(answer.json()["url"]).status_code == 404
        assert self.api(self.asha).post("/api/opportunities/scan", {}).status_code == 403


class AgentTests(ApiTestCase):
    def test_it_works(self) -> None:
        answer = self.ask(self.admin, "agents")
        assert [row["agent_id"] for row in answer["results"]] == ["5001", "5002"]
        first = answer["results"][0]
        assert (first["total_sips"], first["total_aum"], first["monthly_book"]) == (1, "99000.00", "5500.00")

    def test_scope_filter_and_order(self) -> None:
        assert self.ask(self.asha, "agents/")["count"] == 1
        assert self.ask(self.admin, "agents", agent_id="5,002")["results"][0]["total_invested"] == "6000.00"
        rows = self.ask(self.admin, "agents", ordering="total_aum")["results"]
        assert [row["agent_id"] for row in rows] == ["5002", "5001"]


class ClientTests(ApiTestCase):
    def test_by_the_books_id_and_by_ours(self) -> None:
        for name in ("asha-1", str(self.client_of_asha.pk)):
            answer = self.ask(self.asha, f"clients/{name}")
            assert (answer["user_id"], answer["total_sips"], answer["current_sip_amount"]) == (
                "asha-1",
                1,
                "5500.00",
            )
            assert [i["opportunity_type"] for i in answer["opportunities"]] == [
                OpportunityType.NO_SIP_INCREASE
            ]

    def test_sips(self) -> None:
        SipFactory(client=self.client_of_asha, deleted=True)
        answer = self.ask(self.asha, "clients/asha-1/sips/")
        assert (answer["count"], answer["results"][0]["scheme_name"]) == (1, ["Axis Midcap Fund (G)"])
        assert self.ask(self.asha, "clients/asha-1/sips", source="all")["count"] == 2

    def test_an_investor_sees_their_own_without_opportunities(self) -> None:
        assert self.ask(self.investor, "clients/asha-1")["opportunities"] == []
        assert self.api(self.investor).get("/api/clients/arun-1").status_code == 404
        assert self.api(self.ravi).get("/api/clients/asha-1/sips").status_code == 404
