"""The clients of this site; the token store is the one of the settings."""

from oauth1_catalog.integrations.django_client import OAuth

oauth = OAuth(forget_rejected_tokens=True)
oauth.register_from_catalog("twitter")
