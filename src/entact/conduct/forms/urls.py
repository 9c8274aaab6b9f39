"""The addresses of forms."""

from django.urls import URLPattern, path

from entact.conduct.forms import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/<str:visit>/<str:form>/", views.show_form, name="form"),
    path("<str:key>/<str:visit>/<str:form>/look/", views.look_at_form, name="look"),
]
