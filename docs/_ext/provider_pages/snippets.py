"""The examples of a provider: Flask, Django, FastAPI, a script, the terminal. Its flow decides what they contain.

Each example is complete, and reads its keys where the page's table of settings names them. The tests run every one of
them, for every provider, against the emulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provider_pages.facts import Provider, can_be_fixated, script_flow, settings, variable, web_flow

PATH = "some/path"
"""The relative URL of a call, where the catalog knows none."""


class Block(NamedTuple):
    """A block of code.

    Attributes:
        language: ``python`` or ``console``.
        code: its lines.
    """

    language: str
    code: str


def tabs(provider: Provider) -> Iterator[tuple[str, list[Block]]]:
    """The title and the blocks of each tab, in the order of the page."""
    if web_flow(provider) is not None:
        yield "Flask", [_install("flask"), Block("python", _flask(provider))]
        yield "Django", [_install("django"), *_django(provider)]
        yield "FastAPI", [_install("starlette", "fastapi"), Block("python", _fastapi(provider))]
    yield "Script", [_install("script"), Block("python", _script(provider))]
    yield "Terminal", [_install("cli"), Block("console", _terminal(provider))]


def _install(extra: str, *more: str) -> Block:
    return Block("console", " ".join([f"$ pip install 'oauth1-catalog[{extra}]'", *more]))


def _flask(provider: Provider) -> str:
    name, flow = provider["name"], web_flow(provider)
    imports = ["Flask"]
    if flow in {"xauth", "two_legged"}:
        imports.append("request")
    if flow == "redirect" and _sends_callback(provider):
        imports.append("url_for")
    views = {
        "redirect": f"""
@app.get("/login")
def login():
    return oauth.{name}.authorize_redirect({'url_for("authorize")' if _sends_callback(provider) else ""})

@app.get("/authorize")
def authorize():
    token = oauth.{name}.authorize_access_token()
{_answer(provider)}""",
        "xauth": f"""
@app.post("/login")
def login():
    form = request.form
    token = oauth.{name}.fetch_password_token(form["username"], form["password"])
{_answer(provider)}""",
        "two_legged": f"""
@app.post("/activate")
def activate():
    token = oauth.{name}.fetch_client_token(request.form["oauth_verifier"])
{_answer(provider)}""",
        "signed_grant": f"""
@app.get("/call")
def call():
    token = oauth.{name}.fetch_client_token()
{_answer(provider)}""",
        "static_token": f"""
@app.get("/call")
def call():
{_answer(provider, token="")}""",
    }
    views["signed_client"] = views["static_token"]
    return f"""\
from flask import {", ".join(imports)}
from oauth1_catalog.integrations.flask_client import OAuth

app = Flask(__name__)
app.config.from_prefixed_env()  # {", ".join(f"FLASK_{key}" for key in _first_keys(provider, flow))}, ...
oauth = OAuth(app)
oauth.register_from_catalog({_arguments(provider)})
{views[str(flow)]}"""


def _django(provider: Provider) -> list[Block]:
    name, flow = provider["name"], web_flow(provider)
    keys = [key.name for key in settings(provider) if key.required]
    lines = "".join(f'        "{key}": os.environ["{variable(provider, key)}"],\n' for key in keys)
    base = 'OAUTH1_CATALOG_REDIRECT_BASE_URL = "http://localhost:8000"\n' if flow == "redirect" else ""
    configuration = f"""\
# settings.py
import os

{base}OAUTH1_CATALOG = {{
    "{name}": {{
{lines}    }},
}}"""
    url = 'request, reverse("authorize")' if _sends_callback(provider) else "request"
    views = {
        "redirect": f"""
def login(request):
    return oauth.{name}.authorize_redirect({url})

def authorize(request):
    token = oauth.{name}.authorize_access_token(request)
{_answer(provider, returned="JsonResponse({})")}
urlpatterns = [path("login", login), path("authorize", authorize, name="authorize")]""",
        "xauth": f"""
def login(request):
    token = oauth.{name}.fetch_password_token(request.POST["username"], request.POST["password"])
{_answer(provider, returned="JsonResponse({})")}
urlpatterns = [path("login", login)]""",
        "two_legged": f"""
@csrf_exempt  # the provider sends this request
def activate(request):
    token = oauth.{name}.fetch_client_token(request.POST["oauth_verifier"])
{_answer(provider, returned="JsonResponse({})")}
urlpatterns = [path("activate", activate)]""",
        "signed_grant": f"""
def call(request):
    token = oauth.{name}.fetch_client_token()
{_answer(provider, returned="JsonResponse({})")}
urlpatterns = [path("call", call)]""",
        "static_token": f"""
def call(request):
{_answer(provider, token="", returned="JsonResponse({})")}
urlpatterns = [path("call", call)]""",
    }
    views["signed_client"] = views["static_token"]
    reverse = ", reverse" if "reverse" in url and flow == "redirect" else ""
    exempt = "from django.views.decorators.csrf import csrf_exempt\n" if flow == "two_legged" else ""
    urls = f"""\
# urls.py
from django.http import JsonResponse
from django.urls import path{reverse}
{exempt}from oauth1_catalog.integrations.django_client import OAuth

oauth = OAuth()
oauth.register_from_catalog({_arguments(provider)})
{views[str(flow)]}"""
    return [Block("python", configuration), Block("python", urls)]


def _fastapi(provider: Provider) -> str:
    name, flow = provider["name"], web_flow(provider)
    url = 'request, app.url_path_for("authorize")' if _sends_callback(provider) else "request"
    views = {
        "redirect": f"""
@app.get("/login")
async def login(request: Request):
    return await oauth.{name}.authorize_redirect({url})

@app.get("/authorize")
async def authorize(request: Request):
    token = await oauth.{name}.authorize_access_token(request)
{_answer(provider, wait="await ")}""",
        "xauth": f"""
@app.post("/login")
async def login(request: Request):
    form = await request.form()
    token = await oauth.{name}.fetch_password_token(form["username"], form["password"])
{_answer(provider, wait="await ")}""",
        "two_legged": f"""
@app.post("/activate")
async def activate(request: Request):
    form = await request.form()
    token = await oauth.{name}.fetch_client_token(form["oauth_verifier"])
{_answer(provider, wait="await ")}""",
        "signed_grant": f"""
@app.get("/call")
async def call():
    token = await oauth.{name}.fetch_client_token()
{_answer(provider, wait="await ")}""",
        "static_token": f"""
@app.get("/call")
async def call():
{_answer(provider, token="", wait="await ")}""",
    }
    views["signed_client"] = views["static_token"]
    imports = "FastAPI, Request" if "Request" in views[str(flow)] else "FastAPI"
    session = flow == "redirect"
    middleware = "from starlette.middleware.sessions import SessionMiddleware\n" if session else ""
    add = 'app.add_middleware(SessionMiddleware, secret_key=config("SECRET_KEY"))\n' if session else ""
    return f"""\
from fastapi import {imports}
from oauth1_catalog.integrations.starlette_client import OAuth
from starlette.config import Config
{middleware}
config = Config()  # the environment: {", ".join(_first_keys(provider, flow))}, ...
oauth = OAuth(config)
oauth.register_from_catalog({_arguments(provider)})
app = FastAPI(lifespan=oauth.lifespan)
{add}{views[str(flow)]}"""


def _script(provider: Provider) -> str:
    name, flow = provider["name"], script_flow(provider)
    token = {
        "two_legged": f'    token = {name}.fetch_client_token(input("Verifier: "))\n',
        "signed_grant": f"    token = {name}.fetch_client_token()\n",
    }.get(flow, "")
    lines = _call(provider, name, token="token=token" if token else "")
    return f"""\
from oauth1_catalog import client

with client("{name}", env_file=".env") as {name}:
{token}{lines}"""


def _terminal(provider: Provider) -> str:
    name, flow = provider["name"], script_flow(provider)
    lines = [f"$ oauth1-catalog export {name} --format env --output .env    # fill in the values"]
    if not {"redirect", "xauth", "two_legged", "signed_grant"}.isdisjoint(provider["flows"]):
        instead = "    # or fill in the token of the console" if flow == "static_token" else ""
        lines.append(f"$ oauth1-catalog login {name} --env-file .env --output .env{instead}")
    if _has_profile_url(provider):
        lines.append(f"$ oauth1-catalog sign {name} --env-file .env | curl --config -")
    elif provider["api_base_url"]:
        form = " -d 'name=value'" if _wants_form(provider) else ""
        lines.append(f"$ oauth1-catalog sign {name} {PATH}{form} --env-file .env | curl --config -")
    return "\n".join(lines)


def _answer(provider: Provider, *, token: str = "token=token", wait: str = "", returned: str = "{}") -> str:
    """The end of a view: the profile, or a call of the API."""
    client = f"oauth.{provider['name']}"
    if provider["userinfo_endpoint"] if token else _has_profile_url(provider):
        return f"    return {returned.format(f'{wait}{client}.userinfo({token})')}\n"
    if not provider["api_base_url"]:
        return f"    return {returned.format('dict(expires_at=token.expires_at)')}  # store the token\n"
    return "".join(
        [
            f"    response = {wait}{client}.{_request(provider, token)}\n",
            "    response.raise_for_status()\n",
            f"    return {returned.format('response.json()')}\n",
        ]
    )


def _call(provider: Provider, client: str, *, token: str) -> str:
    """The lines of a script."""
    if _has_profile_url(provider) and script_flow(provider) != "signed_client":
        return f"    print({client}.userinfo({token}))"
    if not provider["api_base_url"]:
        return '    print("It expires at", token.expires_at)  # store the token'
    return "\n".join(
        [
            f"    response = {client}.{_request(provider, token)}",
            "    response.raise_for_status()",
            "    print(response.text)",
        ]
    )


def _request(provider: Provider, token: str) -> str:
    more = f", {token}" if token else ""
    if _wants_form(provider):
        return f'post("{PATH}", data={{"name": "value"}}{more})'
    return f'get("{PATH}"{more})'


def _wants_form(provider: Provider) -> bool:
    """Whether the signature is in a form, so that a call has to have one."""
    return bool(provider["client_kwargs"]["signature_type"] == "BODY")


def _has_profile_url(provider: Provider) -> bool:
    """Whether ``oauth1-catalog sign`` knows the profile's URL without a field of the token."""
    endpoint = provider["userinfo_endpoint"]
    texts = " ".join([endpoint or "", *provider["userinfo_params"].values()]).replace("{client_id}", "")
    fields = [name for name in provider["variables"] if f"{{{name}}}" in texts]
    return bool(endpoint) and endpoint != "token_response" and texts.count("{") == len(fields)


def _sends_callback(provider: Provider) -> bool:
    return bool(provider["callback"]["value"] != "oob")


def _arguments(provider: Provider) -> str:
    risk = ", allow_session_fixation=True" if can_be_fixated(provider) else ""
    return f'"{provider["name"]}"{risk}'


def _first_keys(provider: Provider, flow: str | None) -> list[str]:
    session = ["SECRET_KEY"] if flow == "redirect" else []
    keys = [variable(provider, key.name) for key in settings(provider) if key.required]
    return [*session, *keys[: 2 - len(session)]]
