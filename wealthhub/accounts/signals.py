"""What allauth tells us about passwords and second factors goes into the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.dispatch import receiver

from wealthhub.accounts import locks, services
from wealthhub.accounts.models import User


@receiver([account.password_changed, account.password_set])
def on_password_changed(user: User, **_: Any) -> None:
    """The old sessions are void by now; take them off the list too."""
    services.end_sessions(user=user)
    services.record(user=user, action="password.changed", obj=user)


@receiver(account.password_reset)
def on_password_reset(user: User, **_: Any) -> None:
    """As above, by mail. Whoever reads the owner's mail need not wait for a lock to end."""
    locks.forget(locks.known(user.pk))
    services.end_sessions(user=user)
    services.record(user=user, action="password.reset", obj=user)


@receiver(mfa.authenticator_added)
def on_second_factor_added(user: User, authenticator: Any, **_: Any) -> None:
    """A second factor or its recovery codes were set up."""
    services.record(user=user, action="second_factor.added", obj=user, kind=str(authenticator.type))


@receiver(mfa.authenticator_removed)
def on_second_factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    """A second factor was taken away."""
    services.record(user=user, action="second_factor.removed", obj=user, kind=str(authenticator.type))


@receiver(mfa.authenticator_reset)
def on_recovery_codes_renewed(user: User, **_: Any) -> None:
    """New recovery codes replaced the old."""
    services.record(user=user, action="second_factor.codes_renewed", obj=user)


@receiver(mfa.authentication_failed)
def on_wrong_code(user: User, **_: Any) -> None:
    """A wrong code after the right password."""
    services.record(user=user, action="sign_in.wrong_code", obj=user)
