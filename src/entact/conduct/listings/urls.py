"""The addresses of forms across participants."""

from django.urls import URLPattern, path

from entact.conduct.listings import views

urlpatterns: list[URLPattern] = [
    path("", views.show_listing, name="listing"),
    path("export.csv", views.export_listing, name="export_listing"),
    path("saved/", views.save_listing, name="save_listing"),
    path("act/", views.act_on_listing, name="act_on_listing"),
]
