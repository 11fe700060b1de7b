"""``oauth1-catalog rule``: what a finding's code means, why, and how it is written right."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from oauth1_catalog.catalog.diagnostics import did_you_mean
from oauth1_catalog.catalog.rules.pages import rule_codes, rule_page


def _complete_code(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """What Tab offers: the codes that begin so, with their titles where the shell shows them."""
    codes = [code for code in rule_codes() if code.startswith(incomplete.upper())]
    return [CompletionItem(code, help=rule_page(code).title) for code in codes]


@click.command()
@click.argument("code", required=False, shell_complete=_complete_code)
def rule(code: str | None) -> None:
    """Explain the finding CODE, such as P036. Without CODE, list all findings."""
    if code is None:
        for known in rule_codes():
            click.echo(f"{known}  {rule_page(known).title}")
        return
    try:
        click.echo(rule_page(code.upper()).text, nl=False)
    except KeyError:
        hint = did_you_mean(code.upper(), rule_codes(), otherwise="`oauth1-catalog rule` lists all.")
        raise click.UsageError(f"no rule {code}; {hint}") from None
