"""What a browser brings back, and what is believed of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.catalog.provider import CallbackRules, Provider
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    MissingRequestTokenError,
    MissingVerifierError,
    OAuthError,
    StateError,
    TokenRequestDeniedError,
)
from oauth1_catalog.flow.callback import MAX_VALUE, Callback, read_callback, require_verifier

PLAIN = Provider(name="example", from_catalog=True)


def rules(**fields: object) -> Provider:
    return Provider(name="example", from_catalog=True, callback=CallbackRules(**fields))


def test_token_and_verifier_in_any_order_among_others() -> None:
    query = [("next", "/"), ("oauth_verifier", "v"), ("wp_scope", "*"), ("oauth_token", "t")]
    assert read_callback(PLAIN, query) == Callback("t", "v")


@pytest.mark.parametrize(
    "injected",
    [
        "oauth_token_secret",
        "redirect_uri",
        "provider",
        "state_data",
        "self",
        "request_token",
        "exp",
        "client",
        "handle",
    ],
)
def test_no_other_name_is_read(injected: str) -> None:
    query = [("oauth_token", "t"), ("oauth_verifier", "v"), (injected, "evil"), (injected, "evil")]
    assert read_callback(PLAIN, query) == Callback("t", "v")


def test_what_the_file_names_is_kept() -> None:
    provider = rules(extra=("company", "role"), state_param="state")
    query = [("oauth_token", "t"), ("oauth_verifier", "v"), ("company", "c"), ("state", "s"), ("other", "x")]
    assert read_callback(provider, query).extra == {"company": "c", "state": "s"}
    with pytest.raises(StateError, match="company comes twice"):
        read_callback(provider, [*query, ("company", "d")])


def test_own_names_of_a_provider() -> None:
    provider = rules(token_param="key", verifier_param="pin")
    assert read_callback(provider, [("key", "t"), ("pin", "v"), ("oauth_token", "evil")]) == Callback("t", "v")
    with pytest.raises(MissingRequestTokenError, match='Missing "key"'):
        read_callback(provider, [("oauth_token", "t"), ("oauth_verifier", "v")])


@pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "denied", "oauth_problem"])
@pytest.mark.parametrize("value", ["a\nb", "a\x00", "a\r", "\u202eevil", "x" * (MAX_VALUE + 1)])
def test_hostile_values_are_refused(name: str, value: str) -> None:
    query = [("oauth_token", "t"), ("oauth_verifier", "v")]
    with pytest.raises(StateError) as caught:
        read_callback(PLAIN, [pair for pair in query if pair[0] != name] + [(name, value)])
    assert caught.value.error == "invalid_callback"
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "denied", "oauth_problem"])
def test_duplicates_are_refused_even_when_they_agree(name: str) -> None:
    with pytest.raises(StateError) as caught:
        read_callback(PLAIN, [("oauth_token", "t"), (name, "t"), (name, "t")])
    assert caught.value.error == "invalid_callback"


@pytest.mark.parametrize("query", [[], [("oauth_verifier", "v")], [("oauth_token", "")], [("OAUTH_TOKEN", "t")]])
def test_a_callback_without_a_token(query: list[tuple[str, str]]) -> None:
    with pytest.raises(MissingRequestTokenError) as caught:
        read_callback(PLAIN, query)
    assert (caught.value.error, caught.value.step) == ("missing_request_token", "callback")
    assert 'Missing "oauth_token"' in caught.value.description


@pytest.mark.parametrize(
    ("provider", "query", "problem"),
    [
        (PLAIN, [("denied", "t")], None),
        (PLAIN, [("oauth_token", "t"), ("denied", "true")], None),
        (PLAIN, [("oauth_token", "t"), ("oauth_problem", "user_refused")], "user_refused"),
        (PLAIN, [("oauth_token", "t"), ("oauth_problem", "permission_denied")], "permission_denied"),
        (PLAIN, [("oauth_token", "t"), ("oauth_verifier", "v"), ("oauth_problem", "user_refused")], "user_refused"),
        (rules(denied_when="empty_verifier"), [("oauth_token", "t"), ("oauth_verifier", "")], None),
        (rules(denied_when="no_verifier"), [("oauth_token", "t"), ("sandbox_lnb", "false")], None),
        (rules(denied_param="refused"), [("oauth_token", "t"), ("refused", "1")], None),
        (rules(denied_param="authorize", denied_value="0"), [("oauth_token", "t"), ("authorize", "0")], None),
    ],
)
def test_a_callback_of_a_user_who_declines_raises(
    provider: Provider, query: list[tuple[str, str]], problem: str | None
) -> None:
    callback = read_callback(provider, query)
    assert callback.oauth_token == "t"
    assert type(callback.failure) is AuthorizationDeniedError
    assert callback.failure.problem == problem
    assert (callback.failure.error, callback.failure.provider) == ("access_denied", "example")


def test_a_denial_that_names_no_login() -> None:
    with pytest.raises(AuthorizationDeniedError):
        read_callback(PLAIN, [("oauth_problem", "user_refused")])


def test_another_problem_is_no_denial() -> None:
    failure = read_callback(PLAIN, [("oauth_token", "t"), ("oauth_problem", "consumer_key_rejected")]).failure
    assert type(failure) is TokenRequestDeniedError
    assert (failure.error, failure.problem) == ("authorization_failed", "consumer_key_rejected")


def test_an_empty_denial_or_problem_says_nothing() -> None:
    query = [("oauth_token", "t"), ("oauth_verifier", "v"), ("denied", ""), ("oauth_problem", "")]
    assert read_callback(PLAIN, query).failure is None


def test_a_verifier_is_required_as_the_file_says() -> None:
    by_hand = Provider(name="example")
    assert require_verifier(PLAIN, "v") == "v"
    assert require_verifier(by_hand, None, "early") == "early"
    assert require_verifier(by_hand, "v", "early") == "v"
    assert require_verifier(rules(verifier="optional"), None) is None
    assert require_verifier(rules(verifier="optional"), "v") == "v"
    assert require_verifier(rules(verifier="none"), "evil", "early") is None
    for provider, earlier in ((PLAIN, "early"), (PLAIN, None), (by_hand, None)):
        with pytest.raises(MissingVerifierError) as caught:
            require_verifier(provider, None, earlier)
        assert 'Missing "verifier" value' in caught.value.description


def test_a_callback_shows_neither_verifier_nor_values() -> None:
    callback = read_callback(
        rules(extra=("code",)), [("oauth_token", "t"), ("oauth_verifier", "canary"), ("code", "canary")]
    )
    assert "canary" not in repr(callback)


NAMES = st.sampled_from(["oauth_token", "oauth_verifier", "denied", "oauth_problem", "x", "company"]) | st.text(
    max_size=5
)


@given(st.lists(st.tuples(NAMES, st.text(max_size=30)), max_size=8))
def test_any_query_is_a_callback_or_a_typed_error(query: list[tuple[str, str]]) -> None:
    provider = rules(extra=("company",), denied_when="empty_verifier")
    try:
        callback = read_callback(provider, query)
    except OAuthError as error:
        assert error.step == "callback"  # noqa: PT017 - either outcome is right
    else:
        assert callback.oauth_token in {value for name, value in query if name in {"oauth_token", "denied"}}
        assert callback.oauth_token.isprintable()
        assert set(callback.extra) <= {"company"}


def test_a_parameter_that_is_there_in_any_case_is_no_denial_by_itself() -> None:
    provider = rules(denied_param="authorize", denied_value="0", verifier="none")
    assert read_callback(provider, [("oauth_token", "t"), ("authorize", "1")]).failure is None
