"""Users' tokens in a table of Django, encrypted: add this app to ``INSTALLED_APPS``, see ``docs/tokens.md``.

The model is ``oauth1_catalog.integrations.django_tokens.models.OAuth1Token``, the store
``oauth1_catalog.integrations.django_tokens.store.DjangoTokens``.
"""
