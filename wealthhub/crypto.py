"""Personal data at rest: AES-256-GCM with a key id, and keyed hashes for look-up."""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class Undecryptable(Exception):
    """The value was written under a key that is not configured, or for another column, or was altered."""


@lru_cache(maxsize=4)
def _keys(configured: tuple[str, ...]) -> dict[str, AESGCM]:
    pairs = (entry.split(":", 1) for entry in configured)
    return {name: AESGCM(base64.b64decode(key)) for name, key in pairs}


def keys() -> dict[str, AESGCM]:
    """Configured ciphers by key id, the one that encrypts first."""
    return _keys(tuple(settings.FIELD_KEYS))


def current_key_id() -> str:
    """The id of the key new values are written under."""
    return next(iter(keys()))


def encrypt(text: str, *, column: str) -> bytes:
    """``key id | 0x00 | nonce | ciphertext and tag``. ``column`` is bound in: copied elsewhere, it does not decrypt."""
    key_id, cipher = next(iter(keys().items()))
    nonce = os.urandom(_NONCE)
    return key_id.encode() + b"\0" + nonce + cipher.encrypt(nonce, text.encode(), column.encode())


def key_id_of(stored: bytes) -> str:
    """The id of the key ``stored`` was written under."""
    return bytes(stored).split(b"\0", 1)[0].decode("ascii", "replace")


def decrypt(stored: bytes, *, column: str) -> str:
    """The text behind ``stored``.

    Raises: Undecryptable: wrong key, wrong column or altered bytes.
    """
    key_id, _, rest = bytes(stored).partition(b"\0")
    cipher = keys().get(key_id.decode("ascii", "replace"))
    if cipher is None:
        message = f"key {key_id!r} is not configured"
        raise Undecryptable(message)
    try:
        return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], column.encode()).decode()
    except InvalidTag as error:
        message = f"{column} does not decrypt under key {key_id!r}"
        raise Undecryptable(message) from error


def lookup_hash(text: str, *, column: str) -> bytes:
    """16 bytes by which an exact value is found again; useless without HASH_KEY. Normalise ``text`` before."""
    message = f"{column}\0{text}".encode()
    return hmac.new(settings.HASH_KEY.encode(), message, hashlib.sha256).digest()[:16]
