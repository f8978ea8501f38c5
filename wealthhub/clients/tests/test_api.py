"""The clients' API: the same rules as the pages, in JSON."""

import pytest

from wealthhub.accounts.models import AuditEvent
from wealthhub.clients import services
from wealthhub.clients.models import Client, ClientMerge, Household
from wealthhub.testing import WealthhubTestCase, make_client


class ListTests(WealthhubTestCase):
    def test_it_works_with_and_without_the_slash(self):
        for path in ("/api/clients", "/api/clients/"):
            answer = self.api(self.asha).get(path)
            assert answer.status_code == 200
            assert answer.json()["count"] == 1
            row = answer.json()["results"][0]
            assert (row["name"], row["external_ids"], row["pan"]) == ("Meera Shah", ["asha-1"], None)

    def test_who_sees_what(self):
        seen = {"admin": 2, "manager": 2, "asha": 1, "analyst": 2, "ravi": 1}
        for name, count in seen.items():
            assert self.api(getattr(self, name)).get("/api/clients").json()["count"] == count, name
        assert self.api(self.investor).get("/api/clients").status_code == 403
        assert self.api().get("/api/clients").status_code in {401, 403}

    def test_personal_data_is_masked(self):
        services.update_client(
            client=self.client_of_asha,
            user=self.asha,
            changes={"pan": "ABCPE1234F", "phone": "9876543210", "email": "meera@shah.in"},
        )
        row = self.api(self.admin).get("/api/clients", {"q": "meera"}).json()["results"][0]
        assert (row["pan"], row["phone"], row["email"]) == ("XXXXXX234F", "+91 XXXXXX3210", "m***@s***.in")

    def test_filters_and_order(self):
        api = self.api(self.manager)
        assert api.get("/api/clients", {"advisor": self.advisor_arun.pk}).json()["count"] == 1
        names = [row["name"] for row in api.get("/api/clients", {"ordering": "-name"}).json()["results"]]
        assert names == ["Meera Shah", "Kiran Das"]
        assert api.get("/api/clients", {"advisor": "x"}).status_code == 400
        assert api.get("/api/clients", {"ordering": "pan"}).status_code == 400

    def test_the_queries_do_not_grow_with_the_rows(self):
        for number in range(20):
            make_client(name=f"Client {number}", advisor=self.advisor_asha, external_id=f"x-{number}")
        api = self.api(self.admin)
        api.get("/api/clients")
        with self.assertNumQueries(3):  # the user with the firm, the count, the rows
            api.get("/api/clients")


class ChangeTests(WealthhubTestCase):
    def test_create_and_change(self):
        body = {
            "name": "Dev Mehta",
            "advisor": self.advisor_asha.pk,
            "pan": "abcpe1234f",
            "identifiers": {"wealthy": "9001"},
        }
        answer = self.api(self.asha).post("/api/clients", body)
        assert answer.status_code == 201, answer.json()
        pk = answer.json()["id"]
        assert answer.json()["pan"] == "XXXXXX234F"
        changed = self.api(self.asha).patch(f"/api/clients/{pk}/record", {"name": "Dev M."})
        assert changed.json()["name"] == "Dev M."
        assert Client.objects.get(pk=pk).pan == "ABCPE1234F"

    def test_refusals(self):
        api = self.api(self.asha)
        assert api.post("/api/clients", {"name": "X", "advisor": self.advisor_arun.pk}).status_code == 400
        answer = api.post("/api/clients", {"name": "X", "advisor": self.advisor_asha.pk, "pan": "ABC"})
        assert (answer.status_code, answer.json()["code"]) == (400, "not_a_pan")
        path = f"/api/clients/{self.client_of_asha.pk}/record"
        assert self.api(self.arun).patch(path, {"name": "X"}).status_code == 404
        assert self.api(self.ravi).get(path).status_code == 404
        assert self.api(self.analyst).patch(path, {"name": "X"}).status_code == 403
        assert self.api(self.investor).patch(path, {"name": "X"}).status_code == 403

    def test_reveal_needs_a_reason_and_is_audited(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        path = f"/api/clients/{self.client_of_asha.pk}/reveal"
        body = {"kinds": ["pan"], "reason": "KYC call back"}
        assert self.api(self.asha).post(path, {"kinds": ["pan"]}).status_code == 400
        assert self.api(self.analyst).post(path, body).status_code == 403
        assert self.api(self.ravi).post(path, body).status_code == 404
        assert self.api(self.asha).post(path, body).json() == {"pan": "ABCPE1234F"}
        assert AuditEvent.objects.filter(action="client.revealed").count() == 1

    def test_notes_and_consents(self):
        base = f"/api/clients/{self.client_of_asha.pk}"
        assert self.api(self.asha).post(f"{base}/notes", {"text": "Called."}).status_code == 201
        assert self.api(self.manager).get(f"{base}/notes").json()["count"] == 1
        assert self.api(self.investor).get(f"{base}/notes").status_code == 403
        assert self.api(self.ravi).get(f"{base}/notes").status_code == 404
        body = {"purpose": "Mail", "notice_version": "1", "channel": "web"}
        consent = self.api(self.asha).post(f"{base}/consents", body).json()
        path = f"{base}/consents/{consent['id']}/withdraw"
        assert self.api(self.arun).post(path).status_code == 404
        assert self.api(self.investor).post(path).json()["withdrawn_at"] is not None


class TogetherTests(WealthhubTestCase):
    def test_reassign(self):
        body = {"clients": [self.client_of_asha.pk], "advisor": self.advisor_arun.pk}
        assert self.api(self.asha).post("/api/clients/reassign", body).status_code == 403
        assert self.api(self.manager).post("/api/clients/reassign", body).json() == {"reassigned": 1}
        body["clients"].append(self.client_of_ravi.pk)
        assert self.api(self.manager).post("/api/clients/reassign", body).status_code == 404

    def test_merge_and_undo(self):
        body = {"kept": self.client_of_arun.pk, "merged": self.client_of_asha.pk, "reason": "Same PAN card"}
        api = self.api(self.manager)
        preview = api.post("/api/clients/merge/preview", body).json()
        assert preview["moving"] == {"accounts.User": 1, "clients.ClientIdentifier": 1}
        merge = api.post("/api/clients/merge", body)
        assert merge.status_code == 201
        assert api.get("/api/clients/merges").json()["count"] == 1
        undone = api.post(f"/api/clients/merges/{merge.json()['id']}/undo")
        assert undone.json()["undone_at"] is not None
        assert api.post(f"/api/clients/merges/{merge.json()['id']}/undo").status_code == 409
        assert self.api(self.ravi).post(f"/api/clients/merges/{merge.json()['id']}/undo").status_code == 403

    def test_an_advisor_does_not_merge(self):
        second = make_client(name="Meera S.", advisor=self.advisor_asha)
        body = {"kept": self.client_of_asha.pk, "merged": second.pk}
        assert self.api(self.asha).post("/api/clients/merge", body).status_code == 403
        assert not ClientMerge.objects.exists()

    def test_households(self):
        body = {"name": "Shah", "members": [self.client_of_asha.pk]}
        made = self.api(self.asha).post("/api/households", body)
        assert (made.status_code, made.json()["member_count"]) == (201, 1)
        path = f"/api/households/{made.json()['id']}"
        assert self.api(self.asha).put(path, body | {"name": "Shahs"}).json()["name"] == "Shahs"
        assert self.api(self.arun).get(path).status_code == 404
        body["members"] = [self.client_of_arun.pk]
        assert self.api(self.asha).post("/api/households", body).status_code == 400
        assert Household.objects.count() == 1


@pytest.mark.django_db
def test_a_number_too_large_for_the_database_is_not_found(client):
    assert client.get("/api/clients/99999999999999999999/record").status_code in {401, 403, 404}
