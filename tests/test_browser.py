"""Every page in a real Chromium: nothing breaks the policy, nothing is said to the console, everybody can use it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.core.cache import cache

from tests import world
from tests.routes import ROUTES
from wealthhub.accounts.models import User
from wealthhub.testing import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (1440, 390)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
    ),
]


class BrowserTestCase(StaticLiveServerTestCase):
    """A Chromium beside a live server; each test has the whole world of `tests.world`."""

    @classmethod
    def setUpClass(cls):
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's own loop runs in this thread
        super().setUpClass()
        from playwright.sync_api import sync_playwright

        cls.playwright = sync_playwright().start()
        cls.chromium = cls.playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

    @classmethod
    def tearDownClass(cls):
        cls.chromium.close()
        cls.playwright.stop()
        super().tearDownClass()
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)

    def setUp(self):
        cache.clear()
        world.fill(self)
        self.faults: list[str] = []

    def open_as(self, user: User | None, *, theme="light", width=1440, javascript=True):
        """A page of a fresh browser window in which ``user`` is signed in."""
        window = self.chromium.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript, color_scheme=theme
        )
        self.addCleanup(window.close)
        if user is not None:
            User.objects.filter(pk=user.pk).update(theme=theme)
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            cookie = {
                "name": settings.SESSION_COOKIE_NAME,
                "value": session.session_key,
                "url": self.live_server_url,
            }
            window.add_cookies([cookie])
        page = window.new_page()
        page.on("console", lambda message: self._heard(page, message))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        return page

    def _heard(self, page, message):
        if message.type in {"error", "warning"}:
            self.faults.append(f"{page.url}: {message.text}")

    def go(self, page, path):
        """Open the path and wait until its scripts have settled."""
        return page.goto(self.live_server_url + path, wait_until="load")


class EveryPageTests(BrowserTestCase):
    def walk(self, user, letter):
        checked = 0
        for theme in ("light", "dark"):
            for width in WIDTHS:
                page = self.open_as(user, theme=theme, width=width)
                for name, route in ROUTES.items():
                    if not route.is_page or route.expected(letter) != 200:
                        continue
                    path = route.path(self)
                    self.go(page, path)
                    where = f"{name} ({path}) as {user}, {theme}, {width}"
                    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                    assert wide <= 1, f"{where}: {wide} px wider than the window"
                    if width == WIDTHS[0] and not path.startswith(("/admin/", "/api/")):
                        self._axe(page, where)
                    checked += 1
                assert self.faults == [], "\n".join(self.faults[:10])
        assert checked > 20

    def _axe(self, page, where):
        page.evaluate(AXE + "; undefined")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{item['id']}: {item['nodes'][0]['html'][:120]}"
            for item in found["violations"]
            if item["impact"] in {"serious", "critical"}
        ]
        assert serious == [], f"{where}: {serious}"

    def test_every_page_an_administrator_opens(self):
        self.walk(self.admin, "A")

    def test_every_page_an_advisor_opens(self):
        self.walk(self.asha, "V")


class InvestorPageTests(BrowserTestCase):
    def test_every_page_an_investor_opens(self):
        for theme in ("light", "dark"):
            page = self.open_as(self.investor, theme=theme, width=390)
            for route in ROUTES.values():
                if route.is_page and route.expected("I") == 200:
                    self.go(page, route.path(self))
        assert self.faults == []


class SignInTests(BrowserTestCase):
    def test_somebody_signs_in_and_out_without_javascript(self):
        page = self.open_as(None, javascript=False)
        self.go(page, "/")
        page.fill("input[name=login]", "asha")
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        assert page.url == self.live_server_url + "/"
        assert "Today" in page.content()

    def test_an_advisor_works_an_opportunity_without_javascript(self):
        page = self.open_as(self.asha, javascript=False)
        self.go(page, "/opportunities/?opportunity_type=failed_sips")
        page.click(f"a[href='{self.opportunity.get_absolute_url()}']")
        page.select_option("select[name=status]", "contacted")
        page.click("form[action$='/status/'] button[type=submit]")
        self.opportunity.refresh_from_db()
        assert self.opportunity.status == "contacted"

    def test_the_slash_key_goes_to_the_search_box(self):
        page = self.open_as(self.asha)
        self.go(page, "/")
        page.keyboard.press("/")
        page.keyboard.type("Meera")
        page.wait_for_selector("text=Meera Shah")
        assert self.faults == []
