"""The team tree, and what each role may see."""

from wealthhub.accounts.choices import Role
from wealthhub.accounts.models import AuditEvent, Firm, User
from wealthhub.clients.models import Advisor, Client
from wealthhub.querysets import NOTHING
from wealthhub.testing import WealthhubTestCase, make_advisor, make_client, make_user


class TeamTests(WealthhubTestCase):
    def test_it_works(self):
        assert self.manager.team_ids == {self.manager.pk, self.asha.pk, self.arun.pk}
        assert self.asha.team_ids == {self.asha.pk}

    def test_a_team_reaches_down_through_managers_below(self):
        head = make_user(firm=self.firm, role=Role.MANAGER)
        User.objects.filter(pk=self.manager.pk).update(manager=head)
        assert head.team_ids == {head.pk, self.manager.pk, self.asha.pk, self.arun.pk}

    def test_a_loop_in_the_tree_ends(self):
        User.objects.filter(pk=self.manager.pk).update(manager=self.asha)
        assert self.manager.team_ids == {self.manager.pk, self.asha.pk, self.arun.pk}

    def test_a_team_never_reaches_into_another_firm(self):
        User.objects.filter(pk=self.ravi.pk).update(manager=self.manager)
        assert self.ravi.pk not in self.manager.team_ids


class ScopeTests(WealthhubTestCase):
    def seen_by(self, user):
        return set(Client.objects.visible_to(User.objects.get(pk=user.pk)).values_list("name", flat=True))

    def test_it_works(self):
        everyone = {"Meera Shah", "Kiran Das"}
        assert self.seen_by(self.admin) == everyone
        assert self.seen_by(self.analyst) == everyone
        assert self.seen_by(self.manager) == everyone
        assert self.seen_by(self.asha) == {"Meera Shah"}
        assert self.seen_by(self.arun) == {"Kiran Das"}
        assert self.seen_by(self.investor) == {"Meera Shah"}

    def test_a_stranger_sees_only_their_own_firm(self):
        assert self.seen_by(self.ravi) == {"Nita Paul"}

    def test_the_platform_sees_every_firm(self):
        root = User.objects.create_superuser("root")
        assert self.seen_by(root) == {"Meera Shah", "Kiran Das", "Nita Paul"}
        assert set(Firm.objects.visible_to(root)) == {self.firm, self.other_firm}

    def test_a_manager_sees_advisors_without_an_account_placed_in_the_team(self):
        make_client(name="Lata Roy", advisor=make_advisor(firm=self.firm, manager=self.manager))
        make_client(name="Om Puri", advisor=make_advisor(firm=self.firm))
        assert self.seen_by(self.manager) == {"Meera Shah", "Kiran Das", "Lata Roy"}

    def test_an_investor_without_a_client_sees_nothing(self):
        unlinked = make_user(firm=self.firm, role=Role.INVESTOR)
        assert self.seen_by(unlinked) == set()

    def test_a_deactivated_account_sees_nothing(self):
        self.asha.is_active = False
        assert self.asha.scope == NOTHING

    def test_accounts_are_seen_by_role(self):
        def names(user):
            return set(User.objects.visible_to(user).values_list("username", flat=True))

        assert names(self.asha) == {"asha"}
        assert names(self.manager) == {"manager", "asha", "arun"}
        assert names(self.admin) == {"admin", "manager", "asha", "arun", "analyst", "investor"}
        assert names(self.ravi) == {"ravi"}

    def test_advisors_are_seen_by_role(self):
        assert set(Advisor.objects.visible_to(self.asha)) == {self.advisor_asha}
        assert set(Advisor.objects.visible_to(self.investor)) == {self.advisor_asha}
        assert set(Advisor.objects.visible_to(self.ravi)) == {self.advisor_ravi}

    def test_the_audit_trail_is_the_admins(self):
        event = AuditEvent.objects.create(firm=self.firm, user=self.asha, action="signed_in")
        assert list(AuditEvent.objects.visible_to(self.admin)) == [event]
        assert list(AuditEvent.objects.visible_to(self.manager)) == []
        assert list(AuditEvent.objects.visible_to(self.ravi)) == []
