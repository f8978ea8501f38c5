"""``manage.py rotate_keys``: put personal data under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wealthhub import crypto
from wealthhub.clients import rotation


class Command(BaseCommand):
    """Re-encrypts every value that was not written under the first of FIELD_KEYS. Can be stopped and run again."""

    help = "Re-encrypt personal data written under older keys. Safe to stop and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many rows a transaction holds, and whether to look only."""
        parser.add_argument("--batch", type=int, default=1000, help="rows a transaction (default 1000)")
        parser.add_argument("--check", action="store_true", help="count what is left and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a column; fail with the reason when a key is missing."""
        if options["batch"] < 1:
            raise CommandError("--batch is at least 1.")
        left = 0
        for column in rotation.encrypted_columns():
            if options["check"]:
                count = rotation.left_over(column)
                left += count
                self.stdout.write(f"{column}: {count} left")
                continue
            try:
                count = rotation.rotate(column, batch=options["batch"])
            except crypto.Undecryptable as error:
                message = f"{column}: {error}. Put the old key back behind the new one and run again."
                raise CommandError(message) from error
            self.stdout.write(f"{column}: {count} re-encrypted")
        if options["check"] and left == 0:
            self.stdout.write(f"Everything is under the key {crypto.current_key_id()}.")
