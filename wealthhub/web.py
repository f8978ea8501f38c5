"""What HTML views share: the frame, pages and fragments, refusals as messages, filters as chips, exports.

A view stays about ten lines: fetch what is visible, call, render.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_filters import FilterSet, OrderingFilter
from django_filters.widgets import SuffixedMultiWidget
from django_tables2 import RequestConfig, Table

from wealthhub.dates import format_date, format_instant, today_ist
from wealthhub.errors import DomainError, Invalid
from wealthhub.navigation import address_of, nav_links
from wealthhub.reporting import export
from wealthhub.templatetags.wealthhub import BOUNDS

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    class HtmxRequest(HttpRequest):
        """A request that has passed the htmx middleware."""

        htmx: HtmxDetails


ROWS_PER_PAGE = 50
Row = TypeVar("Row", bound=Model)
View = Callable[..., HttpResponseBase]


class FormRenderer(TemplatesSetting):
    """Forms and fields in the house look, from ``templates/forms``."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


# --- The frame of every page ------------------------------------------------------------------------------
def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the base template needs. Worked out only where a template asks for it."""
    return {
        "nav": partial(nav_links, request),
        "theme": partial(_theme, request),
        "site_links": _site_links,
        "today": today_ist,
        "app_version": _app_version,
    }


def _theme(request: HttpRequest) -> dict[str, str]:
    """``choice`` is the user's wish, ``shown`` the colours to send; a cookie knows the device's."""
    choice = getattr(getattr(request, "user", None), "theme", "system") or "system"
    if choice in {"light", "dark"}:
        return {"choice": choice, "shown": choice}
    return {"choice": "system", "shown": "dark" if request.COOKIES.get("device_theme") == "dark" else "light"}


def _site_links() -> dict[str, str]:
    """Addresses the frame links to, by name; one that this site does not have is left out."""
    names = {
        "home": "overview:today",
        "search": "overview:search",
        "profile": "profile",
        "theme": "theme",
        "sign_out": "account_logout",
        "docs": "api-docs",
    }
    return {key: href for key, name in names.items() if (href := address_of(name))}


def _app_version() -> str:
    try:
        return version("wealthhub")
    except PackageNotFoundError:  # run from a checkout, which is the usual way
        return "0.1.0"


# --- Pages ------------------------------------------------------------------------------------------------
def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, or its partial ``fragment`` when htmx asks for it.

    A history restore always gets the page: a fragment alone would replace it. Caches keep nothing, since
    pages hold clients' data.
    """
    wants_fragment = bool(fragment) and is_fragment_request(request)
    name = f"{template}#{fragment}" if wants_fragment else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request", "HX-Boosted", "Cookie"])
    patch_cache_control(response, private=True, no_store=True)
    return response


def is_fragment_request(request: HttpRequest) -> bool:
    """True where htmx will swap the answer into a part of the page."""
    htmx: Any = getattr(request, "htmx", False)  # falsy for a plain request
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


class VisibleObjectMixin:
    """For class-based views: the queryset is what the user may see, so all else is a 404."""

    request: HttpRequest

    def get_queryset(self) -> QuerySet:
        """The rows of the view's own queryset that are visible to the user."""
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[misc]


def get_visible_or_404(rows: type[Row] | QuerySet[Row], user: Any, **lookup: Any) -> Row:
    """The one row that matches and is visible to ``user``. Raises: Http404: there is none for them."""
    queryset = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    return get_object_or_404(queryset.visible_to(user), **lookup)  # type: ignore[attr-defined]


def page_of(request: HttpRequest, rows: Any, per_page: int = ROWS_PER_PAGE) -> Page:
    """The page named by ``?page=``; the first for nonsense, the last for one too far."""
    return Paginator(rows, per_page=per_page).get_page(request.GET.get("page"))


def configure_table(request: HttpRequest, table: Table, *, per_page: int = ROWS_PER_PAGE) -> Table:
    """Apply ``?sort=`` and ``?page=`` to the table and return it; nonsense in either is ignored."""
    RequestConfig(request, paginate=False).configure(table)
    number = request.GET.get(table.prefixed_page_field, "1")
    table.paginate(per_page=per_page)  # ?per_page= is not read: its size is ours to bound
    table.page = table.paginator.get_page(number)
    return table


# --- Refusals ---------------------------------------------------------------------------------------------
@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """A rule that says no becomes a message, and the view goes on to its redirect.

    Say what was done inside the block: after a refusal the rest of it is skipped.
    """
    try:
        yield
    except DomainError as refusal:
        messages.error(request, refusal.message)


class RefusalMiddleware:
    """A rule that says no outside ``refusals_as_messages`` ends in a page with its reason and status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a refusal; every other exception goes its way."""
        if not isinstance(exception, DomainError):
            return None
        context = {"message": exception.message, "code": exception.code}
        return render(request, "refused.html", context, status=exception.status)


def roles_required(*roles: str) -> Callable[[View], View]:
    """Only these roles may open the view. The others get a 403 with the reason: that it exists is no secret.

    Signed-out visitors are sent to the sign-in page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not (user.is_superuser or user.role in roles):
                wanted = " or ".join(role.replace("_", " ") for role in roles)
                own = user.get_role_display().lower()
                raise PermissionDenied(f"This page is for the role {wanted}. You are signed in as {own}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


# --- Errors -----------------------------------------------------------------------------------------------
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself was malformed."""
    return _error(request, 400, "bad_request", "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: a page that exists, for somebody else. Its reason is shown when the code that refused gave one."""
    reason = str(exception) or "You may not do this."
    return _error(request, 403, "forbidden", reason)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing there, or nothing there for this person; the two are not told apart."""
    return _error(request, 404, "not_found", "There is nothing at this address, or nothing that you may see.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. The page needs neither the database nor a session, since either may be the cause."""
    return _error(request, 500, "server_error", "Something went wrong on our side. It has been logged.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form sent without its token, mostly a page left open over night."""
    message = "This form has expired or cookies are blocked. Go back, reload the page and send it again."
    return _error(request, 403, "csrf_failed", message, template="403_csrf.html")


def _error(request: HttpRequest, status: int, code: str, message: str, *, template: str = "") -> HttpResponse:
    """The one error shape for programs, a page for people."""
    if request.path.startswith("/api/"):
        return JsonResponse({"code": code, "message": message, "details": {}}, status=status)
    context = {"message": message, "code": code}
    text = render_to_string(template or f"{status}.html", context, request if status < 500 else None)
    return HttpResponse(text, status=status)


# --- Filters ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Chip:
    """One applied filter; ``remove_url`` is the same page without it."""

    label: str
    value: str
    remove_url: str


def applied_filters(filterset: FilterSet) -> list[Chip]:
    """A chip for each filter value in the address, in the form's order. Sort and page are none."""
    chips: list[Chip] = []
    filterset.is_valid()  # fills cleaned_data, whatever the verdict
    data = _as_querydict(filterset.data)
    cleaned = getattr(filterset.form, "cleaned_data", {})
    for name, form_field in filterset.form.fields.items():
        if isinstance(filterset.filters.get(name), OrderingFilter):
            continue
        label = str(form_field.label or name.replace("_", " ").capitalize())
        keys = [name]
        if isinstance(form_field.widget, SuffixedMultiWidget):
            keys = [form_field.widget.suffixed(name, suffix) for suffix in form_field.widget.suffixes]
        for key in keys:
            text = f"{label} {BOUNDS.get(key.removeprefix(f'{name}_'), '')}".strip()
            chips.extend(
                Chip(text, _shown(form_field, raw, cleaned.get(name)), _without(data, key, raw))
                for raw in data.getlist(key)
                if raw.strip()
            )
    return chips


def _shown(form_field: Any, raw: str, cleaned: Any) -> str:
    """The words of a choice, a date as the house writes it, a yes for a flag; else what was typed."""
    for value, words in _flat_choices(getattr(form_field, "choices", ())):
        if str(value) == raw:
            return str(words)
    if isinstance(cleaned, bool):
        return "yes" if cleaned else "no"
    if cleaned is not None and hasattr(cleaned, "utcoffset"):
        return format_instant(cleaned) if cleaned.tzinfo else raw
    return format_date(cleaned) if hasattr(cleaned, "isoformat") and hasattr(cleaned, "year") else raw


def _flat_choices(choices: Any) -> Iterator[tuple[Any, Any]]:
    for value, words in choices:
        if isinstance(words, list | tuple):
            yield from words
        else:
            yield value, words


def _without(data: QueryDict, key: str, raw: str) -> str:
    rest = data.copy()
    rest.setlist(key, [value for value in rest.getlist(key) if value != raw])
    rest.pop("page", None)
    return f"?{rest.urlencode()}"


def _as_querydict(data: Any) -> QueryDict:
    if isinstance(data, QueryDict):
        return data
    query = QueryDict(mutable=True)
    query.update(data or {})
    return query


# --- Exports ----------------------------------------------------------------------------------------------
def export_response(
    request: HttpRequest, table: Table, *, name: str, about: Mapping[str, object] | None = None
) -> HttpResponseBase | None:
    """The file asked for by ``?export=csv`` or ``?export=xlsx``; None where the page is asked for.

    The table must hold the filtered rows: the file has exactly these, in the order of ``?sort=``.
    Raises: Invalid: the format is unknown, or an Excel sheet cannot hold the rows.
    """
    wanted = request.GET.get("export", "")
    if not wanted:
        return None
    if wanted not in export.FORMATS:
        raise Invalid(f"Export as {' or '.join(export.FORMATS)}, not “{wanted}”.", code="unknown_format")
    RequestConfig(request, paginate=False).configure(table)
    file_name = f"{name}-{today_ist():%Y-%m-%d}"
    if wanted == "csv":
        return export.csv_response(table, name=file_name)
    return export.xlsx_response(table, name=file_name, about=about)
