"""Every address of the API. Paths work with and without the trailing slash."""

from django.urls import include, path

urlpatterns = [
    path("", include("wealthhub.api_operations")),
    path("", include("wealthhub.accounts.api.urls")),
    path("", include("wealthhub.clients.api.urls")),
    path("", include("wealthhub.imports.api.urls")),
    path("", include("opportunities.api.urls")),
]
