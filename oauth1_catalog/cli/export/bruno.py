"""``export --format bruno``: a collection for Bruno, with the requests of a login and of the profile.

Bruno signs with OAuth 1.0 itself (``auth:oauth1``). The keys are in the collection's ``.env`` file, under the names
that ``client(env_file=...)`` reads. The addresses are in its environments, one for each of the provider's.

Rule: a text of a provider file stays in its line and in its block, is a string of JSON in a script, and contains no
placeholder of Bruno, which can read the environment. An answer sets only the variables that the file declares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.templates import PLACEHOLDER
from oauth1_catalog.cli.export.environment import steps
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import one_line

MAIN = "production"
"""The name of the environment without a name, unless the file has another environment of this name."""

_KEY = "private-key.pem"
_PLACES = {"HEADER": "header", "QUERY": "query", "BODY": "body"}
_OF_LOGIN = {"oauth_token": "request_token", "oauth_callback": "callback"}
_OF_CALL = {"oauth_token": "token"}

_ADDRESSES = ("request_token_url", "authorize_url", "access_token_url", "api_base_url")
_KEYS = ("client_id", "client_secret", "token", "token_secret")
_OWN = frozenset((*_ADDRESSES, *_KEYS, "callback", "verifier", "request_token", "request_token_secret"))
"""The variables of the collection, which a field of an answer never replaces."""

# _script() replaces the names between underscores by values.
_READ = """\
const body = res.getBody();
const pairs = typeof body === "object" ? Object.entries(body)
  : body.trim().startsWith("<") ? [...body.matchAll(/<(\\w+)>([^<]*)<\\/\\1>/g)].map((found) => [found[1], found[2]])
  : body.trim().split("&").map((pair) => pair.split("=").map((text) => decodeURIComponent(text.replace(/\\+/g, " "))));
const names = new Map(__NAMES__);
const fields = Object.create(null);
for (const [name, value] of pairs) fields[names.get(name) || name] = String(value);
"""
_REQUEST_TOKEN = """\
bru.setVar("request_token", fields.oauth_token || "");
bru.setVar("request_token_secret", fields.oauth_token_secret || "");
"""
_CONSENT = """\
const field = __FIELD__;
const address = field === null ? bru.getEnvVar("authorize_url") : fields[field];
const parts = __QUERY__.map((pair) => pair.map((text) => encodeURIComponent(bru.interpolate(text))).join("="));
const query = parts.length ? (address.includes("?") ? "&" : "?") + parts.join("&") : "";
console.log("Open in your browser: " + address + query);
"""
_ACCESS_TOKEN = """\
bru.setVar("token", fields.oauth_token || "");
bru.setVar("token_secret", fields.oauth_token_secret || "");
for (const name of __DECLARED__) {
  if (name in fields) bru.setVar(name, fields[name]);
}
"""


def bruno_collection(file: ProviderFile, providers: Mapping[str, Provider]) -> dict[str, str]:
    """The files of the collection: path to text.

    Args:
        file: the provider.
        providers: the provider in each of its environments, by their names. The requests are those of the first.

    Raises:
        ConfigurationError: Bruno cannot sign for the provider, or would read a text of its file in another way.
    """
    provider = next(iter(providers.values()))
    if provider.client_kwargs.get("profile", "rfc5849") != "rfc5849":
        raise ConfigurationError(
            description=f"{provider.name}: Bruno cannot sign with the rules of this provider.",
            provider=provider.name,
            advice="Export it with --format curl.",
        )
    about = {"version": "1", "name": one_line(provider.display_name), "type": "collection", "ignore": ["node_modules"]}
    files = {"bruno.json": json.dumps(about, indent=2, ensure_ascii=False) + "\n", ".gitignore": f".env\n{_KEY}\n"}
    files["collection.bru"] = _collection(file, provider)
    for name, one in providers.items():
        files[f"environments/{name}.bru"] = _environment(one)
    requests = []
    if "redirect" in provider.flows or "two_legged" in provider.flows:
        requests = [("Request token", _request_token(provider)), ("Access token", _access_token(provider))]
    if (profile := _profile(provider)) is not None:
        requests.append(("Profile", profile))
    for number, (name, blocks) in enumerate(requests, 1):
        meta = _block("meta", {"name": name, "type": "http", "seq": str(number)})
        files[f"{name}.bru"] = "\n".join((meta, *blocks))
    return files


def _collection(file: ProviderFile, provider: Provider) -> str:
    text = [f"# {one_line(provider.display_name)}", ""]
    text += [f"{number}. {one_line(step)}" for number, step in enumerate(steps(file), 1)]
    text += [
        "",
        "The keys are in the file `.env` of this folder. Select an environment.",
        *([f"The private key is in the file `{_KEY}`."] if "rsa_key" in provider.required_credentials else []),
        *_limits(provider),
        "",
        f"Generated by `oauth1-catalog export {provider.name} --format bruno`.",
    ]
    place = str(provider.client_kwargs.get("signature_type") or "HEADER")
    blocks = [
        _block("headers", _plain_values(provider.all_headers)),
        _block("auth", {"mode": "oauth1" if provider.api_auth == "signature" else "none"}),
        _auth(provider, place, "{{token}}", "{{token_secret}}"),
        _text("docs", text),
    ]
    return "\n".join(filter(None, blocks))


def _limits(provider: Provider) -> Iterator[str]:
    """What the provider expects, and Bruno does not send."""
    if provider.client_kwargs.get("empty_token"):
        yield "The provider expects an empty `oauth_token` in requests without a token, which Bruno leaves out."
    if provider.session_token is not None:
        yield "API calls are signed with a session token, which Bruno cannot compute. Only the login works here."
    if provider.client_kwargs.get("version", "1.0") is None:
        yield "The provider expects no `oauth_version`, which Bruno always sends."


def _environment(provider: Provider) -> str:
    name = provider.name.upper()
    variables = {key: _plain(key, str(getattr(provider, key))) for key in _ADDRESSES if getattr(provider, key)}
    for credential in _KEYS:
        variables[credential] = f"{{{{process.env.{name}_{credential.upper()}}}}}"
    if "redirect" in provider.flows:
        variables["callback"] = "oob" if provider.callback.value == "oob" else "http://localhost:8000/callback"
        variables["verifier"] = ""
    return _block("vars", variables)


def _request_token(provider: Provider) -> tuple[str, ...]:
    rules = provider.callback
    query = {**provider.authorize_params, provider.authorize_token_param: "{oauth_token}"}
    if rules.send_at_authorize == "always" or (
        rules.send_at_authorize == "if_unconfirmed" and rules.confirmed == "none"
    ):
        query.setdefault("oauth_callback", "{oauth_callback}")
    if provider.authorize_url_field:
        query = {}
    shown = [(_plain("authorize_params", key), _braced(key, value, _OF_LOGIN)) for key, value in query.items()]
    has_consent = "redirect" in provider.flows
    return _token_request(
        provider,
        "request_token",
        _auth(provider, _place(provider), "", "", callback="{{callback}}" if has_consent else ""),
        _READ + _REQUEST_TOKEN + (_CONSENT if has_consent else ""),
        {"FIELD": provider.authorize_url_field or None, "QUERY": shown},
        headers=provider.request_token_headers,
    )


def _access_token(provider: Provider) -> tuple[str, ...]:
    verifier = "{{verifier}}" if provider.callback.verifier != "none" and "redirect" in provider.flows else ""
    auth = _auth(provider, _place(provider), "{{request_token}}", "{{request_token_secret}}", verifier=verifier)
    return _token_request(provider, "access_token", auth, _READ + _ACCESS_TOKEN, {"DECLARED": _declared(provider)})


def _declared(provider: Provider) -> list[str]:
    """The other fields of the answer that the provider's file names: other requests can contain them."""
    rules = provider.token_response
    names = dict.fromkeys((*rules.extra, *rules.fields, rules.session_handle, rules.expires_in, rules.expires_at))
    standard = {"oauth_token", "oauth_token_secret"}
    return [name for name in names if name and PLACEHOLDER.fullmatch(f"{{{name}}}") and name not in _OWN | standard]


def _token_request(
    provider: Provider,
    step: str,
    auth: str,
    script: str,
    values_of_script: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    params: Mapping[str, str] = getattr(provider, f"{step}_params")
    in_body = getattr(provider, f"{step}_params_in") == "body" and bool(params)
    values = {name: _braced(name, value, _OF_LOGIN) for name, value in params.items()}
    names = [(theirs, standard) for standard, theirs in provider.token_response.fields.items()]
    place = _place(provider)
    is_form = in_body or place == "BODY"
    url = _with_query(f"{{{{{step}_url}}}}", {} if in_body else values)
    method = str(getattr(provider, f"{step}_method")).lower()
    blocks = [
        _block(method, {"url": url, "body": "formUrlEncoded" if is_form else "none", "auth": "oauth1"}),
        _block("params:query", {name: _encoded(value) for name, value in values.items()}) if not in_body else "",
        _block("headers", _plain_values(headers or {})),
        auth,
        _block("body:form-urlencoded", values) if in_body else "",
        _text("script:post-response", _script(script, {**values_of_script, "NAMES": names}).splitlines()),
    ]
    return tuple(filter(None, blocks))


def _profile(provider: Provider) -> tuple[str, ...] | None:
    rules = provider.userinfo
    if not provider.api_base_url or rules is None or rules.endpoint == "token_response":
        return None
    is_whole = "://" in rules.endpoint
    url = ("" if is_whole else "{{api_base_url}}") + _braced("userinfo.endpoint", rules.endpoint, _OF_CALL)
    params = dict(rules.params) if is_whole else {**provider.api_params, **rules.params}
    values = {name: _braced(name, value, _OF_CALL) for name, value in params.items()}
    auth = {"signature": "inherit", "bearer": "bearer", "header": "none"}[provider.api_auth]
    blocks = [
        _block(rules.method.lower(), {"url": _with_query(url, values), "body": "none", "auth": auth}),
        _block("params:query", {name: _encoded(value) for name, value in values.items()}),
        _block("headers", {str(provider.api_auth_header): "{{token}}"}) if provider.api_auth == "header" else "",
        _block("auth:bearer", {"token": "{{token}}"}) if provider.api_auth == "bearer" else "",
    ]
    return tuple(filter(None, blocks))


def _place(provider: Provider) -> str:
    return str(provider.token_signature_type or provider.client_kwargs.get("signature_type") or "HEADER")


def _auth(provider: Provider, place: str, token: str, secret: str, *, callback: str = "", verifier: str = "") -> str:
    signing = provider.client_kwargs
    method = str(signing.get("signature_method") or "HMAC-SHA1")
    return _block(
        "auth:oauth1",
        {
            "consumer_key": "{{client_id}}",
            "consumer_secret": "{{client_secret}}",
            "access_token": token,
            "token_secret": secret,
            "callback_url": callback,
            "verifier": verifier,
            "signature_method": method,
            "private_key": f"@file({_KEY})" if method.startswith("RSA-") else "",
            "timestamp": "",
            "nonce": "",
            "version": "" if signing.get("version", "1.0") is None else "1.0",
            "realm": _plain("realm", str(signing.get("realm") or "")) if place == "HEADER" else "",
            "placement": _PLACES[place],
            "include_body_hash": "true" if signing.get("body_hash", "none") != "none" else "false",
        },
    )


def _script(template: str, values: Mapping[str, object]) -> str:
    r"""A script with values as JSON. The template is a constant, and each value is put in once.

    >>> print(_script("const a = __A__; const b = __B__;", {"A": "__B__</script>", "B": [1]}))
    const a = "__B__\u003c/script>"; const b = [1];
    """
    return re.sub("__([A-Z]+)__", lambda found: json.dumps(values[found[1]]).replace("<", "\\u003c"), template)


def _plain(name: str, text: str) -> str:
    """A text that Bruno reads as it is.

    Raises:
        ConfigurationError: it would read the beginning of several lines, or a placeholder.
    """
    for mark in ("'''", "{{"):
        if mark in text:
            raise ConfigurationError(
                description=f"{name}: Bruno cannot hold a value with {mark}, which has a meaning in its files.",
                advice="Change the value, or export the provider with --format curl.",
            )
    return text


def _plain_values(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _plain(name, value) for name, value in values.items()}


def _braced(name: str, text: str, names: Mapping[str, str]) -> str:
    """A text of a provider file with Bruno's placeholders.

    >>> _braced("endpoint", "users/{user_id}?token={oauth_token}", {"oauth_token": "token"})
    'users/{{user_id}}?token={{token}}'
    """
    return PLACEHOLDER.sub(lambda found: f"{{{{{names.get(found[1], found[1])}}}}}", _plain(name, text))


def _with_query(url: str, values: Mapping[str, str]) -> str:
    query = "&".join(f"{quote(name, safe='')}={_encoded(value)}" for name, value in values.items())
    return f"{url}?{query}" if query else url


def _encoded(value: str) -> str:
    return value if value.startswith("{{") else quote(value, safe="")


def _block(name: str, values: Mapping[str, str]) -> str:
    """A block of names and values; empty without values."""
    if not values:
        return ""
    return (
        f"{name} {{\n"
        + "".join(f"  {_key(key)}: {one_line(value)}".rstrip() + "\n" for key, value in values.items())
        + "}\n"
    )


def _key(key: str) -> str:
    """A name in a block.

    Raises:
        ConfigurationError: Bruno would read its first character: ``~`` disables a line, ``@`` annotates one.
    """
    if key[:1] in {"~", "@"}:
        raise ConfigurationError(
            description=f"{one_line(key)}: Bruno cannot hold a name that begins with {key[0]}, which has a meaning in "
            "its files.",
            advice="Export the provider with --format curl.",
        )
    return one_line(key)


def _text(name: str, lines: Iterable[str]) -> str:
    return f"{name} {{\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines) + "}\n"
