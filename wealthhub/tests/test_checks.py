"""An old PostgreSQL is refused before anything is migrated."""

from unittest.mock import patch

from django.db import connections
from django.test import TestCase

from wealthhub.checks import postgres_is_new_enough


class PostgresVersionTests(TestCase):
    def test_it_works(self):
        assert postgres_is_new_enough(databases=["default"]) == []

    def test_version_17_is_refused_with_its_number(self):
        with patch.object(connections["default"], "pg_version", new=170006):
            (error,) = postgres_is_new_enough(databases=["default"])
        assert error.msg == "The database 'default' is PostgreSQL 17.6."
        assert error.id == "wealthhub.E001"

    def test_without_a_database_nothing_is_asked(self):
        with self.assertNumQueries(0):
            assert postgres_is_new_enough(databases=None) == []
