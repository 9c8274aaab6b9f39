"""The addresses of medicines and of dictionaries."""

from django.urls import URLPattern, path

from entact.conduct.medication import views

urlpatterns: list[URLPattern] = [
    path("participants/<str:key>/medication/", views.show_medication, name="medication"),
    path("dictionary/<str:name>/", views.search_dictionary, name="dictionary"),
]
