"""Pages of clients: the list, adding and changing, revealing, notes and consents, reassigning."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from wealthhub import web
from wealthhub.accounts.models import Firm, User
from wealthhub.clients import pii, selectors, services
from wealthhub.clients.filters import ClientPageFilter
from wealthhub.clients.forms import (
    ClientEditForm,
    ClientForm,
    ConsentForm,
    NoteForm,
    ReassignForm,
    RevealForm,
)
from wealthhub.clients.models import Client, Consent
from wealthhub.clients.tables import ClientTable
from wealthhub.errors import DomainError, Forbidden
from wealthhub.navigation import STAFF

WRITERS = ("admin", "manager", "advisor")
LEADS = ("admin", "manager")


def firm_of(user: User) -> Firm:
    """The one firm a page works in. Raises: Forbidden: the platform's own account has none."""
    if user.firm is None:
        raise Forbidden("This page works in one firm. Use the administration, or sign in to a firm.")
    return user.firm


def client_panels(client: Client, user: User) -> dict[str, Any]:
    """What the partials of a client's page need: facts, notes, consents, timeline, forms."""
    return {
        "client": client,
        "facts": selectors.client_facts(client, user),
        "notes": selectors.client_notes(client, user),
        "consents": selectors.client_consents(client, user),
        "timeline": selectors.timeline(client, user),
        "note_form": NoteForm(),
        "consent_form": ConsentForm(),
    }


@web.roles_required(*STAFF)
@require_GET
def client_list(request: HttpRequest) -> HttpResponseBase:
    """The clients the reader sees, filtered."""
    user: Any = request.user
    visible = Client.objects.visible_to(user).current().select_related("advisor", "household")
    filterset = ClientPageFilter(request.GET, queryset=visible.with_identifiers(), request=request)
    rows = filterset.qs if filterset.is_valid() else visible.none()
    may_reassign = user.is_superuser or user.role in LEADS
    word = user.firm.advisor_word if user.firm else "Advisor"
    table = ClientTable(rows, advisor_word=word, may_choose=may_reassign)
    if file := web.export_response(request, table, name="clients"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
        "may_reassign": may_reassign,
        "may_write": user.may_write,
    }
    return web.render_page(request, "clients/client_list.html", context, fragment="results")


@web.roles_required(*WRITERS)
@require_http_methods(["GET", "POST"])
def client_create(request: HttpRequest) -> HttpResponseBase:
    """A new client."""
    user: Any = request.user
    firm = firm_of(user)
    form = ClientForm(request.POST or None, user=user)
    if form.is_valid():
        data = form.cleaned_data
        try:
            client = services.create_client(
                user=user,
                firm=firm,
                name=data["name"],
                relationship=data["relationship"],
                advisor=data["advisor"],
                household=data["household"],
                identifiers=form.identifiers(),
                **{kind: data[kind] for kind in pii.KINDS},
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{client} is a client now.")
            return redirect(client)
    return web.render_page(request, "clients/client_form.html", {"form": form}, status=_status(form))


@web.roles_required(*WRITERS)
@require_http_methods(["GET", "POST"])
def client_edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a client's name, relationship, household and personal data."""
    user: Any = request.user
    client = web.get_visible_or_404(Client.objects.select_related("household", "firm"), user, pk=pk)
    form = ClientEditForm(request.POST or None, user=user, client=client)
    if form.is_valid():
        try:
            services.update_client(client=client, user=user, changes=form.changes())
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Saved.")
            return redirect(client)
    context = {"form": form, "client": client}
    return web.render_page(request, "clients/client_form.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def client_reveal(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask why, then show the values once. The page is kept by no cache."""
    user: Any = request.user
    client = web.get_visible_or_404(Client, user, pk=pk)
    if user.sees_masked_only:
        raise Forbidden("Your role sees personal data masked.", code="masked_only")
    form = RevealForm(request.POST or None, initial={"kinds": [request.GET.get("kind", "pan")]})
    revealed = None
    if form.is_valid():
        data = form.cleaned_data
        values = services.reveal(
            client=client, user=user, kinds=data["kinds"], reason=data["reason"], request=request
        )
        revealed = [(pii.KINDS[kind].label, value) for kind, value in values.items()]
    context = {"form": form, "client": client, "revealed": revealed}
    return web.render_page(request, "clients/client_reveal.html", context, status=_status(form))


@web.roles_required(*WRITERS)
@require_POST
def client_note(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Write a note and go back to the client."""
    client = web.get_visible_or_404(Client, request.user, pk=pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        with web.refusals_as_messages(request):
            services.add_note(client=client, user=_user(request), **form.cleaned_data)
            messages.success(request, "The note is kept.")
    else:
        _say_errors(request, form)
    return redirect(client)


@web.roles_required(*WRITERS)
@require_POST
def client_consent(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Write down a consent and go back to the client."""
    client = web.get_visible_or_404(Client, request.user, pk=pk)
    form = ConsentForm(request.POST)
    if form.is_valid():
        with web.refusals_as_messages(request):
            services.record_consent(client=client, user=_user(request), **form.cleaned_data)
            messages.success(request, "The consent is recorded.")
    else:
        _say_errors(request, form)
    return redirect(client)


@login_required
@require_http_methods(["GET", "POST"])
def consent_withdraw(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask, then note the withdrawal. Open to the client too: as easy as giving it."""
    consent = web.get_visible_or_404(Consent.objects.select_related("client"), request.user, pk=pk)
    user = _user(request)
    if not user.may_write and user.client_id != consent.client_id:
        raise Forbidden("Your role only reads.")
    if request.method == "POST":
        with web.refusals_as_messages(request):
            services.withdraw_consent(consent=consent, user=user)
            messages.success(request, "The consent is withdrawn.")
        return redirect(consent.client)
    rows = [
        ("Client", consent.client),
        ("Purpose", consent.purpose),
        ("Notice", consent.notice_version),
        ("Given", consent.get_channel_display()),
    ]
    context = {"consent": consent, "rows": rows}
    return web.render_page(request, "clients/consent_withdraw.html", context)


@web.roles_required(*LEADS)
@require_http_methods(["GET", "POST"])
def client_reassign(request: HttpRequest) -> HttpResponseBase:
    """Choose who serves the chosen clients from today on. ``?all=1`` takes all that the list's filters leave."""
    user: Any = request.user
    ids = request.POST.get("clients") if request.method == "POST" else ",".join(_chosen(request))
    form = ReassignForm(
        request.POST if request.method == "POST" else None, user=user, initial={"clients": ids}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with web.refusals_as_messages(request):
            count = services.reassign_clients(
                clients=data["clients"],
                advisor=data["advisor"],
                user=user,
                reason=data["reason"],
                request=request,
            )
            messages.success(
                request, f"{data['advisor']} serves {count} more client{'' if count == 1 else 's'}."
            )
        return redirect("clients:list")
    if not ids:
        messages.info(request, "Choose clients in the list first.")
        return redirect("clients:list")
    numbers = [int(part) for part in ids.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    clients = Client.objects.visible_to(user).current().filter(pk__in=numbers).select_related("advisor")
    context = {"form": form, "clients": clients[:200], "count": clients.count()}
    return web.render_page(request, "clients/client_reassign.html", context, status=_status(form))


def _chosen(request: HttpRequest) -> list[str]:
    """The numbers of the ticked clients, or of all that the filters leave."""
    if not request.GET.get("all"):
        return request.GET.getlist("clients")
    visible = Client.objects.visible_to(request.user).current()
    filterset = ClientPageFilter(request.GET, queryset=visible, request=request)
    if not filterset.is_valid():
        raise Http404
    return [str(pk) for pk in filterset.qs.values_list("pk", flat=True)[: services.MAX_AT_ONCE + 1]]


def _user(request: HttpRequest) -> User:
    user: Any = request.user
    return user


def _status(form: Any) -> int:
    """422 for a form with errors, so that programs and htmx can tell."""
    return 422 if form.is_bound and form.errors else 200


def _say_errors(request: HttpRequest, form: Any) -> None:
    for name, errors in form.errors.items():
        label = form.fields[name].label or name.replace("_", " ").capitalize() if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(errors)}".lstrip(": "))
