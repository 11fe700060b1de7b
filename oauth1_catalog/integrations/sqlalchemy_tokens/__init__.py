"""Users' tokens in a table of SQLAlchemy 2, encrypted: for Flask, Starlette and FastAPI, and scripts.

``from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens``
"""

from oauth1_catalog.errors import needs

with needs(__name__, "sqlalchemy"):
    from oauth1_catalog.integrations.sqlalchemy_tokens.model import OAuth1TokenMixin
    from oauth1_catalog.integrations.sqlalchemy_tokens.oauth2_model import OAuth2TokenMixin
    from oauth1_catalog.integrations.sqlalchemy_tokens.store import SQLAlchemyTokens

__all__ = ["OAuth1TokenMixin", "OAuth2TokenMixin", "SQLAlchemyTokens"]
