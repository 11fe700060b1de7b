"""``client_kwargs``: each option for whom it is, and no mistake in silence."""

from __future__ import annotations

import dataclasses
import inspect
import pathlib
import warnings

import httpx2
import pytest

from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.options import HTTPX, LIMITS, REQUESTS, httpx_options, requests_options, signing_options
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849 import ClientCredentials, Signer

GIVEN = {
    "signature_method": "HMAC-SHA256",
    "signature_type": "QUERY",
    "force_include_body": True,
    "timeout": (3, 10),
    "verify": pathlib.Path("/etc/ssl/ca.pem"),
    "headers": {"X": "y"},
    "max_connections": 7,
    "max_token_connections": 3,
}


def test_each_takes_its_own():
    signing = signing_options(GIVEN, name="twitter")
    assert signing == {"signature_method": "HMAC-SHA256", "signature_type": "QUERY", "force_include_body": True}
    assert Signer(ClientCredentials("k", "s"), **signing).signature_type == "QUERY"
    expected = {
        "verify": "/etc/ssl/ca.pem",
        "headers": {"X": "y"},
        "limits": Limits(connect=3, read=10, max_connections=7, max_token_connections=3),
    }
    assert requests_options(GIVEN, name="twitter") == expected
    assert httpx_options(GIVEN, name="twitter") == expected


def test_nothing_given_is_nothing_changed():
    assert signing_options({}, name="x") == requests_options({}, name="x") == httpx_options({}, name="x") == {}


def test_the_pools_take_every_option_that_may_be_given():
    assert (REQUESTS - LIMITS) | {"limits"} <= parameters(RequestsPool)
    of_httpx2 = parameters(httpx2.Client) & parameters(httpx2.AsyncClient)
    assert (HTTPX - LIMITS) | {"limits"} <= parameters(HttpxPool) | of_httpx2


def parameters(kind):
    return set(inspect.signature(kind).parameters)


@pytest.mark.parametrize("given", ['{"realm": "x"}', ["realm"], None, 7])
def test_client_kwargs_that_are_no_mapping_are_refused(given):
    with pytest.raises(ConfigurationError, match=r"twitter: client_kwargs is \w+\. Give a dictionary"):
        signing_options(given, name="twitter")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("signature_metod", "signature_method"),
        ("signature_methods", "signature_method"),
        ("time_out", "timeout"),
        ("timeouts", "timeout"),
        ("verfy", "verify"),
        ("proxys", "proxy"),
        ("rsakey", "rsa_key"),
        ("follow_redirect", "follow_redirects"),
    ],
)
def test_a_near_miss_is_an_error(name, meant):
    with pytest.raises(ConfigurationError, match=f"unknown option '{name}'. Did you mean '{meant}'"):
        signing_options({name: 1}, name="twitter")


def test_a_name_written_like_a_setting_is_a_warning_with_a_question():
    with pytest.warns(UserWarning, match="unknown option 'VERIFY'; it is ignored. Did you mean 'verify'?"):
        assert signing_options({"VERIFY": False}, name="twitter") == {}


def test_another_unknown_name_is_a_warning():
    with pytest.warns(UserWarning, match="twitter: client_kwargs has an unknown option 'zzz'; it is ignored"):
        assert signing_options({"zzz": 1}, name="twitter") == {}


@pytest.mark.parametrize("name", ["redirect_uri", "token", "verifier", "client_id"])
def test_a_name_of_the_constructor_is_told_where_it_belongs(name):
    with pytest.warns(UserWarning, match=f"'{name}', which is ignored there: it comes from"):
        signing_options({name: "x"}, name="twitter")


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": "5"},
        {"timeout": -1},
        {"timeout": True},
        {"timeout": (1, 2, 3)},
        {"timeout": (1, "2")},
        {"verify": 7},
        {"cert": 7},
        {"headers": "X: y"},
        {"proxies": "http://p"},
        {"trust_env": "yes"},
        {"stream": 1},
        {"max_connections": "7"},
        {"max_token_connections": "7"},
        {"max_redirects": -1},
        {"answer_bytes": 0},
        {"session_factory": "requests.Session"},
        {"limits": 7},
        {"token_deadline": "10"},
    ],
    ids=str,
)
def test_a_wrong_type_is_an_error_that_names_the_option(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        requests_options(options, name="twitter")


@pytest.mark.parametrize(
    ("field", "values", "wanted"),
    [
        ("connect", (0, -1, "5", True, float("inf"), float("nan")), "seconds above 0, or None"),
        ("read", (0, -1, "5", True), "seconds above 0, or None"),
        ("answer_deadline", (0, -1, "5"), "seconds above 0, or None"),
        ("token_deadline", (0, -1, "5", None), "seconds above 0"),
        ("keepalive", (-1, None, float("inf")), "0 or more seconds"),
        ("answer_bytes", (0, -1, 1.5, True), "a whole number of at least 1, or None"),
        ("token_bytes", (0, -1, None), "a whole number of at least 1"),
        ("max_connections", (0, -1, 1.5, "7", None), "a whole number of at least 1"),
        ("max_token_connections", (0, None), "a whole number of at least 1"),
        ("connect_retries", (-1, 0.5, None), "a whole number of at least 0"),
        ("max_idle_connections", (-1, None), "a whole number of at least 0"),
        ("max_redirects", (-1, None), "a whole number of at least 0"),
    ],
)
def test_a_limit_out_of_range_is_an_error_that_says_what_is_allowed(field, values, wanted):
    for value in values:
        with pytest.raises(ConfigurationError) as caught:
            Limits(**{field: value})
        assert caught.value.description == f"{field} is {value!r}. Give {wanted}."
        if field in LIMITS:
            with pytest.raises(ConfigurationError, match=rf"twitter: {field} is .*Give {wanted}"):
                requests_options({field: value}, name="twitter")


def test_every_limit_has_a_range():
    for field in dataclasses.fields(Limits):
        with pytest.raises(ConfigurationError, match=f"{field.name} is 'x'"):
            Limits(**{field.name: "x"})


@pytest.mark.parametrize(
    ("name", "instead"),
    [("proxy", "proxies"), ("transport", "session_factory"), ("event_hooks", "hooks")],
)
def test_an_option_of_the_other_library_is_not_dropped_in_silence(name, instead):
    with pytest.raises(ConfigurationError, match=instead):
        requests_options({name: {}}, name="twitter")
    with pytest.raises(ConfigurationError, match=name):
        httpx_options({instead: {}}, name="twitter")


def test_httpx2s_own_types():
    given = {"timeout": httpx2.Timeout(7, connect=2), "limits": httpx2.Limits(max_connections=3, keepalive_expiry=None)}
    assert httpx_options(given, name="x")["limits"] == Limits(connect=2, read=7, max_connections=3)


def test_no_timeout_can_be_asked_for():
    assert requests_options({"timeout": None}, name="x")["limits"] == Limits(connect=None, read=None)


def test_the_mapping_is_left_alone():
    given = dict(GIVEN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        signing_options(given, name="x")
        requests_options(given, name="x")
        httpx_options(given, name="x")
    assert given == GIVEN
