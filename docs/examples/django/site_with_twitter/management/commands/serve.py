"""``manage.py serve``: make the tables, then serve the site."""

import os

from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    def handle(self, **options):
        call_command("migrate", verbosity=0)
        call_command("runserver", f"127.0.0.1:{os.environ.get('PORT', '8000')}", use_reloader=False)
