"""Pages that bring clients together: merging two of one person, and households."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from wealthhub import web
from wealthhub.accounts.models import User
from wealthhub.clients import merging, selectors, services
from wealthhub.clients.filters import HouseholdFilter, MergeFilter
from wealthhub.clients.forms import HouseholdForm, MergeForm
from wealthhub.clients.models import Client, ClientMerge, Household
from wealthhub.clients.tables import HouseholdTable, MergeTable
from wealthhub.clients.views import LEADS, WRITERS, firm_of
from wealthhub.errors import DomainError
from wealthhub.navigation import STAFF


@web.roles_required(*LEADS)
@require_http_methods(["GET", "POST"])
def client_merge(request: HttpRequest) -> HttpResponseBase:
    """Choose the client to keep, then the one to merge, look at what would happen, and do it."""
    user: Any = request.user
    if request.method == "POST":
        form = MergeForm(request.POST, user=user)
        if not form.is_valid():
            messages.error(request, "Choose two clients that you see.")
            return redirect("clients:merge")
        with web.refusals_as_messages(request):
            merging.merge_clients(user=user, request=request, **form.cleaned_data)
            messages.success(request, "Merged. It can be undone in the list of merges.")
            return redirect(form.cleaned_data["kept"])
        return redirect("clients:merge")
    kept, merged = _asked(request, "kept"), _asked(request, "merged")
    text = request.GET.get("q", "")
    context: dict[str, Any] = {"kept": kept, "merged": merged, "q": text}
    if kept and merged:
        context |= {
            "preview": merging.preview_merge(kept=kept, merged=merged),
            "kept_personal": selectors.personal_data(kept),
            "merged_personal": selectors.personal_data(merged),
        }
    else:
        context["found"] = _without(selectors.search_clients(user, text, limit=20), kept)
        context["alike"] = _alike(kept, user) if kept else []
    return web.render_page(request, "clients/client_merge.html", context)


def _asked(request: HttpRequest, name: str) -> Client | None:
    """The client of a query parameter; None where it is absent. Raises: Http404: not visible."""
    number = request.GET.get(name, "")
    if not number:
        return None
    rows = Client.objects.select_related("advisor", "household", "firm")
    safe = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    return web.get_visible_or_404(rows, request.user, pk=safe)


def _without(found: list[Client], kept: Client | None) -> list[Client]:
    return [client for client in found if kept is None or client.pk != kept.pk]


def _alike(kept: Client, user: User) -> list[Client]:
    """Clients with the same phone, e-mail or name: who may be the same person."""
    alike = Q(pk__in=[])
    for column in ("phone_hash", "email_hash"):
        if value := getattr(kept, column):
            alike |= Q(**{column: value})
    if kept.name:
        alike |= Q(name__iexact=kept.name)
    visible = Client.objects.visible_to(user).current().exclude(pk=kept.pk).filter(alike)
    return list(visible.select_related("advisor").with_identifiers()[:10])


@web.roles_required(*STAFF)
@require_GET
def merge_list(request: HttpRequest) -> HttpResponseBase:
    """Merges the reader sees, the newest first."""
    visible = ClientMerge.objects.visible_to(request.user).select_related("kept", "merged", "by")
    filterset = MergeFilter(request.GET, queryset=visible, request=request)
    table = MergeTable(filterset.qs if filterset.is_valid() else visible.none())
    if file := web.export_response(request, table, name="merges"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
    }
    return web.render_page(request, "clients/merge_list.html", context, fragment="results")


@web.roles_required(*LEADS)
@require_http_methods(["GET", "POST"])
def merge_undo(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask, then put back what a merge moved."""
    merge = web.get_visible_or_404(
        ClientMerge.objects.select_related("kept", "merged", "by"), request.user, pk=pk
    )
    if request.method == "POST":
        user: Any = request.user
        with web.refusals_as_messages(request):
            merging.undo_merge(merge=merge, user=user, request=request)
            messages.success(request, f"{merge.merged} stands alone again.")
        return redirect("clients:merges")
    rows = [("Kept", merge.kept), ("Merged", merge.merged), ("By", merge.by), ("Reason", merge.reason)]
    return web.render_page(request, "clients/merge_undo.html", {"merge": merge, "rows": rows})


@web.roles_required(*STAFF)
@require_GET
def household_list(request: HttpRequest) -> HttpResponseBase:
    """The households the reader sees a member of."""
    user: Any = request.user
    visible = Household.objects.visible_to(user).with_member_count(user)
    filterset = HouseholdFilter(request.GET, queryset=visible, request=request)
    table = HouseholdTable(filterset.qs if filterset.is_valid() else visible.none())
    if file := web.export_response(request, table, name="households"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
        "may_write": user.may_write,
    }
    return web.render_page(request, "clients/household_list.html", context, fragment="results")


@web.roles_required(*STAFF)
@require_GET
def household_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A household and the members the reader sees."""
    user: Any = request.user
    household = web.get_visible_or_404(Household, user, pk=pk)
    members = Client.objects.visible_to(user).current().filter(household=household)
    context = {
        "household": household,
        "members": members.select_related("advisor").with_identifiers(),
        "may_write": user.may_write,
    }
    return web.render_page(request, "clients/household_detail.html", context)


@web.roles_required(*WRITERS)
@require_http_methods(["GET", "POST"])
def household_edit(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """A household's name and members. ``?q=`` offers more clients to choose from; what is ticked stays ticked."""
    user: Any = request.user
    household = web.get_visible_or_404(Household, user, pk=pk) if pk else None
    members = _member_ids(household, user)
    ticked = [
        int(number) for number in request.GET.getlist("members") if number.isdigit() and len(number) < 19
    ]
    found = [client.pk for client in selectors.search_clients(user, request.GET.get("q", ""), limit=20)]
    if request.method == "POST":
        numbers = request.POST.getlist("members")
        offered = [int(number) for number in numbers if number.isdigit() and len(number) < 19]
        form = HouseholdForm(request.POST, user=user, offered=offered + members)
        if form.is_valid():
            try:
                saved = services.save_household(
                    firm=firm_of(user), user=user, household=household, **form.cleaned_data
                )
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"{saved} is saved.")
                return redirect("clients:household", saved.pk)
    else:
        name = request.GET.get("name", household.name if household else "")
        chosen = ticked or members
        form = HouseholdForm(
            user=user, offered=[*members, *ticked, *found], initial={"name": name, "members": chosen}
        )
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "household": household, "q": request.GET.get("q", "")}
    return web.render_page(request, "clients/household_form.html", context, status=status)


def _member_ids(household: Household | None, user: User) -> list[int]:
    if household is None:
        return []
    visible = Client.objects.visible_to(user).current().filter(household=household)
    return list(visible.values_list("pk", flat=True))
