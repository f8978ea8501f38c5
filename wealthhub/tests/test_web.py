"""The frame of every page, seen through a site of one page. No database is needed."""

import re

import pytest
from django.apps import apps
from django.http import QueryDict
from django.test import RequestFactory, SimpleTestCase, override_settings
from django.urls import reverse

from opportunities.models import Opportunity
from wealthhub import web
from wealthhub.navigation import NavEntry, NavLink, nav_entries
from wealthhub.tests import sample_site


@override_settings(**sample_site.SETTINGS)
class SampleSiteTestCase(SimpleTestCase):
    def sign_in(self, role: str = "admin") -> None:
        self.client.cookies["role"] = role

    def get(self, path: str = "/", **headers: str):
        return self.client.get(path, headers=headers)


class PageTests(SampleSiteTestCase):
    def setUp(self):
        self.sign_in()

    def test_it_works(self):
        response = self.get("/?message=1")
        self.assertContains(response, "<title>Core portfolio · WealthHub</title>", html=True)
        self.assertContains(response, "<h1>Core portfolio</h1>", html=True)
        self.assertContains(response, "Valued 21 Aug 2026, 18:30 IST")
        self.assertContains(response, "3 clients were moved to Arun.")

    def test_nothing_in_the_page_needs_an_inline_script_or_style(self):
        text = self.get("/?message=1&status=new&invalid=1").content.decode()
        assert not re.search(r"\sstyle=|\son\w+=|<style", text)
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
        assert all('type="application/json"' in tag for tag in inline), inline

    def test_it_can_be_used_by_keyboard_and_screen_reader(self):
        text = self.get("/").content.decode()
        for part in (
            'href="#main"',
            '<main id="main"',
            'aria-label="Main"',
            'aria-label="Breadcrumb"',
            'role="status"',
        ):
            assert part in text
        assert text.count("<h1") == 1

    def test_empty_parts_of_the_frame_leave_no_empty_boxes(self):
        text = self.get("/refuse/").content.decode()
        for part in ('class="crumbs"', 'class="as-of"', 'class="page-actions"', 'class="scope"'):
            assert part not in text

    def test_pages_with_clients_are_kept_by_no_cache(self):
        assert "no-store" in self.get("/")["Cache-Control"]
        assert "HX-Request" in self.get("/")["Vary"]

    def test_signed_out_visitors_get_no_menu(self):
        del self.client.cookies["role"]
        self.assertNotContains(self.get("/"), "Sign out")


class FragmentTests(SampleSiteTestCase):
    def setUp(self):
        self.sign_in()

    def test_htmx_gets_the_fragment_alone(self):
        text = self.get("/", HX_Request="true").content.decode().strip()
        assert text.startswith('<div id="results">'), text[:80]
        assert "<html" not in text

    def test_back_gets_the_whole_page(self):
        self.assertContains(self.get("/", HX_Request="true", HX_History_Restore_Request="true"), "<html")

    def test_a_boosted_link_gets_the_whole_page(self):
        self.assertContains(self.get("/", HX_Request="true", HX_Boosted="true"), "<html")


class ThemeTests(SampleSiteTestCase):
    def test_the_users_choice_is_in_the_first_byte(self):
        self.sign_in()
        self.client.cookies["wish"] = "dark"
        self.assertContains(self.get("/"), 'data-bs-theme="dark" data-theme-choice="dark"')

    def test_system_follows_the_device_once_its_cookie_is_known(self):
        self.sign_in()
        self.assertContains(self.get("/"), 'data-bs-theme="light" data-theme-choice="system"')
        self.client.cookies["device_theme"] = "dark"
        self.assertContains(self.get("/"), 'data-bs-theme="dark" data-theme-choice="system"')

    def test_a_forged_cookie_changes_nothing(self):
        self.client.cookies["device_theme"] = '"><script>'
        self.assertContains(self.get("/"), 'data-bs-theme="light"')


class NavigationTests(SampleSiteTestCase):
    ENTRIES = (
        NavEntry("Today", "today", "home", order=1),
        NavEntry("Rows", "rows", "table", order=3, roles=frozenset({"admin"})),
        NavEntry("Profile", "profile", "user", order=2),
        NavEntry("Gone", "no-such-page", "x", order=4),
    )

    def setUp(self):
        config = apps.get_app_config("wealthhub")
        config.nav = self.ENTRIES
        self.addCleanup(delattr, config, "nav")

    def links(self, path: str, role: str) -> list[NavLink]:
        request = RequestFactory().get(path)
        request.user = sample_site.User(role=role)
        own = {entry.label for entry in self.ENTRIES}
        return [link for link in web.nav_links(request) if link.label in own and "hub" not in link.href]

    def test_it_is_in_order_and_leaves_out_what_is_not_for_the_role(self):
        assert [link.label for link in self.links("/", "admin")][:3] == ["Today", "Profile", "Rows"]
        assert "Rows" not in [link.label for link in self.links("/", "advisor")]

    def test_the_page_below_an_entry_marks_the_entry(self):
        assert [link.label for link in self.links("/rows/12/", "admin") if link.is_current] == ["Rows"]
        assert [link.label for link in self.links("/", "admin") if link.is_current] == ["Today"]

    def test_a_page_that_the_site_does_not_have_is_not_offered(self):
        assert "Gone" not in [link.label for link in self.links("/", "admin")]


def test_every_line_of_the_real_sidebar_leads_somewhere_and_has_its_icon(settings):
    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text(encoding="utf-8")
    entries = nav_entries()
    assert entries
    for entry in entries:
        assert reverse(entry.url_name)
        assert f'id="{entry.icon}"' in sprite, entry.icon


class RefusalTests(SampleSiteTestCase):
    def test_a_rule_that_says_no_becomes_a_message(self):
        self.sign_in()
        self.assertContains(self.get("/redirected/"), "done")
        self.assertContains(self.get("/"), "The amount is negative.")

    def test_a_refusal_nobody_caught_is_a_page_with_the_reason_and_its_status(self):
        response = self.get("/refuse/")
        self.assertContains(response, "The file is not a spreadsheet.", status_code=400)

    def test_the_role_decides_and_the_reason_is_said(self):
        self.assertRedirects(
            self.get("/only-admins/"), "/accounts/login/?next=/only-admins/", fetch_redirect_response=False
        )
        self.sign_in("advisor")
        self.assertContains(self.get("/only-admins/"), "role admin or manager", status_code=403)
        self.sign_in("manager")
        self.assertContains(self.get("/only-admins/"), "the settings")


class ErrorPageTests(SampleSiteTestCase):
    def test_nothing_there_is_a_page_with_a_way_out(self):
        self.assertContains(self.get("/nowhere/"), "nothing that you may see", status_code=404)

    def test_a_forbidden_page_says_why(self):
        self.assertContains(self.get("/forbid/"), "This page is for administrators.", status_code=403)

    def test_programs_get_the_one_error_shape(self):
        response = self.get("/api/forbid/")
        assert response.status_code == 403
        expected = {"code": "forbidden", "message": "This page is for administrators.", "details": {}}
        assert response.json() == expected
        assert self.get("/api/nowhere").json()["code"] == "not_found"

    def test_our_own_failure_tells_nothing_of_its_cause(self):
        self.client.raise_request_exception = False
        response = self.get("/fail/")
        self.assertContains(response, "Something went wrong on our side", status_code=500)
        self.assertNotContains(response, "division", status_code=500)

    def test_an_expired_form_says_what_to_do(self):
        request = RequestFactory().post("/")
        self.assertContains(web.csrf_failure(request, "no token"), "reload the page", status_code=403)


@pytest.mark.parametrize(
    ("query", "chips"),
    [
        ("", []),
        ("q=&page=2&order=as_of", []),
        ("q=asha", [("Search", "asha", "?")]),
        ("status=new&status=done", [("Status", "New", "?status=done"), ("Status", "Done", "?status=new")]),
        ("amount_min=5000&page=3", [("Amount from", "5000", "?")]),
        ("since=2026-11-21&q=x", [("Search", "x", "?since=2026-11-21"), ("Since", "21 Nov 2026", "?q=x")]),
        ("since=nonsense", [("Since", "nonsense", "?")]),
        ("q=<b>", [("Search", "<b>", "?")]),
    ],
)
def test_each_applied_filter_is_a_chip_that_can_be_taken_away(query, chips):
    filterset = sample_site.SampleFilter(QueryDict(query), queryset=Opportunity.objects.none())
    shown = [(chip.label, chip.value, chip.remove_url) for chip in web.applied_filters(filterset)]
    assert shown == chips


@pytest.mark.parametrize(("asked", "page"), [("1", 1), ("2", 2), ("99", 2), ("-1", 2), ("x", 1), ("", 1)])
def test_a_page_that_does_not_exist_is_the_nearest_one(asked, page):
    request = RequestFactory().get("/", {"page": asked})
    assert web.page_of(request, list(range(60))).number == page
    assert web.configure_table(request, sample_site.HoldingTable(sample_site.ROWS * 20)).page.number == page


def test_the_size_of_a_page_is_not_the_readers_to_set():
    request = RequestFactory().get("/", {"per_page": "1000000"})
    table = web.configure_table(request, sample_site.HoldingTable(sample_site.ROWS * 40))
    assert len(table.page.object_list) == 50
