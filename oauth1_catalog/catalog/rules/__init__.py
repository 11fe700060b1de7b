"""What the model alone cannot say: one module for each subject, one function for each rule.

A rule takes a ``Subject`` and yields findings. The catalog runs those without which a file cannot be used; the
validator runs them all.
"""

from __future__ import annotations

from oauth1_catalog.catalog.rules import (
    claims,
    credentials,
    evidence,
    flows,
    form,
    urls,
)
from oauth1_catalog.catalog.rules.base import Rule


def usability_rules() -> tuple[Rule, ...]:
    """The rules that the loader holds a file to: all but the one about http, which an application may allow."""
    return tuple(rule for rule in all_rules() if rule is not urls.plaintext_goes_over_https)


def all_rules() -> tuple[Rule, ...]:
    """The rules that the validator holds a file to; what takes several files is in ``across.py``."""
    modules = (credentials, flows, urls, claims, evidence, form)
    return tuple(rule for module in modules for rule in module.RULES)
