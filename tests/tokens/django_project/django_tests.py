"""Run by Django's own test runner, on the database of the settings; see ``tests/tokens/test_django_tokens.py``."""

import io
import os
import re
import threading
import time
from datetime import UTC, datetime

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.signals import post_delete
from django.test import Client, TransactionTestCase, override_settings

from oauth1_catalog.emulator.testing import submit_consent
from oauth1_catalog.errors import MissingTokenError, TokenKeyError, TokenRequestDeniedError
from oauth1_catalog.integrations.django_tokens.models import OAuth1Token, OAuth2Token
from oauth1_catalog.integrations.django_tokens.store import DjangoTokens
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.migration import Counts, Outcome
from oauth1_catalog.registry.token import OAuth2Token as BearerToken
from oauth1_catalog.registry.token import Token

FIELDS = {"oauth_token": "token-1", "oauth_token_secret": "secret-1", "screen_name": "ada"}


class WithUser(TransactionTestCase):
    def setUp(self):
        self.user = get_user_model().objects.create_user("ada", password="x")
        self.store = DjangoTokens()

    def save(self, user=None, name="twitter", **fields):
        OAuth1Token.save_token(name=name, user=user or self.user, token={**FIELDS, **fields})


class TableTests(WithUser):
    def test_a_token_comes_back_as_it_was(self):
        token = Token(FIELDS)
        token.expires_at = 1_900_000_000.0
        OAuth1Token.save_token(name="twitter", user=self.user, token=token)
        row = OAuth1Token.find(name="twitter", user=self.user)
        assert row.expires_at == datetime.fromtimestamp(1_900_000_000, UTC)
        found = row.to_token()
        assert dict(found) == FIELDS
        assert (found.expires_at, found.user, found.version) == (1_900_000_000.0, self.user.pk, 1)
        assert OAuth1Token.find(name="twitter", user=str(self.user.pk)).to_token() == found
        assert OAuth1Token.find(name="tumblr", user=self.user) is None

    def test_saving_again_is_an_update(self):
        self.save()
        self.save(oauth_token="token-2")
        row = OAuth1Token.objects.get()
        assert (row.version, row.to_token()["oauth_token"]) == (2, "token-2")
        assert row.created_at < row.updated_at

    def test_fifty_threads_delete_and_save_at_once(self):
        """No thread is told that the database is locked: each waits until it may write."""
        users = [get_user_model().objects.create_user(f"user{number}") for number in range(50)]
        modes = ("delete", "wal") if connection.vendor == "sqlite" else (None,)
        for mode in modes:
            if mode:
                with connection.cursor() as cursor:
                    cursor.execute(f"PRAGMA journal_mode={mode}")
            self._delete_and_save(users)

    def _delete_and_save(self, users):
        failed = []

        def work(user):
            try:
                for number in range(3):
                    token = {**FIELDS, "oauth_token": f"token-{user.pk}-{number}"}
                    self.store.save_token("twitter", user.pk, token)
                    self.store.delete_token("twitter", user.pk, {**token, "oauth_token": "another"})
                    assert self.store.find("twitter", user.pk) is not None
                    self.store.delete_token("twitter", user.pk, token)
                    assert self.store.find("twitter", user.pk) is None
            except Exception as error:
                failed.append(repr(error))
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(user,)) for user in users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []

    def test_the_table_holds_no_secret(self):
        self.save()
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM oauth1_catalog_tokens_oauth1token")
            row = str(cursor.fetchall())
        assert "token-1" not in row
        assert "secret-1" not in row
        assert str(OAuth1Token.objects.get()) == f"twitter of user {self.user.pk}"

    def test_a_row_that_was_moved_is_no_token(self):
        grace = get_user_model().objects.create_user("grace")
        self.save()
        OAuth1Token.objects.update(user=grace)
        with pytest.raises(TokenKeyError, match=f"twitter: the token of user {grace.pk} cannot be read"):
            OAuth1Token.find(name="twitter", user=grace).to_token()

    def test_the_wrong_key(self):
        self.save()
        unread = pytest.raises(TokenKeyError, match=f"the token of user {self.user.pk} cannot be read")
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[TokenCipher.new_key()]), unread:
            DjangoTokens().find("twitter", self.user)

    def test_workers_save_at_once(self):
        barrier = threading.Barrier(8)

        def work(number):
            barrier.wait()
            self.save(oauth_token=f"token-{number}", oauth_token_secret=f"secret-{number}")
            connection.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        row = OAuth1Token.objects.get()
        assert row.version == 8
        assert row.to_token()["oauth_token"].removeprefix("token") == row.to_token()["oauth_token_secret"][6:]

    def test_delete_and_claim(self):
        self.save()
        rejected = self.store.find("twitter", self.user)
        assert self.store.claim_renewal("twitter", self.user, 1, 60)
        assert not self.store.claim_renewal("twitter", self.user, 1, 60)
        self.store.delete_token("twitter", self.user, rejected)
        assert OAuth1Token.objects.exists(), "it is being renewed"
        self.store.release_renewal("twitter", self.user)
        self.store.delete_token("twitter", self.user, {**FIELDS, "oauth_token": "another"})
        assert OAuth1Token.objects.exists(), "it is another one"
        self.store.delete_token("twitter", self.user, rejected)
        assert not OAuth1Token.objects.exists()

    def test_a_claim_ends_that_was_made_when_the_clock_was_ahead(self):
        self.save()
        for ahead in (3600, 86_400):
            with time_machine.travel(time.time() + ahead):
                assert self.store.claim_renewal("twitter", self.user, 1, 60)
                assert not self.store.claim_renewal("twitter", self.user, 1, 60)
            assert self.store.claim_renewal("twitter", self.user, 1, 60)
            assert not self.store.claim_renewal("twitter", self.user, 1, 60)
            self.store.release_renewal("twitter", self.user)
        with time_machine.travel(time.time() + 300):
            assert self.store.claim_renewal("twitter", self.user, 1, 60)
        assert not self.store.claim_renewal("twitter", self.user, 1, 60), "a little ahead"

    def test_a_project_that_listens_to_deletions(self):
        seen = []

        def listen(instance, **kwargs):
            seen.append(str(instance))

        self.save()
        post_delete.connect(listen, sender=OAuth1Token)
        try:
            self.store.delete_token("twitter", self.user, self.store.find("twitter", self.user))
        finally:
            post_delete.disconnect(listen, sender=OAuth1Token)
        assert seen == [f"twitter of user {self.user.pk}"]
        assert not OAuth1Token.objects.exists()

    def test_async_names(self):
        async def use():
            await OAuth1Token.asave_token(name="twitter", user=self.user, token=FIELDS)
            row = await OAuth1Token.afind(name="twitter", user=self.user)
            return row.to_token()

        assert dict(async_to_sync(use)()) == FIELDS

    def test_the_migrations_are_complete(self):
        told = io.StringIO()
        call_command("makemigrations", "oauth1_catalog_tokens", dry_run=True, stdout=told)
        assert "No changes detected" in told.getvalue()


class SiteTests(WithUser):
    def log_in(self, browser, path="/login"):
        consent = browser.get(path)["Location"]
        fields = {"decision": "authorize", "user": "ada"}
        back = submit_consent(consent, fields=fields, verify=os.environ["REQUESTS_CA_BUNDLE"])
        return browser.get(back.removeprefix("http://testserver"))

    def test_a_login_of_a_known_user_is_saved(self):
        browser = Client()
        browser.force_login(self.user)
        assert self.log_in(browser).json() == {"screen_name": "ada"}
        assert OAuth1Token.objects.get().user == self.user
        assert browser.get("/me").json() == {"status": 200}
        assert browser.get("/ame").json() == {"status": 200}

    def test_a_login_in_an_async_view(self):
        browser = Client()
        browser.force_login(self.user)
        self.log_in(browser, "/alogin")
        assert OAuth1Token.objects.get().to_token()["screen_name"] == "ada"

    def test_a_login_of_nobody_is_not(self):
        browser = Client()
        assert self.log_in(browser).status_code == 200
        assert not OAuth1Token.objects.exists()
        with pytest.raises(MissingTokenError):
            browser.get("/me")

    def test_renewal_in_an_async_view(self):
        from urls import oauth

        self.save(name="yahoo", oauth_session_handle="unknown to the provider")

        async def renew():
            await oauth.yahoo.arenew_token(user=self.user)

        with pytest.raises(TokenRequestDeniedError, match="yahoo"):
            async_to_sync(renew)()
        assert OAuth1Token.objects.count() == 0, "the provider rejected it, and so it was forgotten"

    def test_the_admin_shows_no_secret(self):
        self.save()
        root = get_user_model().objects.create_superuser("root")
        browser = Client()
        browser.force_login(root)
        row = OAuth1Token.objects.get()
        for path in ("", f"{row.pk}/change/"):
            page = browser.get(f"/admin/oauth1_catalog_tokens/oauth1token/{path}")
            assert page.status_code == 200
            text = page.content.decode()
            assert "twitter" in text
            for secret in (row.oauth_token, row.oauth_token_secret, row.extra, "token-1", "secret-1"):
                assert secret not in text
        assert browser.get("/admin/oauth1_catalog_tokens/oauth1token/add/").status_code == 403


class RotationTests(WithUser):
    def test_all_rows_get_the_newest_key(self):
        for number in range(25):
            self.save(user=get_user_model().objects.create_user(f"user-{number}"), oauth_token=f"token-{number}")
        old, new = os.environ["OAUTH1_CATALOG_TOKEN_KEYS"], TokenCipher.new_key()
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[new, old]):
            output = io.StringIO()
            call_command("rotate_oauth1_keys", batch_size=10, stdout=output)
            assert output.getvalue().split("\n")[:3] == ["10 of 25", "20 of 25", "25 of 25"]
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[new]):
            tokens = {row.to_token()["oauth_token"] for row in OAuth1Token.objects.all()}
        assert tokens == {f"token-{number}" for number in range(25)}

    def test_a_row_whose_key_is_lost(self):
        self.save()
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[TokenCipher.new_key()]):
            errors = io.StringIO()
            with pytest.raises(CommandError, match="1 of 1 tokens could not be decrypted"):
                call_command("rotate_oauth1_keys", stdout=io.StringIO(), stderr=errors)
        assert f"twitter: the token of user {self.user.pk} cannot be read" in errors.getvalue()


class OAuth2Tests(WithUser):
    """The second table; ``tests/migration/test_django.py`` fills it with the command."""

    def table(self):
        self.save()
        self.save(user=get_user_model().objects.create_user("grace"))
        return apps.get_app_config("oauth1_catalog_tokens").migration("twitter", "default")

    def exchange(self, table, **outcome):
        lease = table.lease(60, period=60, attempts=5)
        token = BearerToken(access_token=f"new-{lease.user}", refresh_token="r", expires_in="7200")
        token.expires_at = 1_900_000_000.0
        given = {"state": "exchanged", "token": token, **outcome}
        assert table.finish(lease, Outcome(**given))
        return lease.user

    def test_a_lease_is_one_worker_s_until_it_ends(self):
        table, other = self.table(), apps.get_app_config("oauth1_catalog_tokens").migration("twitter", "default")
        assert table.counts() == Counts(new=2)
        table.prepare()
        other.prepare()
        first = table.lease(0.05, period=60, attempts=5)
        second = other.lease(60, period=60, attempts=5)
        assert {first.user, second.user} == {user.pk for user in get_user_model().objects.all()}
        assert table.token(first)["oauth_token"] == "token-1"
        assert table.sent(60) == (2, 0.0)
        time.sleep(0.1)
        taken = other.lease(60, period=60, attempts=5)
        assert (taken.row, taken.attempt) == (first.row, 2)
        assert other.sent(60)[0] == 3
        assert 50 < other.next_due(5) <= 60
        assert 50 < other.next_due(1) <= 60, "another worker has the last attempt of a row in hand"
        kept = []
        assert not table.finish(first, Outcome("refused", "late"), lambda: kept.append("late"))
        assert other.finish(taken, Outcome("again", "503", delay=30, pause=900), lambda: kept.append("mine"))
        assert kept == ["mine"]
        assert 890 < table.sent(60)[1] <= 900
        assert table.reasons() == {"503": 1}
        assert 20 < table.next_due(5) <= 60
        table.prepare()
        assert table.next_due(5) == 0.0, "another run asks at once, unless a worker has the row"

    def test_a_refused_row_is_asked_again_when_the_user_has_another_token(self):
        table = self.table()
        table.prepare()
        users = [self.exchange(table, state="refused", reason="400 invalid_grant", token=None) for _ in range(2)]
        table.prepare()
        assert table.counts() == Counts(refused=2)
        self.save(user=users[0], oauth_token="token-2")
        table.prepare()
        assert table.counts() == Counts(refused=1, again=1)
        assert self.exchange(table) == users[0]

    def test_tokens_are_read_and_saved(self):
        table = self.table()
        table.prepare()
        user = self.exchange(table)
        found = self.store.find_oauth2_token("twitter", user)
        assert found == {"access_token": f"new-{user}", "refresh_token": "r", "expires_in": "7200"}
        assert found.expires_at == 1_900_000_000.0
        other = get_user_model().objects.exclude(pk=user).get()
        assert self.store.find_oauth2_token("twitter", other) is None
        self.store.save_oauth2_token("twitter", user, {"access_token": "a", "expires_at": 1_800_000_000})
        assert self.store.find_oauth2_token("twitter", user).expires_at == 1_800_000_000.0
        self.store.save_oauth2_token("twitter", other, {"access_token": "b"})
        self.store.save_oauth2_token("garmin", other, {"access_token": "c"})
        assert self.store.find_oauth2_token("garmin", other) == {"access_token": "c"}
        assert table.counts() == Counts(exchanged=2)
        with pytest.raises(MissingTokenError):
            self.store.save_oauth2_token("twitter", other, {})

        async def use():
            await OAuth2Token.asave_token(name="yahoo", user=other, token={"access_token": "d"})
            return (await OAuth2Token.afind(name="yahoo", user=other)).to_token()

        assert async_to_sync(use)() == {"access_token": "d"}

    def test_a_token_that_was_moved_is_no_token(self):
        self.store.save_oauth2_token("twitter", self.user, {"access_token": "a"})
        OAuth2Token.objects.update(user=get_user_model().objects.create_user("grace"))
        with pytest.raises(TokenKeyError, match="it was sealed for another place"):
            OAuth2Token.objects.get().to_token()

    def test_both_tables_get_the_newest_key(self):
        table = self.table()
        table.prepare()
        user = self.exchange(table)
        old, new = os.environ["OAUTH1_CATALOG_TOKEN_KEYS"], TokenCipher.new_key()
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[new, old]):
            output = io.StringIO()
            call_command("rotate_oauth1_keys", stdout=output)
            assert "3 of 3" in output.getvalue(), "a row without a token needs no key"
        with override_settings(OAUTH1_CATALOG_TOKEN_KEYS=[new]):
            assert self.store.find_oauth2_token("twitter", user)["access_token"] == f"new-{user}"

    def test_the_admin_shows_states_and_no_secret(self):
        self.store.save_oauth2_token("twitter", self.user, {"access_token": "bearer-1", "refresh_token": "bearer-2"})
        root = get_user_model().objects.create_superuser("root")
        browser = Client()
        browser.force_login(root)
        row = OAuth2Token.objects.get()
        for path in ("", f"{row.pk}/change/"):
            page = browser.get(f"/admin/oauth1_catalog_tokens/oauth2token/{path}")
            assert page.status_code == 200
            text = page.content.decode()
            assert "exchanged" in text
            for secret in (row.access_token, row.refresh_token, row.extra, "bearer-1", "bearer-2"):
                assert secret not in text
        assert browser.get("/admin/oauth1_catalog_tokens/oauth2token/add/").status_code == 403

    def test_mistakes_of_the_command(self):
        for name, words in (
            (
                "twitter",
                "twitter: no oauth2_client_id. Set OAUTH1_CATALOG['twitter']['oauth2_client_id'] in the settings",
            ),
            ("yahoo", "yahoo: its file does not describe how to exchange a token"),
            ("twiter", "Did you mean"),
        ):
            with pytest.raises(CommandError, match=re.escape(words)):
                call_command("oauth1_migrate", name, dry_run=True)
        with pytest.raises(CommandError, match="--limit and --attempts are at least 1"):
            call_command("oauth1_migrate", "twitter", limit=0)
