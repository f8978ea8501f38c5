"""Sign-in for programs: tokens, second factor, locks, keys and registration."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import jwt
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django_redis import get_redis_connection
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.viewsets import ViewSet

from wealthhub.accounts import locks, services
from wealthhub.accounts.choices import Role
from wealthhub.accounts.models import ApiKey, AuditEvent, User
from wealthhub.testing import PASSWORD, WealthhubTestCase

WRONG = "not-the-password"


def totp_code(secret):
    """The code a phone shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


class ApiTestCase(WealthhubTestCase):
    def login(self, username="asha", password=PASSWORD, address="10.0.0.1", **more):
        return APIClient(REMOTE_ADDR=address).post(
            "/api/auth/login/", {"username": username, "password": password, **more}
        )

    def bearer(self, token):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    def key_client(self, user, *scopes):
        client = APIClient()
        _, secret = services.issue_api_key(user=user, name="program", scopes=scopes)
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        return client

    def give_second_factor(self, user):
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
        return secret


class LoginTests(ApiTestCase):
    def test_it_works(self):
        answer = self.login()
        assert answer.status_code == 200
        assert set(answer.json()) == {"access", "refresh"}
        me = self.bearer(answer.json()["access"]).get("/api/me").json()
        assert me["username"] == "asha"
        assert me["role"] == "advisor"
        assert me["firm"]["slug"] == "alpha"

    def test_without_the_trailing_slash(self):
        answer = APIClient().post("/api/auth/login", {"username": "asha", "password": PASSWORD})
        assert answer.status_code == 200

    def test_the_email_address_signs_in_too(self):
        assert self.login("Asha@Example.com").status_code == 200

    def test_tokens_last_thirty_minutes_and_seven_days(self):
        pair = self.login().json()
        access = jwt.decode(pair["access"], options={"verify_signature": False})
        refresh = jwt.decode(pair["refresh"], options={"verify_signature": False})
        assert access["exp"] - access["iat"] == 1800
        assert refresh["exp"] - refresh["iat"] == 604800
        assert jwt.get_unverified_header(pair["access"])["alg"] == "HS256"

    def test_an_expired_token_is_refused(self):
        pair = self.login().json()
        claims = jwt.decode(pair["access"], options={"verify_signature": False})
        claims["exp"] = int(time.time()) - 1
        stale = jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
        answer = self.bearer(stale).get("/api/me")
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_signed_in"

    def test_a_token_without_a_signature_is_refused(self):
        pair = self.login().json()
        claims = jwt.decode(pair["access"], options={"verify_signature": False})
        forged = jwt.encode(claims, None, algorithm="none")
        assert self.bearer(forged).get("/api/me").status_code == 401

    def test_a_refresh_token_is_no_access_token(self):
        assert self.bearer(self.login().json()["refresh"]).get("/api/me").status_code == 401

    def test_unknown_wrong_and_closed_are_answered_alike(self):
        User.objects.filter(pk=self.arun.pk).update(is_active=False)
        answers = [
            self.login("asha", WRONG, address="10.0.0.2"),
            self.login("nobody-at-all", WRONG, address="10.0.0.3"),
            self.login("nobody@example.com", WRONG, address="10.0.0.4"),
            self.login("asha@example.com", WRONG, address="10.0.0.5"),
            self.login("arun", WRONG, address="10.0.0.6"),
            self.login("arun", PASSWORD, address="10.0.0.7"),
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert {answer.content for answer in answers} == {
            b'{"code":"sign_in_refused","message":"The user name or the password is not right.","details":{}}'
        }

    def test_an_unknown_name_costs_one_password_check_as_well(self):
        for username in ("asha", "nobody-at-all"):
            with mock.patch(
                "django.contrib.auth.hashers.MD5PasswordHasher.encode", return_value="x"
            ) as encode:
                self.login(username, WRONG)
            assert encode.call_count == 1, username

    def test_a_closed_firm_signs_nobody_in(self):
        pair = self.login().json()
        self.firm.is_active = False
        self.firm.save()
        assert self.login().status_code == 401
        assert self.bearer(pair["access"]).get("/api/me").status_code == 403
        assert APIClient().post("/api/auth/refresh/", {"refresh": pair["refresh"]}).status_code == 401

    def test_missing_fields_are_named(self):
        answer = APIClient().post("/api/auth/login/", {"username": "asha"})
        assert answer.status_code == 400
        assert "password" in answer.json()["details"]

    def test_nul_characters_are_refused_politely(self):
        assert self.login("as\x00ha").status_code == 400


class Clock:
    """Redis's clock, moved forward by hand."""

    def __init__(self):
        self.ahead, self.real = 0, locks._now

    def now(self):
        return self.real() + self.ahead

    def pass_seconds(self, seconds):
        self.ahead += seconds * 1000


class LockTests(ApiTestCase):
    @contextmanager
    def clock(self):
        clock = Clock()
        with mock.patch.object(locks, "_now", clock.now):
            yield clock

    def test_five_wrong_passwords_lock_the_account_from_every_address(self):
        for number in range(5):
            assert self.login("asha", WRONG, address=f"10.1.0.{number}").status_code == 401
        answer = self.login("asha", PASSWORD, address="10.1.0.99")
        assert answer.status_code == 429
        assert answer.json()["code"] == "too_many_attempts"
        assert answer["Retry-After"] == "300"

    def test_the_right_and_the_wrong_password_are_answered_alike_while_locked(self):
        for number in range(5):
            self.login("asha", WRONG, address=f"10.1.0.{number}")
        right = self.login("asha", PASSWORD, address="10.1.0.98")
        wrong = self.login("asha", WRONG, address="10.1.0.99")
        assert right.content == wrong.content

    def test_user_name_and_email_share_one_lock(self):
        for number in range(3):
            self.login("asha", WRONG, address=f"10.1.1.{number}")
        for number in range(2):
            self.login("ASHA@example.com", WRONG, address=f"10.1.2.{number}")
        assert self.login("asha", PASSWORD, address="10.1.3.1").status_code == 429

    def test_five_wrong_passwords_lock_the_address_for_every_account(self):
        for name in ("asha", "arun", "admin", "manager", "nobody-at-all"):
            assert self.login(name, WRONG, address="10.2.0.1").status_code == 401
        assert self.login("ravi", PASSWORD, address="10.2.0.1").status_code == 429
        assert self.login("ravi", PASSWORD, address="10.2.0.2").status_code == 200

    def test_a_locked_address_does_not_lock_further_accounts(self):
        for _ in range(5):
            self.login("nobody-at-all", WRONG, address="10.2.0.1")
        for _ in range(6):
            assert self.login("asha", WRONG, address="10.2.0.1").status_code == 429
        assert self.login("asha", PASSWORD, address="10.2.0.2").status_code == 200

    def test_a_locked_account_does_not_lock_the_address(self):
        for number in range(5):
            self.login("asha", WRONG, address=f"10.6.0.{number}")
        for _ in range(6):
            assert self.login("asha", PASSWORD, address="10.6.1.1").status_code == 429
        assert self.login("arun", PASSWORD, address="10.6.1.1").status_code == 200

    def test_unknown_names_lock_like_known_ones(self):
        for number in range(5):
            self.login("nobody-at-all", WRONG, address=f"10.3.0.{number}")
        assert self.login("nobody-at-all", WRONG, address="10.3.0.9").status_code == 429

    def test_a_right_password_does_not_count(self):
        for _ in range(7):
            assert self.login().status_code == 200

    def test_four_wrong_passwords_lock_nothing(self):
        for _ in range(4):
            assert self.login("asha", WRONG).status_code == 401
        assert self.login().status_code == 200

    def test_a_right_password_clears_the_accounts_count(self):
        for round_ in range(2):
            for number in range(4):
                assert self.login("asha", WRONG, address=f"10.4.{round_}.{number}").status_code == 401
            assert self.login("asha", PASSWORD, address=f"10.4.{round_}.9").status_code == 200

    def test_a_right_password_does_not_clear_the_addresses_count(self):
        for _ in range(4):
            self.login("asha", WRONG, address="10.4.0.1")
        assert self.login("asha", PASSWORD, address="10.4.0.1").status_code == 200
        assert self.login("arun", WRONG, address="10.4.0.1").status_code == 401
        assert self.login("asha", PASSWORD, address="10.4.0.1").status_code == 429
        assert self.login("asha", PASSWORD, address="10.4.0.2").status_code == 200

    def test_the_lock_lasts_five_minutes_from_the_fifth_wrong_password(self):
        with self.clock() as clock:
            for name in ("asha", "nobody-at-all"):
                for number in range(4):
                    assert self.login(name, WRONG, address=f"10.7.0.{number}").status_code == 401
                clock.pass_seconds(280)
                assert self.login(name, WRONG, address="10.7.0.4").status_code == 401
                clock.pass_seconds(299)
                assert self.login(name, PASSWORD, address="10.7.0.5").status_code == 429
                clock.pass_seconds(2)
                open_again = 200 if name == "asha" else 401
                assert self.login(name, PASSWORD, address="10.7.0.5").status_code == open_again
                clock.pass_seconds(600)

    def test_an_address_is_locked_for_five_minutes_from_the_fifth_wrong_password(self):
        with self.clock() as clock:
            for name in ("arun", "admin", "manager", "nobody-at-all"):
                assert self.login(name, WRONG, address="10.8.0.1").status_code == 401
            clock.pass_seconds(280)
            assert self.login("ravi", WRONG, address="10.8.0.1").status_code == 401
            clock.pass_seconds(299)
            assert self.login("asha", PASSWORD, address="10.8.0.1").status_code == 429
            clock.pass_seconds(2)
            assert self.login("asha", PASSWORD, address="10.8.0.1").status_code == 200

    def test_attempts_while_locked_do_not_make_it_longer(self):
        with self.clock() as clock:
            for number in range(5):
                self.login("asha", WRONG, address=f"10.7.0.{number}")
            clock.pass_seconds(299)
            for number in range(6):
                assert self.login("asha", WRONG, address=f"10.7.1.{number}").status_code == 429
            clock.pass_seconds(2)
            assert self.login("asha", PASSWORD, address="10.7.2.1").status_code == 200

    def test_wrong_passwords_more_than_five_minutes_apart_do_not_add_up(self):
        with self.clock() as clock:
            for number in range(4):
                self.login("asha", WRONG, address=f"10.7.0.{number}")
            clock.pass_seconds(301)
            assert self.login("asha", WRONG, address="10.7.0.4").status_code == 401
            assert self.login("asha", PASSWORD, address="10.7.0.5").status_code == 200

    def test_the_lock_is_gone_from_redis_after_five_minutes(self):
        for _ in range(5):
            self.login("asha", WRONG)
        redis = get_redis_connection("default")
        kept = {key: redis.pttl(key) for key in redis.scan_iter("sign-in:*")}
        assert len(kept) == 2  # by account and by address; the counts are gone
        assert all(290_000 < left <= 300_000 for left in kept.values())

    def test_a_guess_that_was_under_way_when_the_lock_fell_learns_nothing(self):
        attempt = locks.Attempt(locks.known(self.asha.pk), "10.7.9.9")
        assert not attempt.is_locked()
        for number in range(5):
            self.login("asha", WRONG, address=f"10.7.0.{number}")
        assert attempt.succeeded()
        assert attempt.failed()

    def test_many_guesses_at_once_are_told_at_most_five_times(self):
        attempts = [locks.Attempt(locks.unknown("nobody"), f"10.7.8.{number}") for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            refused = list(pool.map(locks.Attempt.failed, attempts))
        assert refused.count(False) == 5

    def test_pages_and_api_share_the_lock(self):
        for _ in range(3):
            self.login("asha", WRONG, address="127.0.0.1")
        for _ in range(2):
            self.client.post("/accounts/login/", {"login": "asha", "password": WRONG})
        assert self.login("asha", PASSWORD, address="10.9.9.9").status_code == 429
        page = self.client.post("/accounts/login/", {"login": "asha", "password": PASSWORD})
        assert page.status_code == 429
        self.assertContains(page, "locked for five minutes", status_code=429)

    def test_a_forged_forwarding_header_does_not_change_the_address(self):
        for number in range(5):
            client = APIClient(REMOTE_ADDR="10.5.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
            client.post("/api/auth/login/", {"username": f"nobody{number}", "password": WRONG})
        assert self.login("asha", PASSWORD, address="10.5.0.1").status_code == 429

    def test_behind_our_proxy_the_callers_own_address_counts(self):
        with self.settings(TRUSTED_PROXIES=1):
            for number in range(5):
                client = APIClient(REMOTE_ADDR="10.5.0.1", HTTP_X_FORWARDED_FOR="192.0.2.7")
                client.post("/api/auth/login/", {"username": f"nobody{number}", "password": WRONG})
            other = APIClient(REMOTE_ADDR="10.5.0.1", HTTP_X_FORWARDED_FOR="192.0.2.7, 192.0.2.8")
            answer = other.post("/api/auth/login/", {"username": "asha", "password": PASSWORD})
            assert answer.status_code == 200

    def test_failures_are_in_the_audit_trail(self):
        for _ in range(6):
            self.login("asha", WRONG)
        events = AuditEvent.objects.filter(user=self.asha).values_list("action", flat=True)
        assert sorted(events) == ["sign_in.failed"] * 5 + ["sign_in.refused_while_locked"]


class SecondFactorTests(ApiTestCase):
    def test_the_password_alone_gives_no_token(self):
        self.give_second_factor(self.asha)
        answer = self.login()
        assert answer.status_code == 401
        assert answer.json()["code"] == "second_factor_required"

    def test_password_and_code_give_tokens(self):
        secret = self.give_second_factor(self.asha)
        answer = self.login(code=totp_code(secret))
        assert answer.status_code == 200
        assert self.bearer(answer.json()["access"]).get("/api/me").status_code == 200

    def test_a_code_works_once(self):
        secret = self.give_second_factor(self.asha)
        code = totp_code(secret)
        assert self.login(code=code).status_code == 200
        assert self.login(code=code).status_code == 401

    def test_a_recovery_code_works_once(self):
        self.give_second_factor(self.asha)
        codes = Authenticator.objects.get(user=self.asha, type="recovery_codes").wrap().get_unused_codes()
        assert self.login(code=codes[0]).status_code == 200
        assert self.login(code=codes[0]).status_code == 401

    def test_five_wrong_codes_lock(self):
        secret = self.give_second_factor(self.asha)
        for _ in range(5):
            answer = self.login(code="000000")
            assert answer.json()["code"] == "sign_in_refused"
        assert self.login(code=totp_code(secret)).status_code == 429

    def test_the_secret_is_encrypted_at_rest(self):
        secret = self.give_second_factor(self.asha)
        stored = Authenticator.objects.get(user=self.asha, type="totp").data
        assert secret not in str(stored)

    def test_a_required_factor_that_is_missing_closes_the_api(self):
        self.firm.second_factor_roles = [Role.ADVISOR]
        self.firm.save()
        pair = self.login().json()
        answer = self.bearer(pair["access"]).get("/api/me")
        assert answer.status_code == 403
        assert answer.json()["code"] == "second_factor_required"
        assert self.key_client(self.asha, "read").get("/api/me").status_code == 403
        assert self.api(self.analyst).get("/api/me").status_code == 200

    def test_with_the_required_factor_the_api_is_open(self):
        self.firm.second_factor_roles = [Role.ADVISOR]
        self.firm.save()
        secret = self.give_second_factor(self.asha)
        pair = self.login(code=totp_code(secret)).json()
        assert self.bearer(pair["access"]).get("/api/me").status_code == 200


class RefreshTests(ApiTestCase):
    def refresh(self, token):
        return APIClient().post("/api/auth/refresh/", {"refresh": token})

    def test_it_works(self):
        pair = self.login().json()
        answer = self.refresh(pair["refresh"])
        assert answer.status_code == 200
        assert answer.json()["refresh"] != pair["refresh"]
        assert self.bearer(answer.json()["access"]).get("/api/me").status_code == 200

    def test_a_token_is_used_up(self):
        pair = self.login().json()
        assert self.refresh(pair["refresh"]).status_code == 200
        again = self.refresh(pair["refresh"])
        assert again.status_code == 401
        assert again.json()["code"] == "token_invalid"

    def test_of_two_calls_at_once_one_gets_the_token(self):
        pair = self.login().json()
        claims = jwt.decode(pair["refresh"], options={"verify_signature": False})
        cache.add(f"refresh-used:{claims['jti']}", 1)  # the other call is a moment ahead
        assert self.refresh(pair["refresh"]).status_code == 401

    def test_an_access_token_refreshes_nothing(self):
        assert self.refresh(self.login().json()["access"]).status_code == 401

    def test_nonsense_is_refused(self):
        assert self.refresh("a.b.c").status_code == 401
        assert APIClient().post("/api/auth/refresh/", {}).status_code == 400


class LogoutTests(ApiTestCase):
    def test_it_ends_both_tokens(self):
        pair = self.login().json()
        assert self.bearer(pair["access"]).post("/api/auth/logout/").status_code == 204
        assert self.bearer(pair["access"]).get("/api/me").status_code == 401
        assert APIClient().post("/api/auth/refresh/", {"refresh": pair["refresh"]}).status_code == 401

    def test_the_refresh_token_ends_the_session_too(self):
        pair = self.login().json()
        assert APIClient().post("/api/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
        assert self.bearer(pair["access"]).get("/api/me").status_code == 401

    def test_other_sessions_stay(self):
        one, two = self.login().json(), self.login().json()
        self.bearer(one["access"]).post("/api/auth/logout/")
        assert self.bearer(two["access"]).get("/api/me").status_code == 200

    def test_without_a_token_it_is_refused(self):
        assert APIClient().post("/api/auth/logout/").status_code == 401

    def test_a_new_password_ends_every_token(self):
        pair = self.login().json()
        self.asha.set_password("another-horse-battery")
        self.asha.save()
        assert self.bearer(pair["access"]).get("/api/me").status_code == 401

    def test_a_closed_account_ends_every_token_and_key(self):
        pair = self.login().json()
        key = self.key_client(self.asha, "read")
        assert key.get("/api/me").status_code == 200
        services.set_active(user=self.asha, by=self.admin, is_active=False)
        assert self.bearer(pair["access"]).get("/api/me").status_code == 401
        assert key.get("/api/me").status_code == 401


class RegisterTests(ApiTestCase):
    def register(self, **changes):
        data = {
            "firm": "alpha",
            "username": "newcomer",
            "email": "new@example.com",
            "password": "plum-tree-hill-9",
        }
        return APIClient().post("/api/auth/register/", {**data, **changes})

    def open_firm(self):
        self.firm.accepts_registration = True
        self.firm.save()

    def test_it_works(self):
        self.open_firm()
        answer = self.register()
        assert answer.status_code == 201
        assert answer.json() == {"firm": "alpha", "username": "newcomer", "email": "new@example.com"}
        newcomer = User.objects.get(username="newcomer")
        assert newcomer.role == Role.INVESTOR
        assert newcomer.client is None
        assert self.login("newcomer", "plum-tree-hill-9").status_code == 200

    def test_a_firm_that_takes_none_and_one_that_is_not_there_answer_alike(self):
        closed, absent = self.register(), self.register(firm="no-such-firm")
        assert closed.status_code == 403
        assert closed.json()["code"] == "registration_closed"
        assert closed.content == absent.content

    def test_a_known_address_is_not_told(self):
        self.open_firm()
        answer = self.register(email="asha@example.com", username="asha-two")
        assert answer.status_code == 201
        assert not User.objects.filter(username="asha-two").exists()
        assert mail.outbox[0].to == ["asha@example.com"]

    def test_a_weak_password_is_refused(self):
        self.open_firm()
        answer = self.register(password="1234567890")
        assert answer.status_code == 400
        assert answer.json()["code"] == "weak_password"
        assert not User.objects.filter(username="newcomer").exists()

    def test_nobody_registers_as_more_than_an_investor(self):
        self.open_firm()
        self.register(role="admin", is_superuser=True)
        newcomer = User.objects.get(username="newcomer")
        assert (newcomer.role, newcomer.is_superuser) == (Role.INVESTOR, False)


class ApiKeyTests(ApiTestCase):
    def test_it_works(self):
        client = self.api(self.asha)
        answer = client.post("/api/auth/keys/", {"name": "nightly", "scopes": ["read"], "days": 30})
        assert answer.status_code == 201
        secret = answer.json()["key"]
        program = APIClient()
        program.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        assert program.get("/api/me").json()["username"] == "asha"
        assert secret.split("_")[2] not in str(client.get("/api/auth/keys/").json())

    def test_only_the_hash_is_kept(self):
        key, secret = services.issue_api_key(user=self.asha, name="x", scopes=["read"])
        assert secret not in str(ApiKey.objects.filter(pk=key.pk).values())
        assert len(key.secret_hash) == 64

    def test_a_revoked_and_an_expired_key_are_refused(self):
        key, secret = services.issue_api_key(user=self.asha, name="x", scopes=["read"])
        program = APIClient()
        program.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        ApiKey.objects.filter(pk=key.pk).update(expires_at="2020-01-01T00:00:00Z")
        assert program.get("/api/me").status_code == 401
        ApiKey.objects.filter(pk=key.pk).update(expires_at=None)
        assert program.get("/api/me").status_code == 200
        assert self.api(self.asha).delete(f"/api/auth/keys/{key.pk}/").status_code == 204
        assert program.get("/api/me").status_code == 401

    def test_a_key_reads_with_read_only(self):
        assert self.key_client(self.asha, "read").get("/api/me").status_code == 200
        refused = self.key_client(self.asha, "import").get("/api/me")
        assert refused.status_code == 403
        assert refused.json()["code"] == "scope_missing"

    def test_a_key_makes_no_keys(self):
        answer = self.key_client(self.asha, "read", "write", "import").post(
            "/api/auth/keys/", {"name": "more", "scopes": ["write"]}
        )
        assert answer.status_code == 403
        assert answer.json()["code"] == "key_not_allowed"

    def test_keys_of_others_are_not_there(self):
        key, _ = services.issue_api_key(user=self.arun, name="x", scopes=["read"])
        for user in (self.asha, self.admin, self.ravi):
            assert self.api(user).get(f"/api/auth/keys/{key.pk}/").status_code == 404
            assert self.api(user).delete(f"/api/auth/keys/{key.pk}/").status_code == 404

    def test_nonsense_is_refused(self):
        for header in ("Api-Key", "Api-Key wh_x_y", "Api-Key wh__", "Api-Key a b", "Bearer", "Bearer x y"):
            client = APIClient()
            client.credentials(HTTP_AUTHORIZATION=header)
            assert client.get("/api/me").status_code == 401, header

    def test_unknown_scopes_are_refused(self):
        answer = self.api(self.asha).post("/api/auth/keys/", {"name": "x", "scopes": ["everything"]})
        assert answer.status_code == 400


class KeyScopeTests(ApiTestCase):
    """A view like any other: reading, one action for files, one for the rest."""

    class View(ViewSet):
        key_scopes = {"send": {"import", "write"}}

        def list(self, request):
            return Response("read")

        def send(self, request):
            return Response("sent")

        def change(self, request):
            return Response("changed")

    def answers(self, *scopes):
        _, secret = services.issue_api_key(user=self.asha, name="program", scopes=scopes)
        make, header = APIRequestFactory(), {"HTTP_AUTHORIZATION": f"Api-Key {secret}"}
        return {
            action: self.View.as_view({method: action})(getattr(make, method)("/", **header)).status_code
            for action, method in (("list", "get"), ("send", "post"), ("change", "post"))
        }

    def test_each_scope_opens_what_it_says(self):
        assert self.answers("read") == {"list": 200, "send": 403, "change": 403}
        assert self.answers("import") == {"list": 200, "send": 200, "change": 403}
        assert self.answers("read", "write") == {"list": 200, "send": 200, "change": 200}


class MeTests(ApiTestCase):
    def test_nobody_is_refused(self):
        answer = APIClient().get("/api/me")
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_signed_in"
