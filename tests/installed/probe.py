"""Run by the interpreter of a stranger's environment: import every module that the installed extras are for.

Usage: python probe.py EXTRA...
"""

import importlib
import pkgutil
import sys

import oauth1_catalog

NEEDS = {
    "oauth1_catalog": set(),
    "oauth1_catalog.integrations.httpx_client": {"httpx2"},
    "oauth1_catalog.integrations.starlette_client": {"starlette"},
    "oauth1_catalog.integrations.litestar_client": {"litestar"},
    "oauth1_catalog.integrations.quart_client": {"quart"},
    "oauth1_catalog.integrations.flask_client": {"flask"},
    "oauth1_catalog.integrations.django_client": {"django"},
    "oauth1_catalog.integrations.django_tokens": {"django"},
    "oauth1_catalog.integrations.sqlalchemy_tokens": {"sqlalchemy"},
    "oauth1_catalog.integrations.httpie_plugin": {"httpie"},  # no extra: tests/recipes imports it in HTTPie
    "oauth1_catalog.pytest_plugin": {"pytest"},  # no extra: pytest imports it
    "oauth1_catalog.emulator": {"emulator"},
    "oauth1_catalog.cli": {"cli"},
    "oauth1_catalog.cli.demo": {"demo"},
    "oauth1_catalog.cli.proxy": {"proxy"},
}
"""The extras that a module and those below it need; the nearest line counts. A new module needs none, or a line."""


def needs(module: str) -> set[str]:
    if module.startswith("oauth1_catalog.clients.httpx_"):
        return {"httpx2"}
    while module not in NEEDS:
        module = module.rpartition(".")[0]
    return NEEDS[module]


def modules(package, extras: set[str]):
    """The names of the modules below a package that these extras are enough for."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if needs(found.name) <= extras:
            yield found.name
            if found.ispkg:
                yield from modules(importlib.import_module(found.name), extras)


def main(*names: str) -> None:
    extras = set(names)
    if extras & {"script", "starlette", "litestar", "quart", "proxy"}:
        extras.add("httpx2")  # they bring it
    if "django" in extras:
        import django
        from django.conf import settings

        from oauth1_catalog.registry.encryption import TokenCipher

        apps = ["admin", "auth", "contenttypes", "messages", "sessions"]
        settings.configure(
            INSTALLED_APPS=[
                *(f"django.contrib.{app}" for app in apps),
                "oauth1_catalog.integrations.django_client",
                "oauth1_catalog.integrations.django_tokens",
            ],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            OAUTH1_CATALOG_TOKEN_KEYS=TokenCipher.new_key(),
            SECRET_KEY="s",
        )
        django.setup()
    count = 0
    for name in modules(oauth1_catalog, extras):
        importlib.import_module(name)
        count += 1
    sys.stdout.write(f"{count} modules\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
