"""Pages of the app: the worklist, one opportunity, scans, the SIP book, the detectors' settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from opportunities import charts, detectors, selectors, services
from opportunities.choices import OpportunityType, ScanStatus
from opportunities.filters import OpportunityFilter, SipFilter
from opportunities.forms import DetectorForm, NoteForm, ScanForm, StatusForm, TrailRateForm
from opportunities.models import DetectorSettings, Opportunity, ScanRun, Sip, TrailRate
from opportunities.tables import STATUS_TONES, OpportunityTable, ScanTable, SipTable
from wealthhub import web
from wealthhub.dates import today_ist
from wealthhub.navigation import STAFF

staff_only = web.roles_required(*sorted(STAFF))
leads_only = web.roles_required("admin", "manager")
ROWS_PER_PAGE = 25


# --- Opportunities ----------------------------------------------------------------------------------------
@staff_only
@require_GET
def opportunity_list(request: HttpRequest) -> HttpResponseBase:
    """The worklist: filter, sort, page, totals of the filter, CSV and Excel of exactly these rows."""
    visible = selectors.visible_opportunities(request.user)
    filterset = OpportunityFilter(request.GET, queryset=visible, request=request)
    rows = filterset.qs if filterset.is_valid() else visible.none()
    scan = selectors.last_scan(request.user.firm)
    rate = selectors.shown_trail_rate(request.user, as_of=scan.as_of if scan else today_ist())
    totals = selectors.worklist_totals(rows, rate=rate)
    table = OpportunityTable(
        rows,
        totals={"monthly": totals.monthly, "one_time": totals.one_time},
        order_by=request.GET.get("sort", "-risk_score"),
    )
    if file := web.export_response(request, table, name="opportunities"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table, per_page=ROWS_PER_PAGE),
        "totals": totals,
        "rate": rate,
        "scan": scan,
        "scan_form": ScanForm() if _may_scan(request) else None,
    }
    return web.render_page(request, "opportunities/opportunity_list.html", context, fragment="results")


@staff_only
@require_GET
def opportunity_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One opportunity: the reason, the SIPs it rests on, how the figures come about, what was done."""
    return _opportunity_page(request, _opportunity(request, pk))


@staff_only
@require_POST
def opportunity_status(request: HttpRequest, pk: int) -> HttpResponse:
    """Say where one stands with it."""
    opportunity = _writable(request, pk)
    form = StatusForm(request.POST)
    if not form.is_valid():
        return _opportunity_page(request, opportunity, status_form=form, status=400)
    with web.refusals_as_messages(request):
        services.set_status(opportunity=opportunity, user=request.user, **form.cleaned_data)
        messages.success(request, "The status is saved.")
    return redirect(opportunity)


@staff_only
@require_POST
def opportunity_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a note."""
    opportunity = _writable(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _opportunity_page(request, opportunity, note_form=form, status=400)
    with web.refusals_as_messages(request):
        services.add_note(opportunity=opportunity, user=request.user, text=form.cleaned_data["text"])
        messages.success(request, "The note is saved.")
    return redirect(opportunity)


def _opportunity(request: HttpRequest, pk: int) -> Opportunity:
    rows = Opportunity.objects.select_related("client", "advisor", "firm", "status_changed_by")
    return web.get_visible_or_404(rows, request.user, pk=pk)


def _writable(request: HttpRequest, pk: int) -> Opportunity:
    opportunity = _opportunity(request, pk)
    if not request.user.may_write:
        raise PermissionDenied("Your role reads only: ask the client's advisor to change this.")
    return opportunity


def _opportunity_page(
    request: HttpRequest,
    opportunity: Opportunity,
    *,
    status_form: StatusForm | None = None,
    note_form: NoteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    present = {
        "status": opportunity.status,
        "reason": opportunity.dismiss_reason,
        "snoozed_until": opportunity.snoozed_until,
    }
    rate = selectors.shown_trail_rate(request.user, as_of=opportunity.as_of)
    context = {
        "opportunity": opportunity,
        "page": selectors.opportunity_page(request.user, opportunity, rate=rate),
        "status_tone": STATUS_TONES.get(opportunity.status, "neutral"),
        "may_write": request.user.may_write,
        "status_form": status_form or StatusForm(initial=present),
        "note_form": note_form or NoteForm(),
    }
    return web.render_page(request, "opportunities/opportunity_detail.html", context, status=status)


# --- Scans ------------------------------------------------------------------------------------------------
@leads_only
@require_POST
def scan_start(request: HttpRequest) -> HttpResponse:
    """Look over the whole book again."""
    form = ScanForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not a day to scan as of.")
        return redirect("opportunities:list")
    firm = request.user.firm
    if firm is None:
        raise PermissionDenied(
            "A scan belongs to a firm: sign in as one of its people, or scan from the admin."
        )
    with web.refusals_as_messages(request):
        scan = services.start_scan(firm=firm, user=request.user, as_of=form.cleaned_data["as_of"])
        return redirect(scan)
    return redirect("opportunities:list")


@staff_only
@require_GET
def scan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a scan is, and what came of it."""
    scan = web.get_visible_or_404(ScanRun.objects.select_related("user", "import_run"), request.user, pk=pk)
    shards = list(scan.shards.values_list("status", flat=True))
    context = {
        "scan": scan,
        "is_over": scan.status in {ScanStatus.SUCCEEDED, ScanStatus.FAILED},
        "shards": len(shards),
        "shards_done": sum(status == ScanStatus.SUCCEEDED for status in shards),
    }
    return web.render_page(request, "opportunities/scan_detail.html", context, fragment="progress")


@staff_only
@require_GET
def scan_list(request: HttpRequest) -> HttpResponseBase:
    """All scans of the firm."""
    table = ScanTable(ScanRun.objects.visible_to(request.user).select_related("user"))
    if file := web.export_response(request, table, name="scans"):
        return file
    context = {"table": web.configure_table(request, table, per_page=ROWS_PER_PAGE)}
    return web.render_page(request, "opportunities/scan_list.html", context)


# --- The SIP book -----------------------------------------------------------------------------------------
@login_required
@require_GET
def sip_list(request: HttpRequest) -> HttpResponseBase:
    """The SIP book: filter, totals, two charts of exactly the filtered rows, CSV and Excel."""
    visible = selectors.visible_sips(request.user)
    filterset = SipFilter(request.GET, queryset=visible, request=request)
    rows = filterset.qs if filterset.is_valid() else visible.none()
    is_whole = not any(
        request.GET.get(name) for name in request.GET if name not in {"page", "sort", "export"}
    )
    picture = selectors.book_picture(request.user, rows, is_whole=is_whole)
    totals = picture.totals
    left_out = ("client", "advisor") if request.user.role == "investor" else ()
    table = SipTable(rows, totals=totals.as_dict(), exclude=left_out)
    if file := web.export_response(request, table, name="sips"):
        return file
    context: dict[str, Any] = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "totals": totals,
        "table": web.configure_table(request, table, per_page=ROWS_PER_PAGE),
        "months": charts.registration_chart(picture.months),
        "failed": charts.failed_chart(picture.failed),
    }
    return web.render_page(request, "opportunities/sip_list.html", context, fragment="results")


@login_required
@require_GET
def sip_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One SIP as the source last described it, and how its amount changed."""
    rows = Sip.objects.select_related("client", "client__advisor", "advisor", "created_run", "changed_run")
    sip = web.get_visible_or_404(rows, request.user, pk=pk)
    context = {"sip": sip, "facts": selectors.sip_facts(sip), "changes": selectors.amount_history(sip)}
    return web.render_page(request, "opportunities/sip_detail.html", context)


# --- Settings -----------------------------------------------------------------------------------------------
@web.roles_required("admin")
@require_http_methods(["GET", "POST"])
def detector_settings(request: HttpRequest) -> HttpResponse:
    """The firm's parameters for each detector, and its rate card."""
    firm = request.user.firm
    if firm is None:
        raise PermissionDenied("Detector settings belong to a firm: pick one in the admin.")
    posted = request.POST.get("save", "") if request.method == "POST" else ""
    forms = [_detector_form(request, kind, posted) for kind in detectors.REGISTRY]
    rate_form = TrailRateForm(
        request.POST if posted == "rate" else None, initial={"effective_from": today_ist()}
    )
    for form in [*forms, rate_form]:
        if form.is_bound and form.is_valid():
            with web.refusals_as_messages(request):
                _save_settings(request, form)
                messages.success(request, "Saved. It counts from the next scan on.")
            return redirect("opportunities:settings")
    context = {"forms": forms, "rate_form": rate_form, "rates": TrailRate.objects.visible_to(request.user)}
    bad = any(form.is_bound for form in [*forms, rate_form])
    return web.render_page(request, "opportunities/settings.html", context, status=400 if bad else 200)


def _detector_form(request: HttpRequest, kind: OpportunityType, posted: str) -> DetectorForm:
    stored = DetectorSettings.objects.visible_to(request.user).filter(opportunity_type=kind).first()
    initial = services.parameters_for(request.user.firm, kind) | {"is_on": stored.is_on if stored else True}
    return DetectorForm(request.POST if posted == kind else None, initial=initial, opportunity_type=kind)


def _save_settings(request: HttpRequest, form: DetectorForm | TrailRateForm) -> None:
    if isinstance(form, TrailRateForm):
        services.save_trail_rate(
            firm=request.user.firm,
            effective_from=form.cleaned_data["effective_from"],
            annual_rate=form.annual_rate,
        )
        return
    services.save_settings(
        firm=request.user.firm,
        opportunity_type=form.opportunity_type,
        is_on=form.cleaned_data["is_on"],
        parameters=form.parameters,
    )


def _may_scan(request: HttpRequest) -> bool:
    return request.user.firm_id is not None and (
        request.user.is_superuser or request.user.role in {"admin", "manager"}
    )
