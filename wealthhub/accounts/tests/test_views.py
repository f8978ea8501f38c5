"""The pages of signing in, of one's own account and of the firm."""

import re

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.urls import reverse

from wealthhub.accounts import services
from wealthhub.accounts.choices import Role
from wealthhub.accounts.models import ApiKey, AuditEvent, Firm, User
from wealthhub.accounts.tests.test_api import totp_code
from wealthhub.testing import PASSWORD, WealthhubTestCase, make_advisor

LOGIN = "/accounts/login/"


class PageTestCase(WealthhubTestCase):
    def sign_in_by_form(self, login="asha", password=PASSWORD):
        return self.client.post(LOGIN, {"login": login, "password": password})

    def confirm(self):
        """Give the password once more, as changes to the sign-in ask for."""
        return self.client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    def is_signed_in(self):
        return "_auth_user_id" in self.client.session


class SignInTests(PageTestCase):
    def test_it_works(self):
        self.assertContains(self.client.get(LOGIN), "Sign in")
        self.assertRedirects(self.sign_in_by_form(), "/", fetch_redirect_response=False)
        assert self.is_signed_in()
        assert AuditEvent.objects.filter(user=self.asha, action="sign_in", address="127.0.0.1").exists()

    def test_known_and_unknown_names_get_the_same_answer(self):
        for login in ("asha", "nobody-at-all", "asha@example.com", "nobody@example.com"):
            page = self.sign_in_by_form(login, "wrong")
            self.assertContains(page, "The user name or the password is not right.")

    def test_a_closed_firm_signs_nobody_in(self):
        Firm.objects.filter(pk=self.firm.pk).update(is_active=False)
        self.assertRedirects(self.sign_in_by_form(), "/accounts/inactive/")
        assert not self.is_signed_in()

    def test_closing_the_firm_ends_its_sessions(self):
        self.sign_in(self.asha)
        Firm.objects.filter(pk=self.firm.pk).update(is_active=False)
        self.assertRedirects(self.client.get("/accounts/profile/"), "/accounts/inactive/")
        assert not self.is_signed_in()

    def test_web_registration_is_closed(self):
        self.assertContains(self.client.get("/accounts/signup/"), "Accounts are made by the firm")
        answer = self.client.post(
            "/accounts/signup/",
            {"username": "x", "email": "x@example.com", "password1": PASSWORD, "password2": PASSWORD},
        )
        assert answer.status_code == 200
        assert not User.objects.filter(username="x").exists()

    def test_signing_out_needs_a_post(self):
        self.sign_in(self.asha)
        self.client.get("/accounts/logout/")
        assert self.is_signed_in()
        self.client.post("/accounts/logout/")
        assert not self.is_signed_in()

    def test_it_does_not_lead_to_other_sites(self):
        answer = self.client.post(
            f"{LOGIN}?next=https://evil.example", {"login": "asha", "password": PASSWORD}
        )
        assert answer["Location"] == "/"

    def test_the_admin_signs_in_here(self):
        answer = self.client.get("/admin/", follow=True)
        assert answer.redirect_chain[-1][0].startswith(LOGIN)

    def test_a_firms_admin_is_not_staff(self):
        assert self.get_as(self.admin, "/admin/login/").status_code == 403


class PasswordTests(PageTestCase):
    def test_reset_by_mail_changes_the_password_and_lifts_the_lock(self):
        for _ in range(5):
            self.client.post(LOGIN, {"login": "asha", "password": "wrong"}, REMOTE_ADDR="10.0.0.9")
        self.client.post("/accounts/password/reset/", {"email": "asha@example.com"})
        link = re.search(r"http://testserver(\S+)", mail.outbox[0].body).group(1)
        page = self.client.get(link, follow=True)
        action = page.redirect_chain[-1][0]
        new = "plum-tree-hill-9"
        self.client.post(action, {"password1": new, "password2": new})
        assert User.objects.get(pk=self.asha.pk).check_password(new)
        assert AuditEvent.objects.filter(user=self.asha, action="password.reset").exists()
        assert "This link no longer works" in self.client.get(link, follow=True).content.decode()
        assert self.client.post(LOGIN, {"login": "asha", "password": new})["Location"] == "/"

    def test_known_and_unknown_addresses_get_the_same_answer(self):
        known = self.client.post("/accounts/password/reset/", {"email": "asha@example.com"}, follow=True)
        unknown = self.client.post("/accounts/password/reset/", {"email": "no@example.com"}, follow=True)
        assert known.redirect_chain == unknown.redirect_chain
        assert known.content == unknown.content
        assert "There is no account" in mail.outbox[1].body

    def test_a_change_signs_out_everywhere(self):
        other = self.client_class()
        other.force_login(self.asha)
        self.sign_in(self.asha)
        new = "plum-tree-hill-9"
        self.client.post(
            "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
        )
        assert User.objects.get(pk=self.asha.pk).check_password(new)
        assert other.get("/accounts/profile/").status_code == 302
        assert self.client.get("/accounts/profile/").status_code == 302

    def test_a_weak_password_is_refused(self):
        self.sign_in(self.asha)
        page = self.client.post(
            "/accounts/password/change/",
            {"oldpassword": PASSWORD, "password1": "short", "password2": "short"},
        )
        self.assertContains(page, "too short")


class SecondFactorTests(PageTestCase):
    def test_sign_in_asks_for_the_code(self):
        secret = generate_totp_secret()
        TOTP.activate(self.asha, secret)
        self.assertRedirects(self.sign_in_by_form(), "/accounts/2fa/authenticate/")
        assert not self.is_signed_in()
        self.client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        assert not self.is_signed_in()
        self.client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
        assert self.is_signed_in()

    def test_it_is_set_up_with_recovery_codes(self):
        self.sign_in_by_form()
        answer = self.client.get("/accounts/2fa/totp/activate/")
        self.assertRedirects(answer, "/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", 302, 200)
        self.confirm()
        page = self.client.get("/accounts/2fa/totp/activate/")
        secret = page.context["form"].secret
        with self.captureOnCommitCallbacks(execute=True):
            answer = self.client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})
        self.assertRedirects(answer, "/accounts/2fa/recovery-codes/")
        self.assertContains(self.client.get("/accounts/2fa/recovery-codes/"), "10 of 10 unused")
        self.assertContains(self.client.get("/accounts/2fa/"), "On")
        assert AuditEvent.objects.filter(user=self.asha, action="second_factor.added").exists()

    def test_a_required_factor_comes_before_anything_else(self):
        Firm.objects.filter(pk=self.firm.pk).update(second_factor_roles=[Role.ADVISOR])
        self.sign_in_by_form()
        self.assertRedirects(
            self.client.get("/accounts/profile/"),
            "/accounts/2fa/totp/activate/",
            fetch_redirect_response=False,
        )
        page = self.client.get("/accounts/2fa/totp/activate/", follow=True)
        self.assertContains(page, "Your firm asks for a second factor")
        self.confirm()
        page = self.client.get("/accounts/2fa/totp/activate/")
        secret = page.context["form"].secret
        self.client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})
        assert self.client.get("/accounts/profile/").status_code == 200

    def test_a_required_factor_that_was_turned_off_is_asked_for_again(self):
        Firm.objects.filter(pk=self.firm.pk).update(second_factor_roles=[Role.ADVISOR])
        TOTP.activate(self.asha, generate_totp_secret())
        self.sign_in(self.asha)
        assert self.client.get("/accounts/profile/").status_code == 200
        Authenticator.objects.all().delete()
        assert self.client.get("/accounts/profile/").status_code == 302

    def test_other_roles_go_on(self):
        Firm.objects.filter(pk=self.firm.pk).update(second_factor_roles=[Role.ADMIN])
        assert self.get_as(self.asha, "/accounts/profile/").status_code == 200
        assert self.get_as(self.admin, "/accounts/profile/").status_code == 302


class SessionTests(PageTestCase):
    def test_other_sessions_are_ended(self):
        other = self.client_class()
        other.post(LOGIN, {"login": "asha", "password": PASSWORD})
        self.sign_in_by_form()
        self.assertContains(self.client.get("/accounts/sessions/"), "2 sessions")
        self.client.post("/accounts/sessions/")
        assert other.get("/accounts/profile/").status_code == 302
        assert self.client.get("/accounts/profile/").status_code == 200


class ProfileTests(PageTestCase):
    def post(self, **changes):
        data = {"first_name": "Asha", "last_name": "Rao", "email": "asha@example.com", "password": ""}
        return self.client.post("/accounts/profile/", {**data, **changes})

    def test_it_works(self):
        self.sign_in(self.asha)
        self.assertRedirects(self.post(last_name="Rao-Iyer"), "/accounts/profile/")
        assert User.objects.get(pk=self.asha.pk).last_name == "Rao-Iyer"

    def test_another_address_needs_the_password(self):
        self.sign_in(self.asha)
        self.assertContains(self.post(email="new@example.com"), "Give your present password")
        self.assertRedirects(self.post(email="new@example.com", password=PASSWORD), "/accounts/profile/")
        assert User.objects.get(pk=self.asha.pk).email == "new@example.com"

    def test_an_address_of_another_account_is_refused(self):
        self.sign_in(self.asha)
        page = self.post(email="Arun@example.com", password=PASSWORD)
        self.assertContains(page, "This e-mail address cannot be used.")

    def test_the_theme_is_kept(self):
        self.sign_in(self.asha)
        answer = self.client.post("/accounts/theme/", {"theme": "dark", "next": "/accounts/keys/"})
        self.assertRedirects(answer, "/accounts/keys/")
        assert User.objects.get(pk=self.asha.pk).theme == "dark"

    def test_the_theme_does_not_lead_to_other_sites(self):
        self.sign_in(self.asha)
        answer = self.client.post("/accounts/theme/", {"theme": "dark", "next": "https://evil.example/"})
        self.assertRedirects(answer, "/accounts/profile/")
        self.client.post("/accounts/theme/", {"theme": "pink"})
        assert User.objects.get(pk=self.asha.pk).theme == "dark"

    def test_nobody_is_sent_to_sign_in(self):
        for name in (
            "profile",
            "api_keys",
            "team",
            "firm_settings",
            "audit",
            "usersessions_list",
            "mfa_index",
        ):
            answer = self.client.get(reverse(name))
            assert answer.status_code == 302, name
            assert answer["Location"].startswith(LOGIN), name


class ApiKeyPageTests(PageTestCase):
    def test_the_secret_is_shown_once(self):
        self.sign_in(self.asha)
        page = self.client.post("/accounts/keys/", {"name": "nightly", "scopes": ["read"], "days": "90"})
        key = ApiKey.objects.get(user=self.asha)
        self.assertContains(page, f"wh_{key.prefix}_")
        assert "no-store" in page["Cache-Control"]
        self.assertNotContains(self.client.get("/accounts/keys/"), f"wh_{key.prefix}_")

    def test_it_is_revoked_by_its_owner_only(self):
        key, _ = services.issue_api_key(user=self.asha, name="x", scopes=["read"])
        url = reverse("api_key_revoke", args=[key.pk])
        self.sign_in(self.admin)
        assert self.client.post(url).status_code == 404
        self.sign_in(self.asha)
        assert self.client.get(url).status_code == 405
        self.client.post(url)
        key.refresh_from_db()
        assert key.revoked_at is not None


class TeamTests(PageTestCase):
    def test_an_admin_sees_the_firm_and_a_manager_the_team(self):
        page = self.get_as(self.admin, "/accounts/team/")
        self.assertContains(page, "6 rows")
        self.assertNotContains(page, "ravi")
        self.assertContains(self.get_as(self.manager, "/accounts/team/"), "3 rows")
        for user in (self.asha, self.analyst, self.investor):
            assert self.get_as(user, "/accounts/team/").status_code == 403

    def test_the_number_of_queries_does_not_grow(self):
        self.sign_in(self.admin)
        self.client.get("/accounts/team/")
        with self.assertNumQueries(3):
            self.client.get("/accounts/team/")

    def test_strangers_are_not_there(self):
        assert self.get_as(self.admin, reverse("team_member", args=[self.ravi.pk])).status_code == 404
        assert self.get_as(self.manager, reverse("team_member", args=[self.admin.pk])).status_code == 404

    def new(self, **changes):
        data = {"username": "neha", "email": "neha@example.com", "role": "advisor", "password": PASSWORD}
        return self.client.post("/accounts/team/new/", {**data, **changes})

    def test_an_admin_makes_accounts(self):
        self.sign_in(self.admin)
        self.assertRedirects(self.new(manager=self.manager.pk), "/accounts/team/")
        neha = User.objects.get(username="neha")
        assert (neha.firm, neha.role, neha.manager) == (self.firm, Role.ADVISOR, self.manager)
        assert neha.advisor.name == "neha"
        assert self.client_class().post(LOGIN, {"login": "neha", "password": PASSWORD}).status_code == 302

    def test_an_advisor_from_files_gets_an_account(self):
        known = make_advisor(firm=self.firm, agent_id="5872")
        self.sign_in(self.admin)
        self.new(advisor=known.pk)
        assert User.objects.get(username="neha").advisor == known
        self.assertContains(
            self.new(username="other", email="o@example.com", advisor=known.pk), "valid choice"
        )
        self.assertContains(
            self.new(username="other", email="o@example.com", advisor=self.advisor_ravi.pk), "valid choice"
        )

    def test_without_a_password_an_invitation_is_sent(self):
        self.sign_in(self.admin)
        self.new(password="")
        assert mail.outbox[0].to == ["neha@example.com"]
        assert not User.objects.get(username="neha").has_usable_password()
        browser = self.client_class()
        link = re.search(r"http://testserver(\S+)", mail.outbox[0].body).group(1)
        action = browser.get(link, follow=True).redirect_chain[-1][0]
        browser.post(action, {"password1": "plum-tree-hill-9", "password2": "plum-tree-hill-9"})
        assert User.objects.get(username="neha").check_password("plum-tree-hill-9")

    def test_a_manager_makes_advisors_of_the_own_team_only(self):
        self.sign_in(self.manager)
        assert self.new(role="admin", manager=self.manager.pk).status_code == 200
        assert self.new(manager=self.admin.pk).status_code == 200
        assert not User.objects.filter(username="neha").exists()
        self.assertRedirects(self.new(manager=self.manager.pk), "/accounts/team/")

    def test_an_investor_is_linked_to_a_client_of_the_firm(self):
        self.sign_in(self.admin)
        page = self.new(role="investor", client=self.client_of_ravi.pk)
        self.assertContains(page, "There is no such client.")
        self.assertRedirects(self.new(role="investor", client=self.client_of_arun.pk), "/accounts/team/")
        assert User.objects.get(username="neha").client == self.client_of_arun

    def test_a_taken_name_is_refused(self):
        self.sign_in(self.admin)
        self.assertContains(self.new(username="ASHA"), "Choose another user name.")

    def test_roles_are_changed_by_admins(self):
        url = reverse("team_member", args=[self.arun.pk])
        self.sign_in(self.manager)
        assert self.client.get(url).status_code == 200
        assert self.client.post(url, {"role": "admin"}).status_code == 403
        self.sign_in(self.admin)
        self.assertRedirects(self.client.post(url, {"role": "analyst"}), url)
        assert User.objects.get(pk=self.arun.pk).role == Role.ANALYST

    def test_an_account_is_closed_and_opened_again(self):
        other = self.client_class()
        other.force_login(self.arun)
        self.sign_in(self.admin)
        url = reverse("team_active", args=[self.arun.pk])
        self.client.post(url, {"active": "0"})
        assert other.get("/accounts/profile/").status_code == 302
        self.client.post(url, {"active": "1"})
        assert User.objects.get(pk=self.arun.pk).is_active

    def test_the_list_is_exported(self):
        answer = self.get_as(self.admin, "/accounts/team/", export="csv")
        assert b"asha@example.com" in b"".join(answer.streaming_content)


class FirmTests(PageTestCase):
    def test_it_works(self):
        self.sign_in(self.admin)
        data = {"name": "Alpha Wealth LLP", "kind": "adviser", "second_factor_roles": ["admin", "manager"]}
        # The admin is sent to set up a second factor now, as just decided.
        answer = self.client.post("/accounts/firm/", data)
        self.assertRedirects(answer, "/accounts/firm/", fetch_redirect_response=False)
        self.firm.refresh_from_db()
        assert self.firm.second_factor_roles == ["admin", "manager"]
        assert (self.firm.name, self.firm.advisor_word) == ("Alpha Wealth LLP", "Adviser")

    def test_it_is_the_admins(self):
        for user in (self.manager, self.asha, self.analyst, self.investor):
            assert self.get_as(user, "/accounts/firm/").status_code == 403

    def test_the_platform_picks_the_firm_in_the_administration(self):
        root = User.objects.create_superuser("root")
        self.assertContains(self.get_as(root, "/accounts/firm/"), "pick the firm", status_code=403)


class AuditTests(PageTestCase):
    def test_it_works(self):
        services.record(user=self.asha, action="client.revealed", obj=self.client_of_asha, reason="Call back")
        services.record(user=self.ravi, action="client.revealed", obj=self.client_of_ravi, reason="Hidden")
        page = self.get_as(self.admin, "/accounts/audit/")
        self.assertContains(page, "Call back")
        self.assertNotContains(page, "Hidden")

    def test_it_is_filtered(self):
        services.record(user=self.asha, action="client.revealed", obj=self.client_of_asha, reason="Call back")
        self.assertNotContains(self.get_as(self.admin, "/accounts/audit/", action="sign_in"), "Call back")

    def test_it_is_the_admins(self):
        for user in (self.manager, self.asha, self.analyst, self.investor):
            assert self.get_as(user, "/accounts/audit/").status_code == 403


class AdminTests(PageTestCase):
    def test_every_page_opens_for_a_superuser(self):
        root = User.objects.create_superuser("root")
        services.issue_api_key(user=self.asha, name="x", scopes=["read"])
        make_advisor(firm=self.firm)
        self.sign_in(root)
        for name in ("firm", "user", "apikey", "auditevent"):
            assert self.client.get(reverse(f"admin:accounts_{name}_changelist")).status_code == 200, name
        assert self.client.get(reverse("admin:accounts_user_change", args=[self.asha.pk])).status_code == 200
        assert self.client.get(reverse("admin:accounts_user_add")).status_code == 200
        key = ApiKey.objects.get()
        page = self.client.get(reverse("admin:accounts_apikey_change", args=[key.pk]))
        self.assertNotContains(page, key.secret_hash)

    def test_staff_of_a_firm_see_their_own_firm(self):
        User.objects.filter(pk=self.admin.pk).update(is_staff=True)
        admin = User.objects.get(pk=self.admin.pk)
        from django.contrib.auth.models import Permission

        admin.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
        page = self.get_as(admin, reverse("admin:accounts_user_changelist"))
        self.assertContains(page, "asha")
        self.assertNotContains(page, "ravi")
        stranger = reverse("admin:accounts_user_change", args=[self.ravi.pk])
        assert self.client.get(stranger).status_code == 302
        own = reverse("admin:accounts_user_change", args=[admin.pk])
        self.assertNotContains(self.client.get(own), 'name="is_superuser"')
