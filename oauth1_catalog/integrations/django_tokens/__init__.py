"""Users' tokens in a table of Django, encrypted: add this app to ``INSTALLED_APPS``, see ``docs/tokens.md``.

The model is ``oauth1_catalog.integrations.django_tokens.models.OAuth1Token``, the store
``oauth1_catalog.integrations.django_tokens.store.DjangoTokens``.
"""

from oauth1_catalog.errors import needs

with needs(__name__, "django"):  # its modules cannot be imported yet: Django loads the apps one by one
    import asgiref.sync  # noqa: F401 - is it installed?
    import django.db  # noqa: F401 - likewise
