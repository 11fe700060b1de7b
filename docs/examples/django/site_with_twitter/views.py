"""The views of the example."""

from django.contrib.auth import get_user_model, login, logout
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from site_with_twitter.oauth import oauth


def index(request):
    if not request.user.is_authenticated:
        return HttpResponse(button(request, "login", "Log in with Twitter"))
    return HttpResponse('<a href="/profile">Your profile</a>' + button(request, "logout", "log out"))


def button(request, action, text):
    """A form with Django's token: a page of somebody else can make a browser send a form, but does not know it."""
    return f"""<form method="post" action="{reverse(action)}">
        <input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}"><button>{text}</button></form>"""


@require_POST
def log_in(request):
    return oauth.twitter.authorize_redirect(request, reverse("authorize"))


def authorize(request):
    token = oauth.twitter.authorize_access_token(request)
    profile = oauth.twitter.userinfo(token=token)
    # The name that a user can change is no key: the identifier is.
    user, _ = get_user_model().objects.update_or_create(
        username=f"twitter-{profile['sub']}", defaults={"first_name": profile["name"]}
    )
    # Who the user is, is known only now: so the token is saved by hand.
    oauth.twitter.save_token(token, user=user)
    login(request, user)
    return redirect("index")


def profile(request):
    # No token is passed: the store finds that of the user who is logged in.
    response = oauth.twitter.get("account/verify_credentials.json", request=request)
    response.raise_for_status()
    return JsonResponse({"name": response.json()["name"]})


@require_POST
def log_out(request):
    logout(request)
    return redirect("index")
