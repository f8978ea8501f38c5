"""Reads the environment, and nothing else does.

Order: the process environment, then ``.env`` in the project folder, then ``local.env`` in the data folder (made
once with random secrets for a copy that runs on one machine). Every default in ``settings.py`` is the safe one.
"""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

BASE_DIR = Path(__file__).resolve().parent.parent
_REQUIRED: Any = object()


class MissingSetting(Exception):
    """A variable that has no default is not set."""


def data_dir() -> Path:
    """The folder for everything this copy writes: servers, uploads, secrets."""
    return Path(os.environ.get("WEALTHHUB_DATA") or BASE_DIR / ".data").resolve()


def flag(text: str) -> bool:
    """``1/true/yes/on`` and their opposites; anything else is an error rather than a silent no."""
    value = text.strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")


def words(text: str) -> list[str]:
    """A comma-separated list without empty entries."""
    return [word.strip() for word in text.split(",") if word.strip()]


def env(name: str, *, default: Any = _REQUIRED, cast: Callable[[str], Any] = str) -> Any:
    """The variable ``name``, cast; ``default`` as it is where it is unset.

    Raises: MissingSetting: it is unset and has no default. ValueError: the cast refused, with the name in the message.
    """
    raw = os.environ.get(name)
    if raw is None or raw == "":
        if default is _REQUIRED:
            raise MissingSetting(
                f"Set {name}: see .env.example. `make run` and `make test` set it for a local copy."
            )
        return default
    try:
        return cast(raw)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def load_file(path: Path) -> None:
    """Put ``NAME=value`` lines of ``path`` into the environment where a name is not set yet."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def ensure_local_env() -> Path:
    """Make ``local.env`` with fresh random secrets, once, readable by its owner only; return its path."""
    path = data_dir() / "local.env"
    if not path.exists():
        # Closed to others; but as root, the servers' own account has to pass through to its directory.
        path.parent.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        text = (
            "# Secrets of this copy, made at its first start. Losing FIELD_KEYS loses the encrypted columns.\n"
            f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
            f"FIELD_KEYS=k1:{key}\n"
            f"HASH_KEY={secrets.token_urlsafe(32)}\n"
            "HTTPS=0\nSTATIC_HASHED=0\nDEMO_SIGN_INS=1\n"
        )
        unfinished = path.with_name(f"local.env.{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            os.link(unfinished, path)  # whole or not at all, and never over that of another process
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path


def load() -> None:
    """Load ``.env`` and, where no secret is configured, the data folder's ``local.env``."""
    load_file(BASE_DIR / ".env")
    if not os.environ.get("SECRET_KEY"):
        load_file(data_dir() / "local.env")


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for ``postgresql://user:password@host:port/name?host=/socket/dir&sslmode=…``."""
    parts = urlsplit(url)
    query: dict[str, str] = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "") or ""),
        "OPTIONS": query,
    }


def redis_url(base: str, *, db: int, broker: bool = False) -> str:
    """``base`` (``redis://…`` or ``unix:///path``) with database ``db``, in the form the cache or the broker reads."""
    parts = urlsplit(base)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={db}" if broker else f"unix://{parts.path}?db={db}"
    return urlunsplit(parts._replace(path=f"/{db}"))


def server_urls() -> tuple[str, str]:
    """Where PostgreSQL and Redis are: as configured, else the embedded servers, started when they are not up."""
    database_url, redis = env("DATABASE_URL", default=None), env("REDIS_URL", default=None)
    if database_url is None or redis is None:
        from wealthhub import embedded  # only a copy without servers of its own needs the wheels

        database_url = database_url or embedded.database_url()
        redis = redis or embedded.redis_url(0)
    return database_url, redis
