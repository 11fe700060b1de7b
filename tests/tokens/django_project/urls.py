"""The views: each is what a project would write."""

import os

from django.contrib import admin
from django.http import JsonResponse
from django.urls import path

from oauth1_catalog import Catalog
from oauth1_catalog.emulator.providers import EmulatedCatalog, Origins
from oauth1_catalog.integrations.django_client import OAuth

catalog = EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"]))
oauth = OAuth(catalog=catalog, forget_rejected_tokens=True)
oauth.register_from_catalog("twitter")
oauth.register_from_catalog("yahoo", allow_retired=True)


def login(request):
    return oauth.twitter.authorize_redirect(request, "http://testserver/authorize")


def authorize(request):
    return JsonResponse({"screen_name": oauth.twitter.authorize_access_token(request)["screen_name"]})


async def alogin(request):
    return await oauth.twitter.aauthorize_redirect(request, "http://testserver/aauthorize")


async def aauthorize(request):
    token = await oauth.twitter.aauthorize_access_token(request)
    return JsonResponse({"screen_name": token["screen_name"]})


def me(request):
    return JsonResponse({"status": oauth.twitter.get("account/verify_credentials.json", request=request).status_code})


async def ame(request):
    response = await oauth.twitter.aget("account/verify_credentials.json", request=request)
    return JsonResponse({"status": response.status_code})


urlpatterns = [
    path("login", login),
    path("authorize", authorize),
    path("alogin", alogin),
    path("aauthorize", aauthorize),
    path("me", me),
    path("ame", ame),
    path("admin/", admin.site.urls),
]
