"""Tokens of a provider in the table of an application, whose provider is the emulator, for tests of `migrate`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.tokens.models import Base, OAuth1Token, OAuth2Token

TOKENS = 6


class Tables:
    """Tokens in a database, and the command as a process."""

    def __init__(self, emulator: Emulator, folder: Path, name: str = "x") -> None:
        self.emulator = emulator
        self.folder = folder
        write_files(emulator, [emulator.catalog.provider(name)], folder)
        client, key = emulator.client(name), TokenCipher.new_key()
        self.keys = {
            f"{name.upper()}_CLIENT_ID": client.client_id,
            f"{name.upper()}_CLIENT_SECRET": client.client_secret,
            f"{name.upper()}_OAUTH2_CLIENT_ID": client.oauth2_client_id,
            f"{name.upper()}_OAUTH2_CLIENT_SECRET": client.oauth2_client_secret,
            "OAUTH1_CATALOG_TOKEN_KEYS": key,
        }
        self.environment = {
            **self.keys,
            "OAUTH1_CATALOG_PATH": str(folder),
            "REQUESTS_CA_BUNDLE": str(folder / "ca-bundle.pem"),
            "DATABASE_URL": f"sqlite:///{folder / 'tokens.db'}",
        }
        self.engine = create_engine(self.environment["DATABASE_URL"])
        Base.metadata.create_all(self.engine)
        self.store: Any = SQLAlchemyTokens(sessionmaker(self.engine), OAuth1Token, keys=key, oauth2_model=OAuth2Token)
        issued = [emulator.issue_token(name, user=f"user{number}") for number in range(TOKENS)]
        for user, token in enumerate(issued):
            self.store.save_token(name, user, token)
        self.secrets = [key, client.client_secret, client.oauth2_client_secret]
        self.secrets += [text for token in issued for text in (token.oauth_token, token.oauth_token_secret)]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "oauth1_catalog", "migrate", *arguments]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environment = {**os.environ, **self.environment}
        return subprocess.Popen(command, cwd=self.folder, env=environment, text=True, **options)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """The command in this process: its status, and what it prints. It prints no secret."""
        done = CliRunner().invoke(cli, ["migrate", *arguments], env=self.environment)
        return self._checked(done.exit_code, done.stdout, done.stderr)

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        """The same of a process, when it has ended."""
        out, err = process.communicate(timeout=120)
        return self._checked(process.returncode, out or "", err)

    def _checked(self, status: int, out: str, err: str) -> tuple[int, str, str]:
        for secret in self.secrets:
            assert secret not in out + err
        assert "Traceback" not in err
        return status, out, err

    def rows(self) -> list[OAuth2Token]:
        with Session(self.engine) as session:
            rows = list(session.scalars(select(OAuth2Token)))
            session.expunge_all()
            return rows

    def states(self) -> list[str]:
        return sorted(row.state for row in self.rows())

    @property
    def asked(self) -> int:
        return self.emulator.journal.count(role="exchange")

    def wait_for(self, asked: int) -> None:
        ends = time.monotonic() + 60
        while self.asked < asked:
            assert time.monotonic() < ends
            time.sleep(0.01)
