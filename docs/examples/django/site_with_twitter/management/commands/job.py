"""``manage.py job``: a background job, which calls the API for every user without a request and a browser."""

from django.contrib.auth import get_user_model
from django.core.management import BaseCommand

from site_with_twitter.oauth import oauth


class Command(BaseCommand):
    def handle(self, **options):
        for user in get_user_model().objects.filter(oauth1_tokens__name="twitter"):
            token = oauth.twitter.find_token(user=user)
            response = oauth.twitter.get("statuses/user_timeline.json", token=token)
            print(f"{user.first_name}: the API answered {response.status_code}")
