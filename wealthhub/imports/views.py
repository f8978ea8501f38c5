"""Pages: send a file, watch it being read, see what came of it, mend what was set aside, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from wealthhub import web
from wealthhub.errors import DomainError
from wealthhub.imports import downloads, selectors, services, sources
from wealthhub.imports.choices import Channel
from wealthhub.imports.filters import ImportIssueFilter, ImportRunFilter
from wealthhub.imports.forms import UploadForm
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.imports.tables import ImportIssueTable, ImportRunTable

if TYPE_CHECKING:
    from wealthhub.accounts.models import User

ISSUES_PER_PAGE = 25  # the page has more to show than them
STAFF = ("admin", "manager", "advisor", "analyst")


@web.roles_required(*STAFF)
@require_GET
def run_list(request: HttpRequest) -> HttpResponseBase:
    """Every file that came in and that the user may know of."""
    visible = ImportRun.objects.visible_to(request.user).select_related("user")
    filterset = ImportRunFilter(request.GET, queryset=visible)
    table = ImportRunTable(filterset.qs if filterset.is_valid() else visible.none())
    if file := web.export_response(request, table, name="imports"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
        "may_upload": bool(selectors.sources_for(_user(request))),
        "is_empty": not visible.exists(),
    }
    return web.render_page(request, "imports/run_list.html", context, fragment="results")


@web.roles_required(*STAFF)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponseBase:
    """Send a file: to be checked only, or to be booked at once."""
    user = _user(request)
    offered = selectors.sources_for(user)
    if not offered:
        raise PermissionDenied(_why_no_upload(user))
    initial = {"source": request.GET.get("source", "")}
    form = UploadForm(request.POST or None, request.FILES or None, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            run = _receive(user, form.cleaned_data, dry_run="check" in request.POST)
        except DomainError as refusal:
            form.add_error("file", refusal.message)
        else:
            return redirect(run)
    context = {"form": form, "sources": offered, "max_bytes": settings.IMPORT_MAX_BYTES}
    return web.render_page(request, "imports/upload.html", context, status=400 if form.errors else 200)


@web.roles_required(*STAFF)
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One run: how far it is, what came of it, what was wrong."""
    found = web.get_visible_or_404(
        ImportRun.objects.select_related("user", "undone_by", "same_as", "firm"), request.user, pk=pk
    )
    context: dict[str, Any] = {"run": found, "progress": selectors.progress(found)}
    if getattr(request.htmx, "target", None) == "progress":  # type: ignore[attr-defined]
        response = web.render_page(request, "imports/run.html", context, fragment="progress")
        if found.is_over:
            response["HX-Refresh"] = "true"  # the whole page has changed by now
        return response
    groups = selectors.issue_groups(found)
    issues = ImportIssue.objects.visible_to(request.user).filter(run=found)
    filterset = ImportIssueFilter(
        request.GET,
        queryset=issues,
        codes=sorted({group.code for group in groups}),
        columns=sorted({group.column for group in groups if group.column}),
    )
    table = ImportIssueTable(filterset.qs if filterset.is_valid() else issues.none())
    if file := web.export_response(request, table, name=f"import-{found.pk}-issues"):
        return file
    context |= {
        "source_title": selectors.source_title(found.source),
        "parts": selectors.parts(found),
        "made": selectors.made(found),
        "columns": selectors.columns_set_apart(found),
        "groups": groups,
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table, per_page=ISSUES_PER_PAGE),
        **_what_may_be_done(_user(request), found),
    }
    return web.render_page(request, "imports/run.html", context, fragment="issues")


def _what_may_be_done(user: User, run: ImportRun) -> dict[str, bool]:
    """Which buttons the run's page has for this user."""
    may_send = selectors.may_send_again(user, run)
    return {
        "may_book": may_send and selectors.can_be_booked(run),
        "may_retry": may_send and selectors.can_be_retried(run),
        "may_undo": _is_admin(user) and selectors.can_be_undone(run),
        "may_see_rows": selectors.may_see_rows(user, run),
    }


@web.roles_required(*STAFF)
@require_GET
def preview(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The first rows of the kept file, and how they were understood."""
    found = _run_with_rows(request, pk)
    context: dict[str, Any] = {"run": found, "source_title": selectors.source_title(found.source)}
    try:
        context["preview"] = selectors.preview_of(found)
    except DomainError as refusal:
        context["refusal"] = refusal.message
    return web.render_page(request, "imports/preview.html", context, fragment="preview")


@web.roles_required(*STAFF)
@require_GET
def rejected(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were set aside, with the reason, as a CSV to mend and send again."""
    return downloads.rejected_csv(_run_with_rows(request, pk))


@web.roles_required(*STAFF)
@require_POST
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the file of a check: a new run of the same kept file."""
    found = _run_to_send_again(request, pk)
    with web.refusals_as_messages(request):
        return redirect(services.book_checked(run=found, user=_user(request)))
    return redirect(found)


@web.roles_required(*STAFF)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed run once more."""
    found = _run_to_send_again(request, pk)
    with web.refusals_as_messages(request):
        services.retry(run=found)
    return redirect(found)


@web.roles_required("admin")
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, then take back everything the run booked; refused where later work rests on it."""
    found = web.get_visible_or_404(ImportRun.objects.select_related("user"), request.user, pk=pk)
    if request.method == "POST":
        with web.refusals_as_messages(request):
            services.start_undo(run=found, user=_user(request))
            messages.info(request, f"“{found.filename}” is being taken back.")
        return redirect(found)
    context = {
        "run": found,
        "source_title": selectors.source_title(found.source),
        "can_be_undone": selectors.can_be_undone(found),
        "rows": selectors.facts_to_confirm(found),
    }
    return web.render_page(request, "imports/undo.html", context)


@web.roles_required(*STAFF)
@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source with its columns and a file to start from."""
    context = {
        "sources": [(source, selectors.known_by(source)) for source in sources.registry().values()],
        "own": {source.name for source in selectors.sources_for(_user(request))},
        "kinds": sources.TEMPLATE_FORMATS,
    }
    return web.render_page(request, "imports/sources.html", context)


@web.roles_required(*STAFF)
@require_GET
def template(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """An example file of a source."""
    return downloads.template_file(name, kind)


def _receive(user: User, data: dict[str, Any], *, dry_run: bool) -> ImportRun:
    return services.receive_file(
        user=user,
        firm=user.firm,
        source=sources.get(data["source"]),
        file=data["file"],
        filename=data["file"].name,
        on_error=data["on_error"],
        dry_run=dry_run,
        channel=Channel.PAGE,
    )


def _run_with_rows(request: HttpRequest, pk: int) -> ImportRun:
    """A visible run whose bare rows the user may see. Raises: PermissionDenied, Http404."""
    found = web.get_visible_or_404(ImportRun, request.user, pk=pk)
    if not selectors.may_see_rows(_user(request), found):
        if not found.file:
            raise Http404
        raise PermissionDenied("The rows hold personal data, which your role sees masked only.")
    return found


def _run_to_send_again(request: HttpRequest, pk: int) -> ImportRun:
    """A visible run of a source whose files the user may send. Raises: PermissionDenied, Http404."""
    found = web.get_visible_or_404(ImportRun, request.user, pk=pk)
    if not selectors.may_send_again(_user(request), found):
        raise PermissionDenied("You may not send files of this source.")
    return found


def _is_admin(user: User) -> bool:
    return user.is_superuser or user.role == "admin"


def _why_no_upload(user: User) -> str:
    if user.firm_id is None:
        return "A file is booked for a firm, and this account has none. Pick a firm for it in the admin."
    return "Files are sent by administrators and managers. Your role sees what came of them."


def _user(request: HttpRequest) -> User:
    user: Any = request.user
    return user
