"""Every change to firms, accounts and keys, and the audit trail."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from wealthhub.accounts.choices import FirmKind, KeyScope, Role, Theme
from wealthhub.accounts.models import ApiKey, AuditEvent, Firm, User
from wealthhub.api import client_address
from wealthhub.errors import DomainError, Forbidden, Invalid

if TYPE_CHECKING:
    from wealthhub.clients.models import Advisor, Client


# --- The audit trail --------------------------------------------------------------------------------------
def record(
    *,
    user: User | None,
    action: str,
    obj: Model | None = None,
    reason: str = "",
    request: HttpRequest | None = None,
    firm: Firm | None = None,
    **details: Any,
) -> AuditEvent:
    """Write down that ``user`` did ``action`` to ``obj``. ``details`` must be JSON and hold no personal data.

    The firm is the object's, else the user's. The address is that of ``request`` or of the request being served.
    """
    request = request or context.request
    firm_id = firm.pk if firm else getattr(obj, "firm_id", None) or getattr(user, "firm_id", None)
    return AuditEvent.objects.create(
        firm_id=firm_id,
        user=user if user is not None and user.pk else None,
        action=action,
        object_type=str(obj._meta.model_name) if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        reason=reason,
        address=_address(request),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:60],
        details=details,
    )


def _address(request: HttpRequest | None) -> str | None:
    if request is None:
        return None
    try:
        return str(ipaddress.ip_address(client_address(request)))
    except ValueError:
        return None


# --- Firms ------------------------------------------------------------------------------------------------
@transaction.atomic
def create_firm(*, name: str, kind: str, slug: str = "") -> Firm:
    """A new, empty firm. Raises: Invalid: no name or no such kind. DomainError: the short name is taken."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("A firm needs a name.", code="missing_name")
    if kind not in FirmKind.values:
        raise Invalid(f"The kind is one of {', '.join(FirmKind.values)}.", code="unknown_kind")
    slug = slug or slugify(name)[:60]
    if not slug:
        raise Invalid(
            "The name needs at least one Latin letter or digit, or give a short name.", code="no_slug"
        )
    if Firm.objects.filter(slug=slug).exists():
        raise DomainError(f"There is a firm with the short name “{slug}” already.", code="firm_exists")
    return Firm.objects.create(name=name, kind=kind, slug=slug)


@transaction.atomic
def update_firm(
    *,
    firm: Firm,
    user: User,
    name: str,
    kind: str,
    second_factor_roles: Collection[str],
    accepts_registration: bool,
) -> Firm:
    """Change a firm's own settings. Raises: Invalid: no name, no such kind or role."""
    if not name.strip():
        raise Invalid("A firm needs a name.", code="missing_name")
    if kind not in FirmKind.values or set(second_factor_roles) - set(Role.values):
        raise Invalid("There is no such kind or role.", code="unknown_kind")
    firm.name, firm.kind = " ".join(name.split()), kind
    firm.second_factor_roles = sorted(second_factor_roles)
    firm.accepts_registration = accepts_registration
    firm.save()
    record(
        user=user,
        action="firm.changed",
        obj=firm,
        firm=firm,
        kind=kind,
        second_factor_roles=firm.second_factor_roles,
        accepts_registration=accepts_registration,
    )
    return firm


# --- Accounts ---------------------------------------------------------------------------------------------
@transaction.atomic
def create_user(
    *,
    firm: Firm,
    username: str,
    email: str = "",
    password: str | None = None,
    role: str = Role.INVESTOR,
    first_name: str = "",
    last_name: str = "",
    manager: User | None = None,
    client: Client | None = None,
    advisor: Advisor | None = None,
    by: User | None = None,
) -> User:
    """A new account of ``firm``. Without a password it is opened by the link of a password reset.

    ``client`` is what an investor sees, ``advisor`` whom the account serves clients as; an advisor without one
    gets a new row. Raises: Invalid: a taken or malformed name or address, a weak password, a wrong link.
    """
    username, email = username.strip(), email.strip().lower()
    _check_names(username=username, email=email)
    user = User(firm=firm, username=username, email=email, first_name=first_name, last_name=last_name)
    _check_place(user, role=role, manager=manager, client=client)
    user.role, user.manager, user.client = role, manager, client
    if password is None:
        user.set_unusable_password()
    else:
        check_password_strength(password, user=user)
        user.set_password(password)
    user.save()
    if role == Role.ADVISOR:
        _link_advisor(user, advisor)
    record(user=by, action="user.created", obj=user, firm=firm, role=str(role))
    return user


def register_investor(*, firm_slug: str, username: str, email: str, password: str) -> User | None:
    """An investor's own registration. They see nothing until the firm links them to a client.

    None where the e-mail address has an account already: the caller answers as for success, and the owner is told
    by mail. Raises: Forbidden: the firm takes no registrations. Invalid: as for `create_user`.
    """
    firm = Firm.objects.filter(slug=firm_slug, is_active=True, accepts_registration=True).first()
    if firm is None:
        raise Forbidden(
            "This firm takes no registrations: ask it for an invitation.", code="registration_closed"
        )
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        check_password_strength(password, user=User(username=username, email=email))
        make_password(password)  # as slow as the other way
        get_adapter().send_account_already_exists_mail(email)
        return None
    return create_user(firm=firm, username=username, email=email, password=password, role=Role.INVESTOR)


@transaction.atomic
def change_role(
    *,
    user: User,
    by: User,
    role: str,
    manager: User | None = None,
    client: Client | None = None,
    advisor: Advisor | None = None,
) -> User:
    """Give ``user`` another role and place.

    Raises: Forbidden: one's own role, or another firm. Invalid: the link does not fit, or the tree would loop.
    DomainError: the firm would be left without an administrator.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.pk == by.pk and role != user.role:
        raise Forbidden("Nobody changes their own role.", code="own_role")
    _check_place(user, role=role, manager=manager, client=client)
    if user.role == Role.ADMIN and role != Role.ADMIN:
        _check_admin_remains(user)
    before = user.role
    user.role, user.manager, user.client = role, manager, client
    user.save(update_fields=["role", "manager", "client"])
    if role == Role.ADVISOR:
        _link_advisor(user, advisor)
    record(
        user=by,
        action="user.role_changed",
        obj=user,
        before=str(before),
        after=str(role),
        manager=manager.pk if manager else None,
    )
    return user


@transaction.atomic
def set_active(*, user: User, by: User, is_active: bool) -> User:
    """Open or close an account; closing ends its sessions and keys.

    Raises: Forbidden: one's own account. DomainError: the firm would be left without an administrator.
    """
    if user.pk == by.pk:
        raise Forbidden("Nobody closes their own account.", code="own_account")
    if not is_active and user.role == Role.ADMIN:
        _check_admin_remains(user)
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    if not is_active:
        end_sessions(user=user)
        user.api_keys.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    record(user=by, action="user.opened" if is_active else "user.closed", obj=user)
    return user


@transaction.atomic
def update_profile(*, user: User, first_name: str, last_name: str, email: str) -> User:
    """Change one's own name and address. Raises: Invalid: the address is malformed or another account's."""
    email = email.strip().lower()
    if email != user.email.lower():
        _check_names(email=email)
        EmailAddress.objects.filter(user=user).delete()  # allauth's copy of the old one
        record(user=user, action="user.email_changed", obj=user)
    user.first_name, user.last_name, user.email = first_name.strip(), last_name.strip(), email
    user.save(update_fields=["first_name", "last_name", "email"])
    return user


def set_theme(*, user: User, theme: str) -> None:
    """Choose the colours of the pages. Raises: Invalid: no such theme."""
    if theme not in Theme.values:
        raise Invalid(f"The theme is one of {', '.join(Theme.values)}.", code="unknown_theme")
    user.theme = theme
    user.save(update_fields=["theme"])


def end_sessions(*, user: User) -> int:
    """Sign ``user`` out everywhere, pages and tokens. Returns how many sessions ended."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def check_password_strength(password: str, *, user: User | None = None) -> None:
    """Raises: Invalid: the password is weak; the message says why."""
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="weak_password", password=error.messages) from error


def _check_names(*, username: str | None = None, email: str = "") -> None:
    if username is not None:
        try:
            for validator in User.username_validator, _short_enough:
                validator(username)
        except ValidationError as error:
            raise Invalid(
                "A user name has letters, digits and @ . + - _ only, 150 at most.",
                code="bad_username",
                username=error.messages,
            ) from error
        if User.objects.filter(username__iexact=username).exists():
            raise Invalid("Choose another user name.", code="username_taken", username=["Not available."])
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid(
                "The e-mail address is not valid.", code="bad_email", email=error.messages
            ) from error
        if User.objects.filter(email__iexact=email).exists():
            raise Invalid("This e-mail address cannot be used.", code="email_taken", email=["Not available."])


def _short_enough(username: str) -> None:
    if not 1 <= len(username) <= 150:
        message = "1 to 150 characters."
        raise ValidationError(message)


def _check_place(user: User, *, role: str, manager: User | None, client: Client | None) -> None:
    """Raises: Invalid: the role does not exist, or a link leads out of the firm or into a loop."""
    if role not in Role.values:
        raise Invalid(f"The role is one of {', '.join(Role.values)}.", code="unknown_role")
    for other in (manager, client):
        if other is not None and other.firm_id != user.firm_id:
            raise Invalid("The link leads to another firm.", code="other_firm")
    if client is not None and role != Role.INVESTOR:
        raise Invalid("Only an investor is linked to a client.", code="client_needs_investor")
    if manager is not None and user.pk and manager.pk in user.team_ids:
        raise Invalid("A team cannot stand above itself.", code="team_loop")
    linked = User.objects.filter(client=client).exclude(pk=user.pk) if client is not None else None
    if linked is not None and linked.exists():
        raise Invalid("This client has a sign-in already.", code="client_linked")


def _check_admin_remains(user: User) -> None:
    others = User.objects.filter(firm_id=user.firm_id, role=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    if not others.exists():
        raise DomainError("The firm needs at least one administrator.", code="last_admin")


def _link_advisor(user: User, advisor: Advisor | None) -> None:
    """Let the account serve clients as ``advisor``; as a new one where none is named and none is linked yet."""
    advisors = apps.get_model("clients", "Advisor").objects  # that room stands on this one
    present = advisors.filter(user=user).first()
    if advisor is None:
        if present is None:
            advisors.create(firm_id=user.firm_id, user=user, name=str(user))
        return
    if advisor.firm_id != user.firm_id or advisor.user_id not in {None, user.pk}:
        raise Invalid("This advisor belongs to another account or firm.", code="advisor_linked")
    if present is not None and present.pk != advisor.pk:
        if present.assignments.exists() or present.clients.exists():
            raise Invalid(
                "The account serves clients as another advisor: reassign them first.", code="serves_clients"
            )
        if present.agent_id or present.agent_external_id:
            advisors.filter(pk=present.pk).update(user=None)
        else:
            present.delete()
    advisors.filter(pk=advisor.pk).update(user=user)


# --- Keys -------------------------------------------------------------------------------------------------
@transaction.atomic
def issue_api_key(
    *, user: User, name: str, scopes: Collection[str], days: int | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, ``wh_<prefix>_<secret>``. The secret is not kept: it cannot be shown again.

    Raises: Invalid: no name, no scope, an unknown one, one the role cannot use, or days outside 1 to 3,650.
    """
    name = " ".join(name.split())[:100]
    if not name:
        raise Invalid("Name the key after the program that uses it.", code="missing_name")
    if not scopes or set(scopes) - set(KeyScope.values):
        raise Invalid(f"Choose from the scopes {', '.join(KeyScope.values)}.", code="unknown_scope")
    if days is not None and not 1 <= days <= 3650:
        raise Invalid("A key lasts 1 to 3,650 days.", code="out_of_range")
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32).replace("_", "-")
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=[scope for scope in KeyScope.values if scope in scopes],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    record(user=user, action="key.issued", obj=key, scopes=key.scopes, name=name)
    return key, f"wh_{prefix}_{secret}"


@transaction.atomic
def revoke_api_key(*, key: ApiKey, user: User) -> ApiKey:
    """End a key at once. Safe to repeat."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record(user=user, action="key.revoked", obj=key, name=key.name)
    key.refresh_from_db()
    return key
