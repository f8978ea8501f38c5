"""The rules of the house, as far as a machine can see them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, get_resolver
from rest_framework.generics import GenericAPIView

from wealthhub.api import VisibleToUserMixin
from wealthhub.models import OwnedModel

ROOT = Path(settings.BASE_DIR)
OURS = ("wealthhub", "accounts", "clients", "imports", "overview", "opportunities")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
INLINE = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I),
    "a javascript: address": re.compile(r"href\s*=\s*[\"']javascript:", re.I),
    "something from another host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_hold_no_code_of_their_own(template):
    text = re.sub(
        r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", template.read_text(encoding="utf-8"), flags=re.S
    )
    found = [what for what, pattern in INLINE.items() if pattern.search(text)]
    assert found == []


def test_every_up_has_its_down():
    ups = {path.name.removesuffix(".up.sql") for path in ROOT.glob("*/migrations/sql/*.up.sql")}
    downs = {path.name.removesuffix(".down.sql") for path in ROOT.glob("*/migrations/sql/*.down.sql")}
    assert ups == downs


def our_models():
    return [
        model for label in OURS if label != "wealthhub" for model in apps.get_app_config(label).get_models()
    ]


def test_every_owned_row_has_the_one_door():
    closed = [
        model.__name__ for model in our_models()
        if issubclass(model, OwnedModel) and not hasattr(model._default_manager.all(), "visible_to")
    ]  # fmt: skip
    assert closed == []


def test_every_table_can_be_looked_at_in_the_admin():
    # Shadow tables of the audit triggers are read through the row they follow.
    shown = set(admin.site._registry)
    shown |= {part.model for page in admin.site._registry.values() for part in page.inlines}
    missing = [
        model.__name__
        for model in our_models()
        if model not in shown and not model.__name__.endswith("Event")
    ] + ([] if apps.get_model("accounts.AuditEvent") in shown else ["AuditEvent"])
    assert missing == []


def api_views():
    def walk(resolver):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                view = getattr(entry.callback, "cls", None) or getattr(entry.callback, "view_class", None)
                if view is not None:
                    yield view
            else:
                yield from walk(entry)

    return sorted(set(walk(get_resolver())), key=lambda view: view.__name__)


NO_ROWS = {"SourceViewSet"}  # what can be imported is declared in code: there are no rows to see


def test_every_api_list_starts_at_the_one_door():
    open_ones = []
    for view in api_views():
        if not issubclass(view, GenericAPIView) or not view.__module__.startswith(OURS):
            continue
        if view.__name__ in NO_ROWS:
            continue
        if not issubclass(view, VisibleToUserMixin) and "visible_to" not in inspect.getsource(view):
            source = inspect.getsource(inspect.getmodule(view))
            if view.queryset is not None or "visible_to" not in source:
                open_ones.append(view.__name__)
    assert open_ones == []


def test_every_variable_is_explained():
    read = set(
        re.findall(r"\benv\(\s*\"([A-Z_]+)\"", (ROOT / "wealthhub/settings.py").read_text(encoding="utf-8"))
    )
    explained = set(
        re.findall(r"^#?\s?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M)
    )
    assert sorted(read - explained) == []
