"""Addresses; with and without the trailing slash."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from wealthhub.accounts.api import schema, views  # noqa: F401 - the schema's words register themselves

router = SimpleRouter(trailing_slash="/?")
router.register("auth/keys", views.ApiKeyViewSet, basename="api-key")

urlpatterns = [
    re_path(r"^auth/register/?$", views.RegisterView.as_view(), name="api-register"),
    re_path(r"^auth/login/?$", views.LoginView.as_view(), name="api-login"),
    re_path(r"^auth/refresh/?$", views.RefreshView.as_view(), name="api-refresh"),
    re_path(r"^auth/logout/?$", views.LogoutView.as_view(), name="api-logout"),
    re_path(r"^me/?$", views.MeView.as_view(), name="api-me"),
    path("", include(router.urls)),
]
