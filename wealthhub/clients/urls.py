"""Addresses of the clients' pages."""

from django.urls import path

from wealthhub.clients import views, views_groups

app_name = "clients"
urlpatterns = [
    path("", views.client_list, name="list"),
    path("new/", views.client_create, name="create"),
    path("reassign/", views.client_reassign, name="reassign"),
    path("merge/", views_groups.client_merge, name="merge"),
    path("merges/", views_groups.merge_list, name="merges"),
    path("merges/<int:pk>/undo/", views_groups.merge_undo, name="undo_merge"),
    path("households/", views_groups.household_list, name="households"),
    path("households/new/", views_groups.household_edit, name="household_create"),
    path("households/<int:pk>/", views_groups.household_detail, name="household"),
    path("households/<int:pk>/edit/", views_groups.household_edit, name="household_edit"),
    path("consents/<int:pk>/withdraw/", views.consent_withdraw, name="withdraw"),
    path("<int:pk>/edit/", views.client_edit, name="edit"),
    path("<int:pk>/reveal/", views.client_reveal, name="reveal"),
    path("<int:pk>/notes/", views.client_note, name="note"),
    path("<int:pk>/consents/", views.client_consent, name="consent"),
]
