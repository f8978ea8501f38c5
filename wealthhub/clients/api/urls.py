"""Addresses of the clients' API: the list and sub-paths; `/api/clients/{user_id}` belongs to the SIP book."""

from django.urls import re_path

from wealthhub.clients.api import views

clients = views.ClientViewSet.as_view
notes = views.NoteViewSet.as_view
consents = views.ConsentViewSet.as_view
merges = views.MergeViewSet.as_view
households = views.HouseholdViewSet.as_view

urlpatterns = [
    re_path(r"^clients/?$", clients({"get": "list", "post": "create"}), name="client-list"),
    re_path(r"^clients/reassign/?$", clients({"post": "reassign"}), name="client-reassign"),
    re_path(r"^clients/merge/?$", clients({"post": "merge"}), name="client-merge"),
    re_path(r"^clients/merge/preview/?$", clients({"post": "merge_preview"}), name="client-merge-preview"),
    re_path(r"^clients/merges/?$", merges({"get": "list"}), name="merge-list"),
    re_path(r"^clients/merges/(?P<pk>[0-9]{1,18})/?$", merges({"get": "retrieve"}), name="merge-detail"),
    re_path(r"^clients/merges/(?P<pk>[0-9]{1,18})/undo/?$", merges({"post": "undo"}), name="merge-undo"),
    re_path(
        r"^clients/(?P<pk>[0-9]{1,18})/record/?$",
        clients({"get": "record", "patch": "change"}),
        name="client-record",
    ),
    re_path(r"^clients/(?P<pk>[0-9]{1,18})/reveal/?$", clients({"post": "reveal"}), name="client-reveal"),
    re_path(
        r"^clients/(?P<client_pk>[0-9]{1,18})/notes/?$",
        notes({"get": "list", "post": "create"}),
        name="client-notes",
    ),
    re_path(
        r"^clients/(?P<client_pk>[0-9]{1,18})/consents/?$",
        consents({"get": "list", "post": "create"}),
        name="client-consents",
    ),
    re_path(
        r"^clients/(?P<client_pk>[0-9]{1,18})/consents/(?P<pk>[0-9]{1,18})/withdraw/?$",
        consents({"post": "withdraw"}),
        name="consent-withdraw",
    ),
    re_path(r"^households/?$", households({"get": "list", "post": "create"}), name="household-list"),
    re_path(
        r"^households/(?P<pk>[0-9]{1,18})/?$",
        households({"get": "retrieve", "put": "update"}),
        name="household-detail",
    ),
]
