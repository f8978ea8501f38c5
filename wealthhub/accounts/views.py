"""The pages of one's own account and of the firm."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from wealthhub import web
from wealthhub.accounts import services
from wealthhub.accounts.choices import Role, Theme
from wealthhub.accounts.filters import AuditFilter, TeamFilter
from wealthhub.accounts.forms import ApiKeyForm, FirmForm, NewMemberForm, PlaceForm, ProfileForm, SignInForm
from wealthhub.accounts.models import ApiKey, AuditEvent, Firm, User
from wealthhub.accounts.tables import AuditTable, TeamTable
from wealthhub.errors import DomainError


class SignInView(LoginView):
    """allauth's page; a locked sign-in says so in its status too, as the API does."""

    form_class = SignInForm

    def form_invalid(self, form: Form) -> HttpResponse:
        """The form with its errors; 429 while locked."""
        response = super().form_invalid(form)
        if any(error.code == "too_many_login_attempts" for error in form.non_field_errors().as_data()):
            response.status_code = 429
            response["Retry-After"] = str(settings.SIGN_IN_LOCK_SECONDS)
        return response


# --- One's own account ------------------------------------------------------------------------------------
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name, address, colours, and the ways to the rest of one's security."""
    user = _user(request)
    form = ProfileForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.update_profile(
                user=user, first_name=data["first_name"], last_name=data["last_name"], email=data["email"]
            )
        except DomainError as refusal:
            form.add_error("email", refusal.message)
        else:
            messages.success(request, "Your profile is saved.")
            return redirect("profile")
    context = {
        "form": form,
        "second_factor": user.has_second_factor,
        "keys": user.api_keys.filter(revoked_at__isnull=True).count(),
        "themes": Theme.choices,
    }
    return web.render_page(request, "accounts/profile.html", context)


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose the colours and come back to the page one was on."""
    with web.refusals_as_messages(request):
        services.set_theme(user=_user(request), theme=request.POST.get("theme", ""))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "profile")


@login_required
def api_keys(request: HttpRequest) -> HttpResponse:
    """One's own keys. The secret of a new one is on the page that answers the form, and nowhere else."""
    user = _user(request)
    form, secret = ApiKeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _, secret = services.issue_api_key(
            user=user, name=data["name"], scopes=data["scopes"], days=data["days"] or None
        )
        form = ApiKeyForm()
    keys = ApiKey.objects.visible_to(user)
    context = {"form": form, "secret": secret, "keys": keys, "now": timezone.now()}
    return web.render_page(request, "accounts/api_keys.html", context)


@login_required
@require_POST
def api_key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own keys."""
    key = web.get_visible_or_404(ApiKey, request.user, pk=pk)
    services.revoke_api_key(key=key, user=_user(request))
    messages.success(request, f"The key “{key.name}” is revoked.")
    return redirect("api_keys")


# --- The firm ---------------------------------------------------------------------------------------------
@web.roles_required("admin", "manager")
@require_GET
def team(request: HttpRequest) -> HttpResponseBase:
    """The firm's accounts; a manager's own team."""
    visible = User.objects.visible_to(request.user).select_related("manager")
    filterset = TeamFilter(request.GET, queryset=visible)
    rows = filterset.qs if filterset.is_valid() else visible.none()
    table = TeamTable(rows)
    if file := web.export_response(request, table, name="team"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
    }
    return web.render_page(request, "accounts/team.html", context, fragment="results")


@web.roles_required("admin", "manager")
def team_new(request: HttpRequest) -> HttpResponse:
    """Make an account: with a password, or with an invitation by mail."""
    by, firm = _user(request), _firm(request)
    form = NewMemberForm(request.POST or None, by=by)
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data, "password": form.cleaned_data["password"] or None}
        try:
            member = services.create_user(firm=firm, by=by, **data)
        except DomainError as refusal:
            _show_refusal(form, refusal)
        else:
            if data["password"] is None:
                _invite(request, member)
            messages.success(request, f"{member} can sign in as “{member.username}”.")
            return redirect("team")
    return web.render_page(request, "accounts/team_form.html", {"form": form, "member": None})


@web.roles_required("admin", "manager")
def team_member(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: its role and place; changed by administrators."""
    by = _user(request)
    member = web.get_visible_or_404(User.objects.select_related("manager", "firm"), by, pk=pk)
    may_change = _is_admin(by) and member.pk != by.pk
    form = PlaceForm(request.POST or None, by=by, member=member) if may_change else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied("Roles are changed by another administrator of the firm.")
        if form.is_valid():
            try:
                services.change_role(user=member, by=by, **form.cleaned_data)
            except DomainError as refusal:
                _show_refusal(form, refusal)
            else:
                messages.success(request, f"{member} is changed.")
                return redirect("team_member", pk=member.pk)
    facts = [
        ("User name", member.username),
        ("E-mail", member.email or None),
        ("Role", member.get_role_display()),
        ("Reports to", member.manager),
        ("Account", "Open" if member.is_active else "Closed"),
    ]
    context = {"form": form, "member": member, "facts": facts, "may_change": may_change}
    return web.render_page(request, "accounts/team_form.html", context)


@web.roles_required("admin")
@require_POST
def team_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account or open it again."""
    member = web.get_visible_or_404(User, request.user, pk=pk)
    with web.refusals_as_messages(request):
        is_active = request.POST.get("active") == "1"
        services.set_active(user=member, by=_user(request), is_active=is_active)
        messages.success(request, f"The account of {member} is {'open' if is_active else 'closed'}.")
    return redirect("team_member", pk=member.pk)


@web.roles_required("admin")
def firm_settings(request: HttpRequest) -> HttpResponse:
    """What the firm decides for itself."""
    firm = _firm(request)
    form = FirmForm(request.POST or None, firm=firm)
    if request.method == "POST" and form.is_valid():
        services.update_firm(firm=firm, user=_user(request), **form.cleaned_data)
        messages.success(request, "The settings of the firm are saved.")
        return redirect("firm_settings")
    return web.render_page(request, "accounts/firm_settings.html", {"form": form, "firm": firm})


@web.roles_required("admin")
@require_GET
def audit(request: HttpRequest) -> HttpResponseBase:
    """Who did what, when, from where and why."""
    visible = AuditEvent.objects.visible_to(request.user).select_related("user")
    filterset = AuditFilter(request.GET, queryset=visible)
    rows = filterset.qs if filterset.is_valid() else visible.none()
    table = AuditTable(rows)
    if file := web.export_response(request, table, name="audit"):
        return file
    context = {
        "filterset": filterset,
        "chips": web.applied_filters(filterset),
        "table": web.configure_table(request, table),
    }
    return web.render_page(request, "accounts/audit.html", context, fragment="results")


def _user(request: HttpRequest) -> User:
    """The signed-in user as a plain object, not the lazy wrapper."""
    return get_object_or_404(User.objects.select_related("firm"), pk=request.user.pk)


def _firm(request: HttpRequest) -> Firm:
    firm: Any = request.user.firm  # type: ignore[union-attr]
    if firm is None:
        raise PermissionDenied("Your account belongs to no firm: pick the firm in the administration.")
    return firm


def _is_admin(user: User) -> bool:
    return user.is_superuser or user.role == Role.ADMIN


def _show_refusal(form: Form, refusal: DomainError) -> None:
    field = next((name for name in refusal.details if name in form.fields), None)
    form.add_error(field, refusal.message)


def _invite(request: HttpRequest, member: User) -> None:
    """Send the link by which a new account gets its first password."""
    form = ResetPasswordForm(data={"email": member.email})
    if form.is_valid():
        form.save(request)
