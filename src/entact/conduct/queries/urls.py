"""The addresses of queries about one participant."""

from django.urls import URLPattern, path

from entact.conduct.queries import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/query/", views.begin_query, name="begin_query"),
    path("<str:key>/query/<str:query>/", views.show_query, name="query"),
]
