"""Runs the examples of a provider's page as they stand, in the environment that the page describes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import ssl
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from click.testing import CliRunner
from django.test import Client as DjangoBrowser
from django.test import override_settings
from provider_pages.facts import Provider, web_flow
from starlette.testclient import TestClient

from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_environment
from oauth1_catalog.emulator.serving import HTTPServer
from oauth1_catalog.errors import ConfigurationWarning, DeprecatedProviderWarning
from oauth1_catalog.rfc5849.messages import Request, Response
from tests.cli.users import User

BASE = "http://localhost:8000"
COMMAND = [sys.executable, "-m", "oauth1_catalog"]
TABS = ["Flask", "Django", "FastAPI", "Script", "Terminal"]


def tabs_of(page: str) -> dict[str, list[tuple[str, str]]]:
    """The tabs of a page: each with the language and the lines of its blocks of code."""
    items = re.findall(r"^(`{4,})\{tab-item\} (\w+)\n(.*?)^\1$", page, re.MULTILINE | re.DOTALL)
    blocks = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
    return {title: [(found[2], found[3]) for found in blocks.finditer(content)] for _, title, content in items}


class Reader:
    """Someone who copies the examples of a page.

    Args:
        user: has the keys of the provider.
        provider: the provider, of ``catalog.json``.
        page: its page.
    """

    def __init__(self, user: User, provider: Provider, page: str) -> None:
        self.user = user
        self.emulator = user.emulator
        self.folder = user.folder
        self.provider = provider
        self.name = provider["name"]
        self.tabs = tabs_of(page)
        user.env |= {"SSL_CERT_FILE": user.env["REQUESTS_CA_BUNDLE"], "SECRET_KEY": "the secret key of the tests"}
        user.env["OAUTH1_CATALOG_REDIRECT_BASE_URL"] = BASE
        if "static_token" in provider["flows"]:
            self.token()
        if provider["callback"]["registered"]:
            self.emulator.client(self.name, redirect_uri=f"{BASE}/authorize")

    def token(self) -> None:
        """What the console shows, or a login has saved."""
        issued = self.emulator.issue_token(self.name)
        prefix = self.name.upper()
        self.user.env |= {f"{prefix}_TOKEN": issued.oauth_token, f"{prefix}_TOKEN_SECRET": issued.oauth_token_secret}

    def runs(self, tab: str) -> str:
        """Run the examples of a tab; returns what the reader sees at the end."""
        with warnings.catch_warnings(), contextlib.chdir(self.folder):
            warnings.simplefilter("ignore", DeprecatedProviderWarning)
            warnings.simplefilter("ignore", ConfigurationWarning)
            run: Callable[[], str] = getattr(self, tab.lower())
            return run()

    def flask(self) -> str:
        own = {key: value for key, value in self.user.env.items() if key.startswith(f"{self.name}_".upper())}
        self.user.env |= {f"FLASK_{key}": value for key, value in own.items()}
        self.user.env |= {"FLASK_SECRET_KEY": "secret", "FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL": BASE}
        (code,) = self._python("Flask")
        with self.user.environment():
            app = _executed(code)["app"]
            browser = app.test_client()
            return self._clicks(
                lambda path: _seen(browser.get(path)), lambda path, form: _seen(browser.post(path, data=form))
            )

    def django(self) -> str:
        settings, urls = self._python("Django")
        with self.user.environment():
            configured = _executed(settings)
            module = types.ModuleType("urls")
            given = {name: configured[name] for name in configured if name.startswith("OAUTH1_CATALOG")}
            with override_settings(ROOT_URLCONF=module, **given):
                vars(module).update(_executed(urls))
                browser = DjangoBrowser()
                return self._clicks(
                    lambda path: _seen(browser.get(path)), lambda path, form: _seen(browser.post(path, data=form))
                )

    def fastapi(self) -> str:
        (code,) = self._python("FastAPI")
        with (
            self.user.environment(),
            TestClient(_executed(code)["app"], base_url=BASE, follow_redirects=False) as browser,
        ):
            return self._clicks(
                lambda path: _seen(browser.get(path)), lambda path, form: _seen(browser.post(path, data=form))
            )

    def script(self) -> str:
        (code,) = self._python("Script")
        if not {"static_token", "redirect", "xauth"}.isdisjoint(self.provider["flows"]):
            self.token()
        own = {key: value for key, value in self.user.env.items() if key.startswith(f"{self.name}_".upper())}
        write_environment(self.folder / ".env", own)
        for key in own:
            del self.user.env[key]
        with self.user.environment(), contextlib.redirect_stdout(io.StringIO()) as printed:
            names = _executed(code)
        names[self.name].close()
        return printed.getvalue()

    def terminal(self) -> str:
        """The commands, one after the other; a pipe to curl is one to curl."""
        shown = ""
        for line in self._lines("Terminal"):
            command, _, piped = line.partition(" | ")
            program, subcommand, *arguments = shlex.split(command, comments=True)
            assert program == "oauth1-catalog"
            if subcommand == "export":
                shown = self._prints(subcommand, *arguments)
                self._fills_in()
            elif subcommand == "login":
                shown = self._logs_in(arguments)
            else:
                shown = self._prints(subcommand, *arguments)
            if piped:
                environment = {**os.environ, "CURL_CA_BUNDLE": self.user.env["REQUESTS_CA_BUNDLE"]}
                shown = subprocess.run(
                    [*shlex.split(piped), "--silent", "--fail-with-body"],
                    input=shown, env=environment, capture_output=True, text=True, timeout=60, check=True,
                ).stdout  # fmt: skip
        return shown

    def _logs_in(self, arguments: list[str]) -> str:
        self.emulator.reset()  # the callback of the other examples is no longer registered
        is_redirect, callback = "redirect" in self.provider["flows"], self.provider["callback"]["value"]
        if (is_redirect and callback == "oob") or self.provider["flows"] == ["xauth"]:
            with self.user.login(*arguments) as terminal:
                if is_redirect:
                    url = terminal.expect(r"\n    (http://\S+)\n")[1]
                    terminal.answer("PIN, or the address", self.user.approves(url))
                else:
                    terminal.expect("Name or e-mail address of the user: ")
                    terminal.type("ada")
                    terminal.answer("Password: ", "hush")
                assert terminal.end() == 0
            return terminal.screen
        self.user.env[f"{self.name}_REDIRECT_URI".upper()] = "http://127.0.0.1:0/callback"  # any free port
        result, _ = self.user.runs(*arguments, browser=self.user.allows)
        assert result.exit_code == 0, result.output
        return str(result.output)

    def _fills_in(self) -> None:
        """The reader writes the values into the file."""
        lines = (self.folder / ".env").read_text(encoding="utf-8").splitlines()
        wanted = {name for name, _, _ in (line.partition("=") for line in lines if not line.startswith("#"))}
        found = {name: self.user.env.pop(name) for name in wanted & self.user.env.keys()}
        filled = [line if line.partition("=")[0] not in found else "" for line in lines]
        filled += [f"{name}={shlex.quote(value)}" for name, value in found.items()]
        (self.folder / ".env").write_text("\n".join(filled) + "\n", encoding="utf-8")

    def _prints(self, *arguments: str) -> str:
        with self.user.environment():
            result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    def _python(self, tab: str) -> list[str]:
        return [code for language, code in self.tabs[tab] if language == "python"]

    def _lines(self, tab: str) -> Iterator[str]:
        for language, code in self.tabs[tab]:
            if language == "console":
                lines = (line.removeprefix("$ ") for line in code.splitlines())
                yield from (line for line in lines if not line.startswith("pip install "))

    def _clicks(
        self, get: Callable[[str], tuple[int, str, str]], post: Callable[[str, dict[str, str]], tuple[int, str, str]]
    ) -> str:
        """What a visitor of the application does, by the flow."""
        flow = web_flow(self.provider)
        if flow == "redirect":
            status, location, text = get("/login")
            assert status in {302, 307}, text
            back = urlsplit(self.emulator.approve(location))
            assert f"{back.scheme}://{back.netloc}{back.path}" == f"{BASE}/authorize"
            status, _, text = get(f"{back.path}?{back.query}")
        elif flow == "xauth":
            status, _, text = post("/login", {"username": "ada", "password": "hush"})
        elif flow == "two_legged":
            status, _, text = post("/activate", {"oauth_verifier": "verifier"})
        else:
            status, _, text = get("/call")
        assert status == 200, text
        return text


@contextlib.contextmanager
def not_emulated(provider: Provider, emulator: Emulator, folder: Path) -> Iterator[User]:
    """A user of a provider whose signatures oauthlib cannot verify; a server answers each signed call."""
    user, authority, prefix = User(emulator, folder, COMMAND), trustme.CA(), provider["name"].upper()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def answer(request: Request, connection: int) -> Response:
        is_signed = "oauth_signature=" in (request.header("Authorization") or "")
        return Response(200 if is_signed else 401, {"Content-Type": "application/json"}, b'{"signed": true}')

    with HTTPServer("127.0.0.1", 0, answer=answer, opened=lambda: 1, tls=tls) as server:
        moved = {"schema_version": 1, "name": provider["name"], "extends": provider["name"]}
        file = folder / "providers" / f"{provider['name']}.yaml"
        file.write_text(json.dumps(moved | {"api_base_url": f"{server.origin}/"}), encoding="utf-8")
        key = emulator.client("jira_data_center").rsa_key
        (folder / "key.pem").write_text(key, encoding="ascii")
        user.env |= {"REQUESTS_CA_BUNDLE": str(folder / "ca.pem")}
        user.env |= {f"{prefix}_CLIENT_ID": "client-id!key-id", f"{prefix}_RSA_KEY": str(folder / "key.pem")}
        yield user


def _executed(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "an example of a page", "exec", dont_inherit=True), names)
    return names


def _seen(answer: Any) -> tuple[int, str, str]:
    text = answer.text if hasattr(answer, "text") else answer.content.decode()
    return answer.status_code, answer.headers.get("Location", ""), text
