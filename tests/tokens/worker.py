"""Processes of an application: ``python -m tests.tokens.worker COUNT TASK DATABASE KEY ...``.

They are forked when everything is imported, and begin together. Each writes one line at its end.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import Any

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from oauth1_catalog import Catalog
from oauth1_catalog.emulator.providers import EmulatedCatalog, Origins
from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.token import Token
from tests.tokens.models import OAuth1Token, token


def save_and_read(store: Any, number: int, share: str) -> str:
    """Save this worker's share of the users' tokens; read what another one saves meanwhile."""
    first, neighbour = number * int(share), (number + 1) * int(share)
    for step in range(int(share)):
        store.save_token("twitter", first + step, token(first + step))
        if step % 2:
            other = neighbour + step // 2
            found = store.find("twitter", other)
            assert found is None or dict(found) == token(other), f"the token of {other} is another's"
        if step % (int(share) // 10) == 0:
            store.save_token("contended", 1, token(first + step))
    return "done"


def save_until_it_fails(store: Any, number: int, share: str) -> str:
    """The users whose tokens were saved until the database was gone."""
    saved = []
    for user in range(number * int(share), 10**9):
        try:
            store.save_token("twitter", user, token(user))
        except OperationalError:
            break
        saved.append(str(user))
    return " ".join(saved)


def renew(
    store: Any, number: int, provider: str, secure: str, consent: str, ca_file: str, client_id: str, secret: str
) -> str:
    """Renew the token that this worker found to have ended; what it goes on with."""
    app = Flask(__name__)
    oauth = OAuth(app, token_store=store, catalog=EmulatedCatalog(Catalog(), Origins(secure, consent)))
    keys = {"client_id": client_id, "client_secret": secret}
    # Yahoo, which is retired, is one of them: its tokens are renewed with a session handle.
    client = oauth.register_from_catalog(provider, **keys, client_kwargs={"verify": ca_file}, allow_retired=True)
    ended = Token(client.find_token(user=7))
    ended.user, ended.version = 7, 1
    renewed = client.renew_token(ended)
    return f"{renewed['oauth_token']} {renewed.version}"


TASKS: dict[str, Any] = {"save_and_read": save_and_read, "save_until_it_fails": save_until_it_fails, "renew": renew}


def work(number: int, begin: Any, task: str, database: str, key: str, arguments: list[str]) -> None:
    """One process."""
    options: dict[str, Any] = {"connect_args": {"timeout": 60}} if database.startswith("sqlite") else {}
    store = SQLAlchemyTokens(sessionmaker(create_engine(database, **options)), OAuth1Token, keys=key)
    begin.wait()
    # One write for one line: the processes share the pipe.
    os.write(1, f"{TASKS[task](store, number, *arguments)}\n".encode())


def main(count: str, task: str, database: str, key: str, *arguments: str) -> None:
    fork = multiprocessing.get_context("fork")
    begin = fork.Event()
    processes = [
        fork.Process(target=work, args=(number, begin, task, database, key, list(arguments)))
        for number in range(int(count))
    ]
    for process in processes:
        process.start()
    begin.set()
    for process in processes:
        process.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
