"""Encrypted columns and the hashes to look them up by."""

from __future__ import annotations

from typing import Any

from django.db import models

from wealthhub import crypto


class EncryptedField(models.BinaryField):
    """Text in Python, AES-256-GCM bytes in the database, bound to its table and column. Cannot be filtered on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """As Django asks, without what we fix ourselves."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, list(args), kwargs

    @property
    def bound_to(self) -> str:
        """What a value is bound to: ``clients_client.pan``. A history row holds its table's value as it stood."""
        model = getattr(self.model, "pgh_tracked_model", None) or self.model
        return f"{model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: str | None, connection: Any, prepared: bool = False) -> Any:
        """Encrypt on the way in; an empty text is no value."""
        stored = crypto.encrypt(value, column=self.bound_to) if value else None
        return super().get_db_prep_value(stored, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else crypto.decrypt(bytes(value), column=self.bound_to)

    def to_python(self, value: Any) -> Any:
        """Text stays text."""
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Never serialised in clear."""
        return ""


class LookupHashField(models.BinaryField):
    """16 bytes of keyed hash; see `wealthhub.crypto.lookup_hash`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 16)
        super().__init__(*args, **kwargs)
