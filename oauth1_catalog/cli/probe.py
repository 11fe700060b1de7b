"""``oauth1-catalog probe``: ask providers whether they still speak OAuth 1.0, with a made-up key.

It never belongs to the checks of a pull request, because the servers of others decide how it ends.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from oauth1_catalog.access import LocalHosts
from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.files import read_bytes, shipped_directory
from oauth1_catalog.catalog.fmt import set_field
from oauth1_catalog.cli import (
    DIRECTORY,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    complete_provider,
    pairs_of,
    providers_named,
)
from oauth1_catalog.cli.probing import AGENT, Run, Target, targets, targets_of_environment
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.lookups import check_public
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.diagnosis.liveness import CHANGES, Finding, verdict
from oauth1_catalog.errors import MissingSettingError, OAuthError, needs
from oauth1_catalog.flow.driver import run
from oauth1_catalog.redaction import one_line
from oauth1_catalog.registry.effects import Pause
from oauth1_catalog.rfc5849.messages import Request, Response

with needs("The command `probe`", "cli"):
    from protego import Protego

MAX_ANSWER = 512 * 1024
"""The longest answer that is read, in bytes. RFC 9309 wants as much of a robots.txt read."""

CERTAIN = frozenset({"oauth1", *CHANGES})
"""The results that a provider's own answer shows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A provider to ask: its file, the requests, and the result that the file contains."""

    name: str
    path: Path
    targets: tuple[Target, ...]
    recorded: str | None


@dataclass(frozen=True, slots=True)
class Probed:
    """What a run found out about one provider."""

    wanted: Wanted
    result: Finding
    endpoints: Mapping[str, Finding]

    @property
    def has_changes(self) -> bool:
        """Whether something has moved or ended, or asks for OAuth 2.0."""
        return any(found.outcome in CHANGES for found in (self.result, *self.endpoints.values()))

    @property
    def is_news(self) -> bool:
        """Whether the result is certain, and not the one in the file."""
        return self.result.outcome in CERTAIN and self.result.outcome != self.wanted.recorded


class _Seconds(click.FloatRange):
    """A number of seconds. No comparison with nan is true, so that the range alone would accept it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return seconds


@click.command()
@click.argument("providers", nargs=-1, shell_complete=complete_provider)
@click.option(
    "--contact",
    required=True,
    envvar="OAUTH1_CATALOG_PROBE_CONTACT",
    show_envvar=True,
    metavar="ADDRESS",
    help="Your e-mail address or a URL, where a provider can complain. The User-Agent contains it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--write", is_flag=True, help="Write the day and the result into the field `probed` of each file.")
@click.option("--only-news", is_flag=True, help="With --write: only results that are certain and differ from the file.")
@click.option(
    "--pause",
    type=_Seconds(1, 600),
    default=2.0,
    show_default=True,
    help="Seconds between two requests to the same host.",
)
@click.option("--timeout", type=_Seconds(1, 120), default=15.0, show_default=True, help="Seconds for one request.")
@click.option("--total", type=_Seconds(1, 86_400), default=3600.0, show_default=True, help="Seconds for all requests.")
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def probe(
    providers: tuple[str, ...],
    contact: str,
    as_json: bool,
    write: bool,
    only_news: bool,
    pause: float,
    timeout: float,
    total: float,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Ask providers whether they still speak OAuth 1.0. PROVIDERS are names or files.

    Each endpoint gets one request with a made-up key, token and signature. robots.txt is obeyed. Without PROVIDERS,
    asks all that are not retired and have no variables without a default.

    The exit status is 0 if all of them speak OAuth 1.0, 1 if something has moved or ended or asks for OAuth 2.0, and 2
    if the answers of a provider show neither, or an option is wrong.
    """
    if not re.fullmatch(r"(?=.*(?:@|://))[!-'*-~]{3,200}", contact):
        raise click.UsageError("--contact: write an e-mail address or a URL, without blanks and parentheses")
    if only_news and not write:
        raise click.UsageError("--only-news: add --write, whose files it selects")
    if settings and len(providers) != 1:
        raise click.UsageError("--set: name the one provider that has these variables")
    if settings and write:
        raise click.UsageError("--write: leave out --set, because its values belong to one installation")
    names, catalog = providers_named(providers, directories) if providers else ((), Catalog(*directories))
    plan = Plan(catalog, f"{AGENT}/{version('oauth1-catalog')} (+{contact})")
    if names:
        plan.add_named(names, pairs_of(settings), allow_local_hosts or None, insecure_transport or None)
    else:
        plan.add_all()
    if write and (foreign := [one.name for one in plan.wanted if one.path.parent == shipped_directory()]):
        raise click.UsageError(f"--write: the file of {foreign[0]} is that of the installed package; run it in a clone")
    today = dt.datetime.now(tz=dt.UTC).date()
    end = time.monotonic() + total
    local_hosts = LocalHosts.of(True) if allow_local_hosts else LocalHosts(loopback=False)
    session = Run(plan.agent, Protego.parse, time.monotonic, pause, end, local_hosts)
    asked: list[Probed] = []
    for probed in _ask(plan.wanted, session, timeout=timeout, looks_up=not allow_local_hosts):
        asked.append(probed)
        if write and (probed.is_news or not only_news):
            _write(probed, today)
        if not as_json:
            click.echo("\n".join(_lines(probed)))
    click.echo(_as_json(asked, plan, today) if as_json else _summary(asked, plan))
    if any(probed.has_changes for probed in asked):
        sys.exit(1)
    if plan.broken or any(probed.result.outcome != "oauth1" for probed in asked):
        sys.exit(2)


@dataclass(slots=True)
class Plan:
    """The providers to ask, and those that are not asked.

    Args:
        catalog: where they are looked up.
        agent: the User-Agent.
        wanted: those to ask.
        skipped: the others by name, with the reason.
        broken: the names of those whose file cannot be used.
    """

    catalog: Catalog
    agent: str
    wanted: list[Wanted] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def add_named(
        self, names: Iterable[str], values: Mapping[str, object], local_hosts: bool | None, insecure: bool | None
    ) -> None:
        """Add providers that the user names.

        Raises:
            OAuthError: one of them cannot be asked.
        """
        for name in names:
            self._add(name, values, local_hosts, insecure)

    def add_all(self) -> None:
        """Add all providers of the catalog that can be asked."""
        for name in self.catalog.names():
            try:
                if self.catalog.file(name).status == "retired":
                    self.skipped[name] = "retired"
                else:
                    self._add(name, {}, None, None)
            except MissingSettingError as error:
                self.skipped[name] = f"--set {error.setting}=..."
            except OAuthError as error:
                self.skipped[name] = error.description
                self.broken.append(name)

    def _add(self, name: str, values: Mapping[str, object], local_hosts: bool | None, insecure: bool | None) -> None:
        of = partial(
            self.catalog.provider, name, values=values, allow_local_hosts=local_hosts, insecure_transport=insecure
        )
        provider = of()
        file = self.catalog.file(name)
        path = Path(self.catalog.entry(name).own.path)
        requests = list(targets(provider, file.docs_url, user_agent=self.agent))
        for environment in file.environments:
            requests += targets_of_environment(of(environment=environment), requests, user_agent=self.agent)
        recorded = None if file.probed is None else file.probed.result
        self.wanted.append(Wanted(provider.name, path, tuple(requests), recorded))


def _ask(wanted: Iterable[Wanted], session: Run, *, timeout: float, looks_up: bool) -> Iterator[Probed]:
    """Ask the providers one after the other."""
    limits = Limits(connect=timeout, read=timeout, token_deadline=timeout, token_bytes=MAX_ANSWER, connect_retries=0)
    with RequestsPool(limits=limits, headers={"Connection": "close"}) as pool:

        def perform(effect: Request | Pause) -> Response | None:
            if isinstance(effect, Pause):
                time.sleep(effect.seconds)
                return None
            if looks_up:
                check_public(effect.url)
            try:
                return pool.send(effect)
            finally:
                pool.close()  # some servers close a connection during the pause, without a word in their answer

        for one in wanted:
            endpoints = run(session.probe(one.targets), perform)
            yield Probed(one, verdict(endpoints), endpoints)


def _write(probed: Probed, today: dt.date) -> None:
    """Write the result into the provider's own file.

    Raises:
        ClickException: the file has a layout in which the field has no place.
    """
    path = probed.wanted.path
    before = read_bytes(path).decode("utf-8")
    after = set_field(before, "probed", {"on": str(today), "result": probed.result.outcome})
    if after is None:
        raise click.ClickException(
            f"{one_line(str(path))}: `probed` cannot be written into it. Run oauth1-catalog fmt."
        )
    path.write_bytes(after.encode("utf-8"))


def _lines(probed: Probed) -> Iterator[str]:
    yield one_line(f"{probed.wanted.name}: {probed.result.outcome} ({probed.result.reason})")
    width = max(map(len, probed.endpoints), default=0)
    for name, found in probed.endpoints.items():
        yield one_line(f"  {name:{width}}  {found.outcome:12} {found.reason}")


def _summary(asked: list[Probed], plan: Plan) -> str:
    outcomes = [probed.result.outcome for probed in asked]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(sorted(outcomes)))
    lines = [f"{len(asked)} asked{f': {counts}' if counts else ''}"]
    reasons = dict.fromkeys(sorted(plan.skipped.values()))
    lines += [
        f"not asked ({reason}): {', '.join(name for name, why in plan.skipped.items() if why == reason)}"
        for reason in reasons
    ]
    return "\n".join(map(one_line, lines))


def _as_json(asked: list[Probed], plan: Plan, today: dt.date) -> str:
    def shown(found: Finding) -> dict[str, object]:
        return {"outcome": found.outcome, "reason": found.reason, "status": found.status, "location": found.location}

    providers = [
        {
            "name": probed.wanted.name,
            "result": probed.result.outcome,
            "reason": probed.result.reason,
            "recorded": probed.wanted.recorded,
            "endpoints": {name: shown(found) for name, found in probed.endpoints.items()},
        }
        for probed in asked
    ]
    report = {"version": 1, "on": str(today), "providers": providers, "skipped": plan.skipped}
    return json.dumps(report, indent=2, ensure_ascii=False)
