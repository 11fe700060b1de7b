"""``DATABASES`` of the Django projects under test: the server whose port the test names, or else a file of SQLite."""

from __future__ import annotations

import os
from typing import Any


def databases() -> dict[str, dict[str, Any]]:
    """The database that POSTGRESQL_PORT, MARIADB_PORT or SQLITE names."""
    if port := os.environ.get("POSTGRESQL_PORT"):
        server = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "tests"}
        return {"default": {**server, "HOST": "127.0.0.1", "PORT": port}}
    if port := os.environ.get("MARIADB_PORT"):
        import pymysql  # Django's backend asks for mysqlclient, which has to be compiled

        pymysql.install_as_MySQLdb()
        server = {"ENGINE": "django.db.backends.mysql", "NAME": "tests", "USER": "root"}
        return {"default": {**server, "HOST": "127.0.0.1", "PORT": port, "TEST": {"CHARSET": "utf8mb4"}}}
    # A file, since other threads and processes are to see it.
    file = os.environ["SQLITE"]
    return {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": file,
            "OPTIONS": {"timeout": 60},
            "TEST": {"NAME": file},
        }
    }
