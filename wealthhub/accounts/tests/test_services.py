"""What may be done to firms, accounts and keys, and what is refused."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, transaction

from wealthhub.accounts import services
from wealthhub.accounts.choices import FirmKind, Role
from wealthhub.accounts.models import AuditEvent, Firm, User
from wealthhub.errors import DomainError
from wealthhub.testing import PASSWORD, WealthhubTestCase, make_advisor, make_user


def refused(code):
    """The call must be refused with this code."""
    return pytest.raises(DomainError, check=lambda error: error.code == code)


class AddFirmTests(WealthhubTestCase):
    def add(self, *more, name="Gamma Wealth", admin="gita", password=PASSWORD):
        out = StringIO()
        call_command("add_firm", name, "--admin", admin, "--password", password, *more, stdout=out)
        return out.getvalue()

    def test_it_works(self):
        assert "gita can sign in as its administrator" in self.add("--kind", "adviser")
        firm = Firm.objects.get(slug="gamma-wealth")
        assert firm.kind == FirmKind.ADVISER
        gita = User.objects.get(username="gita")
        assert (gita.firm, gita.role, gita.is_staff, gita.is_superuser) == (firm, Role.ADMIN, False, False)
        assert (
            self.client.post("/accounts/login/", {"login": "gita", "password": PASSWORD}).status_code == 302
        )

    def test_a_refusal_leaves_nothing(self):
        for arguments in ({"password": "short"}, {"admin": "asha"}, {"name": "Alpha"}, {"name": " "}):
            Firm.objects.get_or_create(slug="alpha", defaults={"name": "Alpha"})
            before = Firm.objects.count()
            with pytest.raises(CommandError):
                self.add(**arguments)
            assert Firm.objects.count() == before, arguments


class CreateUserTests(WealthhubTestCase):
    def create(self, **changes):
        return services.create_user(
            **{"firm": self.firm, "username": "neha", "password": PASSWORD, **changes}
        )

    def test_it_works(self):
        neha = self.create(role=Role.ADVISOR, manager=self.manager, by=self.admin)
        assert neha.advisor.firm == self.firm
        event = AuditEvent.objects.get(action="user.created", object_id=str(neha.pk))
        assert (event.user, event.firm, event.details) == (self.admin, self.firm, {"role": "advisor"})

    def test_an_advisor_known_from_files_is_linked(self):
        known = make_advisor(firm=self.firm, agent_id="5872")
        assert self.create(role=Role.ADVISOR, advisor=known).advisor == known

    def test_an_advisor_of_another_account_or_firm_is_not(self):
        for advisor in (self.advisor_asha, make_advisor(firm=self.other_firm)):
            with refused("advisor_linked"), transaction.atomic():
                self.create(role=Role.ADVISOR, advisor=advisor)
        assert not User.objects.filter(username="neha").exists()

    def test_refusals(self):
        for code, changes in {
            "username_taken": {"username": "Asha"},
            "email_taken": {"email": "ASHA@example.com"},
            "bad_username": {"username": "ne ha"},
            "bad_email": {"email": "nowhere"},
            "weak_password": {"password": "password12"},
            "unknown_role": {"role": "owner"},
            "other_firm": {"manager": self.ravi},
            "client_needs_investor": {"role": Role.ADVISOR, "client": self.client_of_arun},
            "client_linked": {"client": self.client_of_asha},
        }.items():
            with refused(code):
                self.create(**changes)
        assert not User.objects.filter(username__iexact="neha").exists()


class ChangeRoleTests(WealthhubTestCase):
    def test_it_works(self):
        services.change_role(user=self.arun, by=self.admin, role=Role.ANALYST)
        assert User.objects.get(pk=self.arun.pk).role == Role.ANALYST
        event = AuditEvent.objects.get(action="user.role_changed")
        assert event.details == {"before": "advisor", "after": "analyst", "manager": None}

    def test_an_account_takes_over_the_advisor_that_files_name(self):
        neha = make_user(firm=self.firm, role=Role.ANALYST)
        services.change_role(user=neha, by=self.admin, role=Role.ADVISOR)
        known = make_advisor(firm=self.firm, agent_id="5872")
        services.change_role(user=neha, by=self.admin, role=Role.ADVISOR, advisor=known)
        assert User.objects.get(pk=neha.pk).advisor == known

    def test_an_account_that_serves_clients_stays_who_it_is(self):
        known = make_advisor(firm=self.firm, agent_id="5872")
        with refused("serves_clients"):
            services.change_role(user=self.asha, by=self.admin, role=Role.ADVISOR, advisor=known)

    def test_nobody_promotes_themselves(self):
        with refused("own_role"):
            services.change_role(user=self.manager, by=self.manager, role=Role.ADMIN)

    def test_a_team_cannot_stand_above_itself(self):
        with refused("team_loop"):
            services.change_role(user=self.manager, by=self.admin, role=Role.MANAGER, manager=self.asha)

    def test_the_last_admin_stays(self):
        root = User.objects.create_superuser("root")
        with refused("last_admin"):
            services.change_role(user=self.admin, by=root, role=Role.ANALYST)
        with refused("last_admin"):
            services.set_active(user=self.admin, by=root, is_active=False)
        make_user(firm=self.firm, role=Role.ADMIN)
        services.change_role(user=self.admin, by=root, role=Role.ANALYST)


class AuditTrailTests(WealthhubTestCase):
    def test_the_database_refuses_to_change_or_delete_an_event(self):
        event = services.record(
            user=self.asha, action="client.revealed", obj=self.client_of_asha, reason="Call"
        )
        with pytest.raises(Error), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).update(reason="Something else")
        with pytest.raises(Error), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).delete()
        event.refresh_from_db()
        assert event.reason == "Call"

    def test_the_firm_is_that_of_the_object(self):
        root = User.objects.create_superuser("root")
        event = services.record(user=root, action="client.revealed", obj=self.client_of_ravi)
        assert event.firm == self.other_firm
        assert services.record(user=root, action="platform.looked").firm is None


class ApiKeyTests(WealthhubTestCase):
    def test_refusals(self):
        for code, arguments in {
            "missing_name": {"name": " ", "scopes": ["read"]},
            "unknown_scope": {"name": "x", "scopes": []},
            "out_of_range": {"name": "x", "scopes": ["read"], "days": 0},
        }.items():
            with refused(code):
                services.issue_api_key(user=self.asha, **arguments)

    def test_revoking_twice_is_the_same_as_once(self):
        key, _ = services.issue_api_key(user=self.asha, name="x", scopes=["read"])
        first = services.revoke_api_key(key=key, user=self.asha).revoked_at
        assert services.revoke_api_key(key=key, user=self.asha).revoked_at == first
        assert AuditEvent.objects.filter(action="key.revoked").count() == 1
