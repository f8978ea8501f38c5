"""The sidebar. Each app lists its lines in ``AppConfig.nav``, so the hub need not know the apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.urls import NoReverseMatch, reverse

if TYPE_CHECKING:
    from django.http import HttpRequest

ADMINS = frozenset({"admin"})
STAFF = frozenset({"admin", "manager", "advisor", "analyst"})  # everybody but investors


@dataclass(frozen=True)
class NavEntry:
    """One line of the sidebar.

    ``roles`` empty means everybody signed in. ``order`` sorts across apps; ``group`` is a heading over it.
    """

    label: str
    url_name: str
    icon: str
    order: int
    roles: frozenset[str] = field(default_factory=frozenset)
    group: str = ""

    def is_for(self, user: Any) -> bool:
        """True where this user may open the page."""
        return not self.roles or user.is_superuser or user.role in self.roles


@dataclass(frozen=True)
class NavLink:
    """A line of the sidebar in one request. ``is_current`` marks where the reader is."""

    label: str
    href: str
    icon: str
    group: str
    is_current: bool


def nav_entries() -> list[NavEntry]:
    """The lines of all installed apps, in their order."""
    entries = (entry for config in apps.get_app_configs() for entry in getattr(config, "nav", ()))
    return sorted(entries, key=lambda entry: entry.order)


def nav_links(request: HttpRequest) -> list[NavLink]:
    """The sidebar of this user, with the line of the page they are on marked; empty for nobody."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    shown = [
        (entry, href)
        for entry in nav_entries()
        if entry.is_for(user) and (href := address_of(entry.url_name))
    ]
    around = [href for _, href in shown if _is_inside(request.path, href)]
    current = max(around, key=len, default="")
    return [NavLink(entry.label, href, entry.icon, entry.group, href == current) for entry, href in shown]


def address_of(url_name: str) -> str:
    """The address of a named page; empty where this site does not have it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _is_inside(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href))
