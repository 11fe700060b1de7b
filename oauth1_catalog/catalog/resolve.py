"""A provider file becomes a ``Provider``: environment, options and variables are filled in.

The order is environment, then options, then variables; each works on plain data, and the model reads the result, so
that a URL which a value has made wrong is refused like one that is written wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.diagnostics import did_you_mean
from oauth1_catalog.catalog.inheritance import merge
from oauth1_catalog.catalog.provider import (
    CallbackRules,
    Endpoint,
    Lifetime,
    Provider,
    TokenResponseRules,
    UserinfoRules,
)
from oauth1_catalog.catalog.rules.variables import disagreement, is_url, templates_of
from oauth1_catalog.catalog.templates import fill, fill_url, placeholders
from oauth1_catalog.errors import ConfigurationError, MissingSettingError

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.sections import Renewal, Variable
    from oauth1_catalog.catalog.source import Data

_APPLY: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "underscore_to_dash": lambda value: value.replace("_", "-"),
    "dash_to_underscore": lambda value: value.replace("-", "_"),
}


def resolve(
    file: ProviderFile,
    data: dict[str, Data],
    *,
    environment: str | None = None,
    values: Mapping[str, object] | None = None,
    allow_local_hosts: bool = False,
) -> Provider:
    """The provider that an application asked for.

    Args:
        file: the provider's file, after ``extends``.
        data: the same as plain data.
        environment: the name of one of the file's environments; ``None`` for the provider itself.
        values: values of the file's variables and options by name. ``None`` counts as not given.
        allow_local_hosts: whether a variable may lead to an IP address, or to a private or local host.

    Raises:
        ConfigurationError: an environment, variable or option that the file does not have, or a value that it refuses.
        MissingSettingError: a variable that has no default, and no value.
    """
    given = {name: value for name, value in (values or {}).items() if value is not None}
    _check_names(file, given)
    data = _with_environment(file, data, environment)
    data = _with_options(file, data, given)
    variables = _variables(file, given, allow_local_hosts=allow_local_hosts)
    resolved = _filled(file, data, variables)
    return _provider(resolved, environment, variables)


def _check_names(file: ProviderFile, given: Mapping[str, object]) -> None:
    known = [*(name for name, variable in file.variables.items() if variable.source is None), *file.options]
    for name in given:
        if name in known:
            continue
        derived = file.variables.get(name)
        if derived is not None and derived.source is not None:
            hint = f"It is made from `{derived.source}`; give that one."
        else:
            hint = did_you_mean(name, known).capitalize() or _listing("It takes", known) or "It takes none."
        raise ConfigurationError(
            description=f"{file.name}: the catalog's file has no variable or option `{name}`. {hint}",
            provider=file.name,
        )


def _listing(words: str, names: Iterable[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{words} {listed}." if listed else ""


def _with_environment(file: ProviderFile, data: dict[str, Data], name: str | None) -> dict[str, Data]:
    if name is None:
        return data
    environments = data.get("environments")
    chosen = environments.get(name) if isinstance(environments, dict) else None
    if not isinstance(chosen, dict):
        hint = (
            did_you_mean(name, file.environments).capitalize()
            or _listing("It has", file.environments)
            or "It has none."
        )
        raise ConfigurationError(description=f"{file.name}: no environment `{name}`. {hint}", provider=file.name)
    return merge(data, {key: value for key, value in chosen.items() if key != "description"})


def _with_options(file: ProviderFile, data: dict[str, Data], given: Mapping[str, object]) -> dict[str, Data]:
    for name, option in file.options.items():
        chosen = _chosen(file.name, name, given[name], option.separator) if name in given else option.default
        if chosen is None:
            continue
        for part in chosen.split(option.separator) if option.separator else (chosen,):
            if wrong := disagreement(part, option.pattern, option.enum, None):
                raise ConfigurationError(
                    description=f"{file.name}: {name}={part!r} is not possible: {wrong}", provider=file.name
                )
        options = data["options"]
        sets = options[name]["sets"] if isinstance(options, dict) and isinstance(options[name], dict) else {}  # type: ignore[index, call-overload]  # the model has read it
        data = merge(data, _with_value(sets, chosen))  # type: ignore[arg-type]  # likewise
    return data


def _with_value(data: Data, chosen: str) -> Data:
    if isinstance(data, str):
        return fill(data, {"value": chosen})
    if isinstance(data, dict):
        return {key: _with_value(value, chosen) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_value(item, chosen) for item in data]
    return data


def _chosen(provider: str, name: str, value: object, separator: str | None) -> str:
    """The text of a value; several are joined where the file says with what."""
    if isinstance(value, (list, tuple, set, frozenset)):
        if separator is None:
            raise ConfigurationError(description=f"{provider}: {name} takes one value, not several.", provider=provider)
        parts = [_chosen(provider, name, part, None) for part in value]
        return separator.join(sorted(parts) if isinstance(value, (set, frozenset)) else parts)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    # A framework's own URL or lazy text says what it is by str(); anything else is a mistake.
    if type(value).__str__ is object.__str__ or isinstance(value, (bytes, Mapping)):
        kind = type(value).__name__
        raise ConfigurationError(description=f"{provider}: {name} must be text, not {kind}.", provider=provider)
    return str(value)


def _variables(file: ProviderFile, given: Mapping[str, object], *, allow_local_hosts: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, variable in file.variables.items():
        if variable.source is not None:
            continue
        value = _chosen(file.name, name, given[name], None) if name in given else variable.default
        if value is None:
            raise MissingSettingError(_missing(file.name, name, variable), provider=file.name, setting=name)
        if variable.format == "uri":
            value = value.rstrip("/")
        wrong = disagreement(value, variable.pattern, variable.enum, variable.format, allow_local=allow_local_hosts)
        if wrong:
            example = f" An example: {variable.example}." if variable.example else ""
            local = " Pass allow_local_hosts=True if that is meant." if wrong.startswith("its host is") else ""
            description = f"{file.name}: {name}={value[:100]!r} is not possible: {wrong}.{local}{example}"
            raise ConfigurationError(description=description, provider=file.name)
        values[name] = value
    for name, variable in file.variables.items():
        if variable.source is not None:
            value = values[variable.source]
            for step in variable.apply:
                value = _APPLY[step](value)
            values[name] = value
    return values


def _missing(provider: str, name: str, variable: Variable) -> str:
    what = f" ({variable.description.rstrip('.')})" if variable.description else ""
    example = f" An example: {variable.example}." if variable.example else ""
    return f"{provider}: no {name}{what}.{example}"


def _filled(file: ProviderFile, data: dict[str, Data], variables: Mapping[str, str]) -> ProviderFile:
    if not variables and data is file.__dict__:
        return file
    from oauth1_catalog.catalog.model import ProviderFile as Model

    plain: dict[str, Data] = {
        key: value for key, value in data.items() if key not in {"environments", "options", "extends"}
    }
    for path, text, _, _ in templates_of(plain):
        if not any(name in variables for name in placeholders(text)):
            continue
        try:
            filled = fill_url(text, variables) if is_url(path, text) else fill(text, variables)
        except ConfigurationError as error:
            raise ConfigurationError(description=f"{file.name}: {error.description}", provider=file.name) from None
        plain = _replaced(plain, path, filled)  # type: ignore[assignment]  # a mapping stays one
    try:
        return Model.model_validate(plain)
    except ValueError as error:
        raise ConfigurationError(
            description=f"{file.name}: with these values the provider is not usable: {error}", provider=file.name
        ) from None


def _replaced(data: Data, path: tuple[str | int, ...], value: str) -> Data:
    """A copy of the data with another text at ``path``."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {**data, str(step): _replaced(data[str(step)], rest, value)}
    if isinstance(data, list) and isinstance(step, int):
        return [_replaced(item, rest, value) if index == step else item for index, item in enumerate(data)]
    return data


def _endpoint(renewal: Renewal | None) -> Endpoint | None:
    if renewal is None:
        return None
    return Endpoint(
        url=renewal.url, method=renewal.method, params=renewal.params, session_handle=renewal.session_handle
    )


def _required_credentials(file: ProviderFile) -> tuple[str, ...]:
    if file.required_credentials is not None:
        return file.required_credentials
    method = file.client_kwargs.signature_method or "HMAC-SHA1"
    return ("client_id", "rsa_key" if method.startswith("RSA-") else "client_secret")


def _provider(file: ProviderFile, environment: str | None, variables: Mapping[str, str]) -> Provider:
    response, lifetime = file.token_response, file.token_response.lifetime
    agent = file.user_agent
    return Provider(
        name=file.name,
        from_catalog=True,
        display_name=file.display_name or file.name,
        flows=file.flows,
        credential_labels=file.credential_labels.model_dump(exclude_none=True),
        quirks={quirk.id: quirk.note for quirk in file.quirks},
        docs_url=file.docs_url,
        registration_url=file.registration_url,
        status=file.status,
        status_note=file.status_note,
        sunset=file.sunset,
        replaced_by=file.replaced_by,
        environment=environment,
        variables=variables,
        required_credentials=_required_credentials(file),
        request_token_url=file.request_token_url,
        request_token_method=file.request_token_method,
        request_token_params=file.request_token_params,
        request_token_params_in=file.request_token_params_in,
        request_token_headers=file.request_token_headers,
        authorize_url=file.authorize_url,
        authorize_url_field=file.authorize_url_field,
        authorize_params=file.authorize_params,
        authorize_token_param=file.authorize_token_param,
        access_token_url=file.access_token_url,
        access_token_method=file.access_token_method,
        access_token_params=file.access_token_params,
        access_token_params_in=file.access_token_params_in,
        token_signature_type=file.token_signature_type,
        api_base_url=file.api_base_url,
        api_hosts=file.api_hosts,
        api_params=file.api_params,
        client_kwargs=file.client_kwargs.model_dump(exclude_none=True),
        headers=file.headers,
        user_agent=agent.value if agent else None,
        user_agent_required=bool(agent and agent.required),
        user_agent_example=agent.example if agent else None,
        callback=CallbackRules(**file.callback.model_dump()),
        token_response=TokenResponseRules(
            format=response.format,
            fields=response.fields,
            extra=response.extra,
            expires_in=response.expires_in,
            expires_at=response.expires_at,
            expires_unit=response.expires_unit,
            session_handle=response.session_handle,
            lifetime=Lifetime(**lifetime.model_dump()) if lifetime else None,
        ),
        renew=_endpoint(file.renew),
        revoke=_endpoint(file.revoke),
        userinfo=None
        if file.userinfo_endpoint is None
        else UserinfoRules(
            endpoint=file.userinfo_endpoint,
            method=file.userinfo_method,
            params=file.userinfo_params,
            format=file.userinfo_format,
            followup=file.userinfo_followup,
            claims=file.userinfo_claims,
        ),
    )
