"""A site of one page that shows every component, so that the look is tested without any app's data."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import django_filters
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from opportunities.models import Opportunity
from wealthhub import tables, web
from wealthhub.accounts.models import Firm, User
from wealthhub.errors import Invalid

ROWS = [
    {
        "name": "Parag Parikh Flexi Cap",
        "kind": "Equity fund",
        "units": Decimal("1842.511"),
        "value": Decimal("155196.53"),
        "gain": Decimal("0.1842"),
        "share": Decimal("0.1683"),
        "on": date(2026, 8, 21),
        "status": "ok",
    },
    {
        "name": "Infosys",
        "kind": "Direct equity",
        "units": Decimal("80"),
        "value": Decimal("119052"),
        "gain": Decimal("-0.0487"),
        "share": Decimal("0.1292"),
        "on": date(2026, 8, 20),
        "status": "ok",
    },
    {
        "name": "=Quant Small Cap",
        "kind": "Equity fund",
        "units": Decimal("410.22"),
        "value": Decimal("102972.99"),
        "gain": None,
        "share": None,
        "on": None,
        "status": "stale",
    },
]
TOTALS = {"value": Decimal("377221.52")}


LINE = {"type": "scatter", "mode": "lines", "x": [1, 2, 3]}


class HoldingTable(tables.Table):
    caption = "Holdings"
    target = "#results"
    secondary = ("kind", "on")
    name = tables.django_tables2.Column(verbose_name="Holding")
    kind = tables.django_tables2.Column(verbose_name="Class")
    units = tables.NumberColumn(places=3)
    value = tables.MoneyColumn(verbose_name="Value (INR)", total="value")
    gain = tables.DeltaColumn(verbose_name="Return")
    share = tables.ShareColumn(verbose_name="Share")
    on = tables.DayColumn(verbose_name="Priced on")
    status = tables.BadgeColumn(tones={"ok": "success", "stale": "warning"})


class SampleForm(forms.Form):
    file = forms.FileField()
    reason = forms.CharField(help_text="Kept in the audit trail.", max_length=20)
    agree = forms.BooleanField(label="I have read this")
    kind = forms.ChoiceField(choices=[("a", "Call"), ("b", "Visit")], widget=forms.RadioSelect)


class SampleFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="Search", method="search", widget=forms.TextInput({"type": "search"}))
    status = django_filters.MultipleChoiceFilter(
        choices=[("new", "New"), ("done", "Done")], label="Status", method="search"
    )
    amount = django_filters.RangeFilter(label="Amount", method="search")
    since = django_filters.DateFilter(label="Since", method="search")
    order = django_filters.OrderingFilter(fields=["as_of"])

    class Meta:
        model = Opportunity
        fields: list[str] = []

    def search(self, queryset, name, value):
        return queryset


def context(request: HttpRequest) -> dict[str, object]:
    filterset = SampleFilter(request.GET, queryset=Opportunity.objects.none())
    return {
        "at": datetime(2026, 8, 21, 13, 0, tzinfo=UTC),
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, HoldingTable(ROWS, totals=TOTALS), per_page=2),
        "chart": {
            "data": [{"type": "bar", "x": ["2026-06", "2026-07", "2026-08"], "y": [120000, -80000, 420000]}],
            "layout": {"meta": {"rupees": "y"}, "xaxis": {"type": "category"}},
        },
        "lines": {
            "data": [
                {**LINE, "name": "Portfolio", "y": [100, 112, 139]},
                {**LINE, "name": "Nifty 500 TRI", "y": [100, 104, 106], "line": {"dash": "dot"}},
            ],
            "layout": {"meta": {"directLabels": True}},
        },
        "events": [
            {
                "at": date(2026, 8, 21),
                "title": "Called",
                "text": "Will decide.",
                "who": "Asha",
                "icon": "phone",
            },
            {"at": datetime(2026, 8, 20, 4, 30, tzinfo=UTC), "title": "Imported", "tone": "success"},
        ],
        "facts": [("PAN", "ABCDE••••F"), ("Benchmark", None), ("As of", "21 Aug 2026")],
        "explanation": {
            "formula": "sum of failed amounts ≥ ₹5,000",
            "inputs": [("Threshold", "₹5,000.00")],
            "left_out": ["2 SIPs marked deleted"],
            "as_of": date(2026, 8, 21),
        },
        "series": [1, 3, None, 2, 5, 6],
        "form": SampleForm({}) if "invalid" in request.GET else SampleForm(),
    }


def page(request: HttpRequest) -> HttpResponse:
    if "message" in request.GET:
        messages.success(request, "3 clients were moved to Arun.")
        messages.error(request, "One client was left: it is being merged.")
    if file := web.export_response(request, HoldingTable(ROWS), name="holdings"):
        return file
    return web.render_page(request, "sample.html", context(request), fragment="results")


def rows(request: HttpRequest) -> HttpResponse:
    return HttpResponse("rows")


def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<ul><li><a href="/rows/">Asha Sharma<small>ABCDE••••F</small></a></li></ul>')


def refuse(request: HttpRequest) -> HttpResponse:
    raise Invalid("The file is not a spreadsheet.", code="wrong_file_type")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("This page is for administrators.")


def fail(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(1 / 0))


@web.roles_required("admin", "manager")
def only_admins(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the settings")


def redirected(request: HttpRequest) -> HttpResponse:
    with web.refusals_as_messages(request):
        messages.success(request, "Begun.")
        raise Invalid("The amount is negative.")
    return HttpResponse("done")


class SignedIn:
    """Middleware: somebody of the role in the ``role`` cookie is signed in, without a database."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.user = AnonymousUser()
        if role := request.COOKIES.get("role"):
            theme = request.COOKIES.get("wish", "system")
            request.user = User(
                username="asha", first_name="Asha", last_name="Sharma", role=role, theme=theme
            )
            request.user.firm = Firm(name="Sahyadri Wealth")
        return self.get_response(request)


SETTINGS = {
    "ROOT_URLCONF": "wealthhub.tests.sample_site",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
    "MIDDLEWARE": [
        "csp.middleware.CSPMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "wealthhub.tests.sample_site.SignedIn",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
        "wealthhub.web.RefusalMiddleware",
    ],
    "TEMPLATES": [
        {
            **settings.TEMPLATES[0],
            "DIRS": [*settings.TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"],
        }
    ],
}
overview = ([path("", page, name="today"), path("search/", search, name="search")], "overview")
urlpatterns = [
    path("", page, name="today"),
    path("rows/", rows, name="rows"),
    path("refuse/", refuse),
    path("forbid/", forbid),
    path("api/forbid/", forbid),
    path("fail/", fail),
    path("only-admins/", only_admins),
    path("redirected/", redirected),
    path("theme/", rows, name="theme"),
    path("profile/", rows, name="profile"),
    path("accounts/login/", rows, name="account_login"),
    path("accounts/logout/", rows, name="account_logout"),
    path("hub/", include(overview)),
]
handler400 = "wealthhub.web.bad_request"
handler403 = "wealthhub.web.permission_denied"
handler404 = "wealthhub.web.page_not_found"
handler500 = "wealthhub.web.server_error"
