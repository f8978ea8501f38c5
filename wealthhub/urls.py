"""Every address of the site: the hub's pages, each app's, the API and the admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("wealthhub.overview.urls")),
    path("accounts/", include("wealthhub.accounts.urls")),
    path("clients/", include("wealthhub.clients.urls")),
    path("imports/", include("wealthhub.imports.urls")),
    path("opportunities/", include("opportunities.urls")),
    path("api/", include("wealthhub.api_urls")),
    path("admin/", admin.site.urls),
]
handler400 = "wealthhub.web.bad_request"
handler403 = "wealthhub.web.permission_denied"
handler404 = "wealthhub.web.page_not_found"
handler500 = "wealthhub.web.server_error"
