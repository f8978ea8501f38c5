"""Addresses."""

from django.urls import path

from wealthhub.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("new/", views.upload, name="upload"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/preview/", views.preview, name="preview"),
    path("<int:pk>/rejected.csv", views.rejected, name="rejected"),
    path("<int:pk>/book/", views.book, name="book"),
    path("<int:pk>/retry/", views.retry, name="retry"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("sources/", views.source_list, name="sources"),
    path("sources/<slug:name>/template.<str:kind>", views.template, name="template"),
]
