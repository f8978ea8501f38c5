"""The pages that cross the apps: Today, search, one client, the advisors."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from opportunities import selectors as opportunities
from opportunities.models import Sip
from opportunities.tables import OpportunityTable, SipTable
from wealthhub import web
from wealthhub.clients import selectors as clients
from wealthhub.clients.models import Advisor, Client
from wealthhub.clients.views import client_panels
from wealthhub.navigation import STAFF
from wealthhub.overview import selectors
from wealthhub.overview.filters import AdvisorFilter
from wealthhub.overview.tables import AdvisorTable

staff_only = web.roles_required(*sorted(STAFF))
SIPS_SHOWN = 25
ROWS_PER_PAGE = 25


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """The worklist of the morning; for an investor, their own SIPs."""
    if request.user.role == "investor" and not request.user.is_superuser:
        return _investor_today(request)
    morning = selectors.morning(request.user)
    table = OpportunityTable(morning.first, orderable=False)
    table.show_footer = False
    context = {"morning": morning, "table": table, "advisor_word": _advisor_word(request)}
    return web.render_page(request, "overview/today.html", context)


def _investor_today(request: HttpRequest) -> HttpResponse:
    client = request.user.client
    rows = opportunities.visible_sips(request.user).counted()
    totals = opportunities.book_totals(rows)
    context = {
        "client": client,
        "advisor": client.advisor if client else None,
        "advisor_word": _advisor_word(request),
        "totals": totals,
        "table": _sips(request, rows, totals, leave_out=("client", "advisor")),
    }
    return web.render_page(request, "overview/today_investor.html", context)


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Clients by name, identifier, PAN or phone, and SIPs by number: suggestions for htmx, a page otherwise."""
    text = request.GET.get("q", "").strip()
    is_fragment = web.is_fragment_request(request)
    found = list(clients.search_clients(request.user, text, limit=8 if is_fragment else 50)) if text else []
    number = text.replace(",", "")
    sips = (
        Sip.objects.visible_to(request.user).select_related("client").filter(sip_meta_id=number)[:5]
        if text
        else ()
    )
    context = {"text": text, "clients": found, "sips": sips}
    return web.render_page(request, "overview/search.html", context, fragment="suggestions")


@login_required
@require_GET
def client(request: HttpRequest, pk: int) -> HttpResponse:
    """One client, whatever the apps know about them."""
    rows = Client.objects.select_related("advisor", "household", "merged_into", "firm")
    person = web.get_visible_or_404(rows, request.user, pk=pk)
    if person.merged_into_id:
        return redirect(web.get_visible_or_404(Client, request.user, pk=person.merged_into_id))
    user = request.user
    is_investor = user.role == "investor"
    sips = opportunities.visible_sips(user).counted().filter(client=person)
    totals = opportunities.book_totals(sips)
    context = {
        **client_panels(person, user),
        "opportunities": [] if is_investor else opportunities.opportunities_of_client(user, person.pk),
        "totals": totals,
        "table": _sips(request, sips, totals, leave_out=("client", "advisor")),
        "is_investor": is_investor,
        "may_write": user.may_write,
    }
    return web.render_page(request, "overview/client.html", context)


@staff_only
@require_GET
def advisors(request: HttpRequest) -> HttpResponseBase:
    """Those whose clients the reader may see, each with the book they look after."""
    filterset = AdvisorFilter(request.GET, queryset=Advisor.objects.visible_to(request.user), request=request)
    rows = filterset.qs if filterset.is_valid() else Advisor.objects.none()
    narrowed = rows if any(request.GET.get(name) for name in filterset.filters) else None
    books = opportunities.advisor_books(request.user, narrowed)
    table = AdvisorTable(books, totals=selectors.book_sums(books))
    if file := web.export_response(request, table, name="advisors"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table, per_page=ROWS_PER_PAGE),
        "advisor_word": _advisor_word(request),
    }
    return web.render_page(request, "overview/advisor_list.html", context, fragment="results")


@staff_only
@require_GET
def advisor(request: HttpRequest, pk: int) -> HttpResponse:
    """One advisor: the book, and what there is to do in it."""
    person = web.get_visible_or_404(Advisor.objects.select_related("user", "manager"), request.user, pk=pk)
    rows = opportunities.to_work_on(opportunities.visible_opportunities(request.user).filter(advisor=person))
    first = list(rows.order_by("-risk_score", "pk")[:20])
    table = OpportunityTable(first, exclude=("advisor",), orderable=False)
    context = {
        "advisor": person,
        "book": opportunities.advisor_books(request.user, Advisor.objects.filter(pk=person.pk))[0],
        "table": table,
        "advisor_word": _advisor_word(request),
    }
    return web.render_page(request, "overview/advisor.html", context)


def _sips(
    request: HttpRequest, rows: object, totals: opportunities.BookTotals, *, leave_out: tuple[str, ...]
) -> SipTable:
    table = SipTable(rows, totals=totals.as_dict(), exclude=leave_out)
    table.target = ""
    return web.configure_table(request, table, per_page=SIPS_SHOWN)


def _advisor_word(request: HttpRequest) -> str:
    return request.user.firm.advisor_word if request.user.firm else "Advisor"
