"""One list of operations: sync, async, Django's ``a...`` and Starlette's ``blocking`` have the same names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import requests

from oauth1_catalog.integrations.django_client import DjangoOAuth1App
from oauth1_catalog.integrations.flask_client import FlaskOAuth1App
from oauth1_catalog.integrations.starlette_client import StarletteOAuth1App
from oauth1_catalog.integrations.starlette_client.client import BlockingCalls
from oauth1_catalog.registry.api_calls import CallOptions, HttpOptions


def operations(face: type, asks: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """The public functions of a client, without those that need no waiting."""
    found = {name: value for name, value in inspect.getmembers(face, inspect.isfunction) if not name.startswith("_")}
    local = {
        "problems",
        "discard",
        "check_fixation",
        "require_keys",
        "sealing_problem",
        "sign",
        "explain",
        "require_exchange",
    }
    return {name: value for name, value in found.items() if name not in local and asks(name)}


def is_awaited(name: str) -> bool:
    """Whether it is Django's ``a...`` of another operation."""
    return name.startswith("a") and hasattr(DjangoOAuth1App, name[1:])


SYNC = operations(DjangoOAuth1App, lambda name: not is_awaited(name))
FACES = ("Django's a...", "Starlette", "blocking", "Litestar")


def functions_of(face: str) -> dict[str, Any]:
    """A face's operations under the names of the sync ones.

    Litestar and Quart are imported here: neither can be imported beside the oldest version of every other framework.
    """
    if face == "Django's a...":
        return {name[1:]: function for name, function in operations(DjangoOAuth1App, is_awaited).items()}
    faces: dict[str, type] = {"Starlette": StarletteOAuth1App, "blocking": BlockingCalls, "Flask": FlaskOAuth1App}
    if face == "Litestar":
        from oauth1_catalog.integrations.litestar_client import LitestarOAuth1App

        faces[face] = LitestarOAuth1App
    elif face == "Quart":
        from oauth1_catalog.integrations.quart_client import QuartOAuth1App

        faces[face] = QuartOAuth1App
    return {name.replace("aclose", "close"): function for name, function in operations(faces[face]).items()}


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [(one.name, one.kind, one.default) for one in inspect.signature(function).parameters.values()]


def test_the_list() -> None:
    assert {"authorize_redirect", "fetch_password_token", "fetch_client_token", "renew_token", "get", "close"} < set(
        SYNC
    )


@pytest.mark.parametrize("face", FACES)
def test_the_same_names(face: str) -> None:
    assert sorted(functions_of(face)) == sorted(SYNC)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", SYNC)
def test_the_same_parameters(face: str, name: str) -> None:
    assert parameters(functions_of(face)[name]) == parameters(SYNC[name])


@pytest.mark.every_framework
@pytest.mark.parametrize("framework", ["flask", "quart"])
def test_they_have_them_but_for_the_request_where_the_framework_knows_it(framework: str) -> None:
    found = functions_of(framework.title())
    assert sorted(set(found) ^ set(SYNC)) == []
    for name, function in found.items():
        without = [one for one in parameters(SYNC[name]) if one[0] != "request"]
        assert [one for one in parameters(function) if one[0] != "request"] == without, name


VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


@pytest.mark.parametrize("face", [*FACES, "Flask"])
def test_the_arguments_of_a_call_have_names_and_types(face: str) -> None:
    found = functions_of(face)
    for verb in VERBS:
        taken = str(inspect.signature(found[verb]).parameters["kwargs"].annotation)
        assert taken.startswith("Unpack[CallOptions["), verb
    assert inspect.signature(found["request"]).parameters["kwargs"].annotation == "Unpack[HttpOptions]"


def test_a_verb_takes_what_request_takes() -> None:
    own = set(inspect.signature(SYNC["request"]).parameters) - {"self", "method", "url", "kwargs"}
    assert own | set(HttpOptions.__annotations__) == set(CallOptions.__annotations__)


def test_the_options_are_those_of_the_libraries_but_auth_which_signs() -> None:
    of_requests = set(inspect.signature(requests.Session.request).parameters)
    of_httpx = set(inspect.signature(httpx2.AsyncClient.request).parameters) | {"stream"}
    assert set(HttpOptions.__annotations__) == (of_requests | of_httpx) - {"self", "method", "url", "auth"}
