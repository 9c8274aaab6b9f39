"""Address of what is on hold for everybody."""

from django.urls import URLPattern, path

from entact.conduct.holds import views

urlpatterns: list[URLPattern] = [path("holds/", views.show_holds, name="holds")]
