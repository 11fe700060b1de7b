"""The URL configuration of a project whose views are async; ``test_async_client.py`` runs it."""

import os

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

from oauth1_catalog import Catalog, OAuthError
from oauth1_catalog.emulator import EmulatedCatalog, Origins
from oauth1_catalog.integrations.django_client import OAuth


@sync_to_async
def keep(request, name, value):
    request.session[name] = value


@sync_to_async
def kept(request, name):
    return request.session[name]


async def fetch_token(name, request):
    return await kept(request, name)


oauth = OAuth(
    fetch_token=fetch_token,
    catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])),
)
twitter = oauth.register_from_catalog("twitter")


async def login(request):
    callback = request.build_absolute_uri("/authorize")
    return await twitter.aauthorize_redirect(request, callback, state_data={"next": request.GET.get("next")})


async def authorize(request):
    try:
        token = await twitter.aauthorize_access_token(request)
    except OAuthError as error:
        return HttpResponse(error.error, status=403)
    mine = await twitter.aget("me.json")
    await keep(request, "twitter", token)
    fetched = await twitter.auserinfo(request=request)
    return JsonResponse(
        {
            "state_data": token.state_data,
            "without token": mine.json()["user"],
            "fetched": fetched["preferred_username"],
            "verbs": {verb: (await getattr(twitter, verb)("me.json", request=request)).status_code for verb in VERBS},
        }
    )


async def begin(request):
    data = await twitter.acreate_authorization_url(request.build_absolute_uri("/authorize"))
    await twitter.asave_authorize_data(request, **data)
    await keep(request, "request_token", data["request_token"])
    return HttpResponseRedirect(data["url"])


async def end(request):
    request_token = await kept(request, "request_token")
    token = await twitter.afetch_access_token(request_token, oauth_verifier=request.GET["oauth_verifier"])
    profile = await twitter.auserinfo(token)
    return JsonResponse({"preferred_username": profile["preferred_username"]})


async def profile(request):
    token = {"oauth_token": request.GET["token"], "oauth_token_secret": request.GET["secret"]}
    return JsonResponse(await twitter.auserinfo(token))


VERBS = ("aget", "apost", "aput", "apatch", "adelete", "ahead", "aoptions")

urlpatterns = [
    path("login", login),
    path("authorize", authorize),
    path("begin", begin),
    path("end", end),
    path("profile", profile),
]
