"""Addresses of the app's API, with and without the trailing slash."""

from django.urls import re_path

from opportunities.api import views

_ONE = r"^opportunities/(?P<pk>\d{1,18})"
_CLIENT = r"^clients/(?P<user_id>[\w.@:-]{1,80})"

_detector = views.DetectorViewSet
_opportunity = views.OpportunityViewSet

urlpatterns = [
    re_path(r"^opportunities/?$", _opportunity.as_view({"get": "list"}), name="api-opportunities"),
    re_path(
        r"^opportunities/no-sip-increase/?$",
        _detector.as_view({"get": "no_sip_increase"}),
        name="api-no-sip-increase",
    ),
    re_path(
        r"^opportunities/failed-sips/?$", _detector.as_view({"get": "failed_sips"}), name="api-failed-sips"
    ),
    re_path(
        r"^opportunities/high-value-inactive/?$",
        _detector.as_view({"get": "high_value_inactive"}),
        name="api-high-value-inactive",
    ),
    re_path(r"^opportunities/stats/?$", views.StatsViewSet.as_view({"get": "stats"}), name="api-stats"),
    re_path(r"^opportunities/scan/?$", views.ScanViewSet.as_view({"post": "create"}), name="api-scan-start"),
    re_path(
        r"^opportunities/scans/(?P<pk>\d{1,18})/?$",
        views.ScanViewSet.as_view({"get": "retrieve"}),
        name="api-scan",
    ),
    re_path(_ONE + r"/?$", _opportunity.as_view({"get": "retrieve"}), name="api-opportunity"),
    re_path(
        _ONE + r"/status/?$", _opportunity.as_view({"post": "set_status"}), name="api-opportunity-status"
    ),
    re_path(_ONE + r"/notes/?$", _opportunity.as_view({"post": "add_note"}), name="api-opportunity-notes"),
    re_path(r"^agents/?$", views.AgentViewSet.as_view({"get": "list"}), name="api-agents"),
    re_path(_CLIENT + r"/?$", views.ClientViewSet.as_view({"get": "retrieve"}), name="api-client"),
    re_path(_CLIENT + r"/sips/?$", views.ClientSipViewSet.as_view({"get": "list"}), name="api-client-sips"),
]
