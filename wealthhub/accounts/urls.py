"""Addresses: allauth's sign-in under its own names, and our pages about the account and the firm."""

from allauth.account import views as account
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from wealthhub.accounts import views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("email/", RedirectView.as_view(pattern_name="profile"), name="account_email"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("profile/", views.profile, name="profile"),
    path("theme/", views.theme, name="theme"),
    path("keys/", views.api_keys, name="api_keys"),
    path("keys/<int:pk>/revoke/", views.api_key_revoke, name="api_key_revoke"),
    path("team/", views.team, name="team"),
    path("team/new/", views.team_new, name="team_new"),
    path("team/<int:pk>/", views.team_member, name="team_member"),
    path("team/<int:pk>/active/", views.team_active, name="team_active"),
    path("firm/", views.firm_settings, name="firm_settings"),
    path("audit/", views.audit, name="audit"),
]
