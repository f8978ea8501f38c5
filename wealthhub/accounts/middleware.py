"""Who may go on once signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

OPEN = ("/accounts/2fa/", "/accounts/reauthenticate/", "/accounts/logout/", "/accounts/theme/", "/static/")


class AccessMiddleware:
    """Ends the sessions of a closed firm, and sends those who lack a required second factor to set it up first.

    The API asks the same in `wealthhub.api.IsSignedIn`, since it knows its caller only later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, or turn it away."""
        if request.path.startswith("/api/"):
            return self.get_response(request)
        user = request.user
        if user.is_authenticated:
            if user.firm is not None and not user.firm.is_active:
                logout(request)
                return HttpResponseRedirect(reverse("account_inactive"))
            if not request.path.startswith(OPEN) and user.lacks_second_factor:
                messages.warning(request, "Your firm asks for a second factor. Set it up to go on.")
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)
