"""``export --format env``: the variables of a provider's client, with the provider's names for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import masked, one_line

_KEY_FILES = {
    "rsa_key": "The path of the private key",
    "encryption_key": "The path of the private key",
    "dh_parameters": "The path of the file",
}
_LABELS = {"client_id": "Client ID", "client_secret": "Client secret", "rsa_key": "Private key", "token": "Token"}
_LABELS |= {"encryption_key": "Private encryption key", "dh_parameters": "Diffie-Hellman parameters"}


def environment_file(file: ProviderFile, required: tuple[str, ...], values: Mapping[str, str]) -> str:
    """A ``.env`` file that ``client(env_file=...)`` reads. A variable without a value counts as not set.

    Args:
        file: the provider.
        required: the credentials that an application needs.
        values: the values to write, by the name of the parameter.

    Raises:
        ConfigurationError: a value cannot be written so that each reader of the file reads the same.
    """
    values = masked(values)
    lines = [f"# {one_line(file.display_name or file.name)}: client({file.name!r}, env_file=...)"]
    lines += [f"# {number}. {one_line(step)}" for number, step in enumerate(steps(file), 1)]
    for parameter, about in _variables(file, required):
        lines.append(f"# {one_line('. '.join(text.strip().rstrip('.') for text in about))}.")
        name = f"{file.name}_{parameter}".upper()
        lines.append(f"{name}={_quoted(name, values.get(parameter, ''))}")
    return masked("\n".join(lines) + "\n")


def _variables(file: ProviderFile, required: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The names of the parameters, each with sentences about it."""
    labels = file.credential_labels.model_dump()
    for credential in required:
        yield (
            credential,
            [
                labels[credential] or _LABELS.get(credential, "Token secret"),
                *([_KEY_FILES[credential]] if credential in _KEY_FILES else []),
            ],
        )
    if set(file.flows) != {"signed_client"}:
        login = f"`oauth1-catalog login {file.name}` gets it"
        for token in ("token", "token_secret"):
            if token not in required:
                yield (
                    token,
                    [labels[token] or _LABELS.get(token, "Token secret"), *([login] if token == "token" else [])],
                )
    for name, variable in file.variables.items():
        if variable.source is None:
            example = variable.default or variable.example
            yield name, [variable.description or name, *([f"For example {example}"] if example else [])]
    if file.user_agent is not None and file.user_agent.required:
        yield "user_agent", ["The name of your application", f"For example {file.user_agent.example}"]
    for name, option in file.options.items():
        about = [option.description or name]
        words = [
            f"{value} ({option.meanings[value]})" if value in option.meanings else value for value in option.enum or ()
        ]
        about += [f"{'Some' if option.separator else 'One'} of {', '.join(words)}"] if words else []
        about += [f"By default {option.default}"] if option.default else []
        yield name, about


def _quoted(name: str, value: str) -> str:
    if not value.isascii() or (value and not value.isprintable()) or "'" in value or "\\" in value:
        raise ConfigurationError(
            description=f"{name} contains a quote, a backslash or a character that is not printable ASCII, which a "
            ".env file cannot hold safely.",
            advice="Leave it out, and set it in the environment.",
        )
    return f"'{value}'" if value else ""


def steps(file: ProviderFile) -> tuple[str, ...]:
    """How to get the keys."""
    if file.setup:
        return file.setup
    return (f"Get the keys: {file.registration_url}",) if file.registration_url else ()
