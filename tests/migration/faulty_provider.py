"""X as a process of its own, which fails as real servers do: ``python -m tests.migration.faulty_provider TOKENS SEED``.

It is the emulator, with faults before and after an exchange. It prints one line of JSON with what a worker needs, and
after each line of its input another one with what it has seen.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from oauth1_catalog.rfc5849.messages import Request, Response

RATES = {"429": 0.005, "503": 0.04, "before": 0.03, "after": 0.03, "cut": 0.03}
"""How often each fault happens: a status, a connection that ends before or after the exchange, half an answer."""


class FaultyEmulator(Emulator):
    """Counts the exchanges of each user, and those that overlap."""

    def __init__(self, catalog: Catalog, *, seed: str, slow: float, rates: dict[str, float]) -> None:
        super().__init__(catalog)
        self.chance = random.Random(seed)
        self.slow = slow
        self.rates = rates
        self.users: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.overlaps: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.given: dict[str, list[str]] = defaultdict(list)
        self.refused: dict[str, int] = {}
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self.lock = threading.Lock()

    def _answer(self, request: Request, connection: int) -> Response | None:  # private: no public hook sees an answer
        form = parse_qs((request.body or b"").decode())
        if "subject_token" not in form:
            return super()._answer(request, connection)
        user = self.users[form["subject_token"][0]]
        with self.lock:
            self.asked[user] += 1
            self.times.append(time.time())
            self.inside[user] += 1
            self.overlaps[user] += self.inside[user] > 1
            fault = self.chance.choices([*self.rates, ""], [*self.rates.values(), 1 - sum(self.rates.values())])[0]
            self.faults[fault] += 1
        try:
            time.sleep(self.slow)
            answer = self._faulty(fault, user, request, connection)
            with self.lock:
                self.statuses[answer.status if answer else 0] += 1
            return answer
        finally:
            with self.lock:
                self.inside[user] -= 1

    def _faulty(self, fault: str, user: str, request: Request, connection: int) -> Response | None:
        if fault == "429":
            return Response(429, {"Retry-After": "1"}, b"")
        if fault == "503":
            return Response(503, {}, b"<h1>busy</h1>")
        if fault == "before":
            return None
        answer = super()._answer(request, connection)
        assert answer is not None
        with self.lock:
            if answer.status == 200:
                self.given[user].append(json.loads(answer.body)["access_token"])
            elif answer.status == 400:
                self.refused[user] = self.refused.get(user, 0) + 1
        if fault == "after":
            return None
        if fault == "cut":
            headers = {**answer.headers, "Content-Length": str(len(answer.body)), "Connection": "close"}
            return Response(answer.status, headers, answer.body[: len(answer.body) // 2])
        return answer

    def seen(self) -> dict[str, Any]:
        with self.lock:
            return {
                "asked": self.asked,
                "overlaps": +self.overlaps,
                "faults": self.faults,
                "given": self.given,
                "refused": self.refused,
                "statuses": self.statuses,
                "times": self.times,
            }


def write(document: object) -> None:
    sys.stdout.write(f"{json.dumps(document)}\n")
    sys.stdout.flush()


def main(tokens: str, seed: str, slow: str = "0.005", rates: str = "", files: str = "") -> None:
    chosen = json.loads(rates) if rates else RATES
    catalog = Catalog(files) if files else Catalog()
    with (
        tempfile.TemporaryDirectory() as folder,
        FaultyEmulator(catalog, seed=seed, slow=float(slow), rates=chosen) as emulator,
    ):
        write_files(emulator, [emulator.catalog.provider("x")], Path(folder))
        issued = {f"user{number}": emulator.issue_token("x", user=f"user{number}") for number in range(int(tokens))}
        emulator.users = {token.oauth_token: user for user, token in issued.items()}
        client = emulator.client("x")
        told = {
            "environment": {
                "OAUTH1_CATALOG_PATH": os.pathsep.join(filter(None, (folder, files))),
                "REQUESTS_CA_BUNDLE": str(Path(folder, "ca-bundle.pem")),
                "X_CLIENT_ID": client.client_id,
                "X_CLIENT_SECRET": client.client_secret,
                "X_OAUTH2_CLIENT_ID": client.oauth2_client_id,
                "X_OAUTH2_CLIENT_SECRET": client.oauth2_client_secret,
            },
            "tokens": [[token.oauth_token, token.oauth_token_secret] for token in issued.values()],
            "url": emulator.catalog.provider("x").api_base_url,
        }
        write(told)
        for _ in sys.stdin:
            write(emulator.seen())


if __name__ == "__main__":
    main(*sys.argv[1:])
