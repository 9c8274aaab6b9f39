"""The addresses of what is handed over; the page itself names nobody."""

from django.urls import URLPattern, path

from entact.conduct.handed import views

urlpatterns: list[URLPattern] = [
    path("participants/<str:key>/<str:visit>/<str:form>/hand/", views.hand_over, name="hand"),
    path("handed/", views.show_handed, name="handed"),
    path("handed/look/", views.look_at_handed, name="handed_look"),
    path("handed/back/", views.hand_back, name="hand_back"),
]
