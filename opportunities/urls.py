"""Addresses of the app's pages."""

from django.urls import path

from opportunities import views

app_name = "opportunities"
urlpatterns = [
    path("", views.opportunity_list, name="list"),
    path("<int:pk>/", views.opportunity_detail, name="opportunity"),
    path("<int:pk>/status/", views.opportunity_status, name="status"),
    path("<int:pk>/notes/", views.opportunity_note, name="note"),
    path("scan/", views.scan_start, name="scan_start"),
    path("scans/", views.scan_list, name="scans"),
    path("scans/<int:pk>/", views.scan_detail, name="scan"),
    path("sips/", views.sip_list, name="sips"),
    path("sips/<int:pk>/", views.sip_detail, name="sip"),
    path("settings/", views.detector_settings, name="settings"),
]
