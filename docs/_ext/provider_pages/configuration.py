"""The parts of a page about keys and settings: the steps to keys, the settings, the callback, options, environments."""

from __future__ import annotations

from collections.abc import Iterator

from provider_pages.facts import Provider, Setting, is_self_hosted, settings, variable, web_flow
from provider_pages.myst import code, codes, link, sentence, table, words

LOGIN_CALLBACK = "http://127.0.0.1:5849/callback"
"""Where ``oauth1-catalog login`` waits for the callback."""


def keys(provider: Provider) -> Iterator[str]:
    """The steps to get keys."""
    page, steps = provider["registration_url"], provider["setup"]
    if not (page or steps):
        return
    yield "## Get keys"
    yield ""
    if page:
        yield f"Register your application at {link(page.removeprefix('https://').rstrip('/'), page)}."
        yield ""
    yield from (f"{number}. {words(step)}" for number, step in enumerate(steps, 1))


def settings_table(provider: Provider) -> Iterator[str]:
    """The settings with their exact names."""
    name = provider["name"]
    rows = [
        [code(variable(provider, setting.name)), _about(setting), code(setting.name)] for setting in settings(provider)
    ]
    yield "## Configure"
    yield ""
    yield from table(["environment, `app.config`", "meaning", "argument, Django"], rows)
    yield ""
    first = next(settings(provider)).name
    yield (
        f"Scripts and FastAPI read the environment. Flask reads `app.config`, and with `from_prefixed_env()` the "
        f"environment: `FLASK_{variable(provider, first)}`. In Django, `OAUTH1_CATALOG` has a dictionary for `{name}`. "
        "You can pass each setting to `register_from_catalog()` and `client()` as an argument."
    )
    if is_self_hosted(provider):
        yield ""
        yield (
            "A private host, an IP address or `http://` needs a switch: "
            "[Self-hosted and intranet servers](../self-hosted.md#which-address-needs-which-switch)."
        )


def _about(setting: Setting) -> str:
    text = words(setting.about)
    if setting.default:
        text += f"; by default {code(setting.default)}"
    elif setting.example:
        text += f", such as {code(setting.example)}"
    return text if setting.required or setting.default else f"{text} (optional)"


def callback(provider: Provider) -> Iterator[str]:
    """The callback address to register at the provider."""
    rules = provider["callback"]
    if "redirect" not in provider["flows"] or web_flow(provider) != "redirect":
        return
    yield "### Callback URL"
    yield ""
    yours = "`https://shop.example.com/authorize`"
    if not rules["registered"]:
        yield (
            f"Your application sends its callback URL with each login, such as {yours}. You do not have to register "
            "it, as far as the sources show."
        )
        return
    match = (
        "the beginning of the callback URL"
        if rules["registered_match"] == "prefix"
        else "the callback URL, exactly as it is sent"
    )
    if rules["value"] == "oob":
        match = "the callback URL; it is not sent with a login"
    yield (
        f"Register {match}: the public address of your application and the path of the view that ends the login, "
        f"such as {yours}, and `http://localhost:8000/authorize` while you develop."
    )
    if rules["value"] == "oob":
        yield "`oauth1-catalog login` asks for the PIN, or for the URL to which the provider sent your browser."
    else:
        yield f"For `oauth1-catalog login`, also register `{LOGIN_CALLBACK}`."


def options(provider: Provider) -> Iterator[str]:
    """The choices of an application."""
    rows = []
    for name, option in provider["options"].items():
        values = ", ".join(
            f"{code(value)} ({words(option['meanings'][value])})" if value in option["meanings"] else code(value)
            for value in option["enum"] or ()
        )
        if not values and option["example"]:
            values = f"such as {code(option['example'])}"
        if option["separator"]:
            values += f"; join several with {code(option['separator']) if option['separator'].strip() else 'a blank'}"
        default = code(option["default"]) if option["default"] else ""
        rows.append([code(name), words(option["description"] or name), values, default])
    if not rows:
        return
    yield "### Options"
    yield ""
    yield from table(["option", "meaning", "values", "default"], rows)
    yield ""
    name = next(iter(provider["options"]))
    yield (
        f"Pass an option to `register_from_catalog()` or `client()`, or set it like a key: "
        f"`{variable(provider, name)}`."
    )


def environments(provider: Provider) -> Iterator[str]:
    """The other installations, such as a sandbox."""
    if not provider["environments"]:
        return
    yield "### Environments"
    yield ""
    for name, about in provider["environments"].items():
        text = f": {sentence(about['description'])}" if about["description"] else ""
        changed = [key for key in about if key not in {"description", "required_credentials"}]
        argument = code(f'environment="{name}"')
        yield f"- {argument}{text} It changes {codes(changed)}."
