"""Addresses of the pages that cross the apps."""

from django.urls import path

from wealthhub.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.today, name="today"),
    path("search/", views.search, name="search"),
    path("client/<int:pk>/", views.client, name="client"),
    path("advisors/", views.advisors, name="advisors"),
    path("advisors/<int:pk>/", views.advisor, name="advisor"),
]
