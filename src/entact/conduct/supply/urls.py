"""The addresses of the stock."""

from django.urls import URLPattern, path

from entact.conduct.supply import kits, views

urlpatterns: list[URLPattern] = [
    path("supply/", views.show_supplied, name="supply_sites"),
    path("supply/<str:site>/", views.show_stock, name="supply"),
    path("supply/<str:site>/labels.pdf", views.give_labels, name="supply_labels"),
    path("supply/<str:site>/enter/<str:kind>/", views.enter_stock, name="supply_enter"),
    path("supply/<str:site>/withdraw/<str:entry>/", views.withdraw_stock, name="supply_withdraw"),
    path("participants/<str:key>/kits/", kits.show_kits, name="kits"),
]
