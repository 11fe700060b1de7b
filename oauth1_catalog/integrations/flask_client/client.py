"""A registered client in Flask: Authlib's remote app, which finds the request itself."""

from __future__ import annotations

from flask import Request
from werkzeug.wrappers import Response

from oauth1_catalog.integrations.base_client import ContextOAuth1App


class FlaskOAuth1App(ContextOAuth1App[Request, Response]):
    """A client of one provider."""
