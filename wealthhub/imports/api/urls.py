"""Addresses."""

from django.urls import re_path

from wealthhub.imports.api.views import ImportIssueViewSet, ImportRunViewSet, SourceViewSet

_RUN = r"^imports/(?P<pk>\d{1,18})"

urlpatterns = [
    re_path(r"^imports/?$", ImportRunViewSet.as_view({"get": "list", "post": "create"}), name="api-imports"),
    re_path(r"^imports/sources/?$", SourceViewSet.as_view({"get": "list"}), name="api-import-sources"),
    re_path(
        r"^imports/sources/(?P<name>[\w-]{1,60})/template\.(?P<kind>csv|xlsx|json)$",
        SourceViewSet.as_view({"get": "template"}),
        name="api-import-template",
    ),
    re_path(_RUN + r"/?$", ImportRunViewSet.as_view({"get": "retrieve"}), name="api-import"),
    re_path(_RUN + r"/issues/?$", ImportIssueViewSet.as_view({"get": "list"}), name="api-import-issues"),
    re_path(
        _RUN + r"/rejected\.csv$", ImportRunViewSet.as_view({"get": "rejected"}), name="api-import-rejected"
    ),
    re_path(_RUN + r"/undo/?$", ImportRunViewSet.as_view({"post": "undo"}), name="api-import-undo"),
]
