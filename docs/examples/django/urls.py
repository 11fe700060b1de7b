"""The addresses of the example."""

from django.contrib import admin
from django.urls import path
from site_with_twitter import views

urlpatterns = [
    path("", views.index, name="index"),
    path("login", views.log_in, name="login"),
    path("authorize", views.authorize, name="authorize"),
    path("profile", views.profile, name="profile"),
    path("logout", views.log_out, name="logout"),
    path("admin/", admin.site.urls),
]
