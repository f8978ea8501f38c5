"""Wrong passwords, counted by account and by address; the last one allowed locks for five minutes from then on.

Nothing is counted before the password is looked at: `failed` and `succeeded` settle an attempt afterwards, in one
atomic step. Guesses sent side by side therefore tell their sender no more than those sent one by one, and right
passwords sent side by side are never refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django_redis import get_redis_connection

# KEYS: pairs of count and lock. ARGV: what happened, now in milliseconds, milliseconds a lock and a count live, a name
# for this attempt, then the limit of each pair. Answers 1 where a lock stands, else 0.
# A lock holds the instant it ends at; a count is a sorted set of the attempts by their instant.
_SETTLE = """
local now, span = tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 2, #KEYS, 2 do
  local ends = redis.call('GET', KEYS[i])
  if ends and tonumber(ends) > now then return 1 end
end
if ARGV[1] == 'right' then
  redis.call('DEL', KEYS[1])
elseif ARGV[1] == 'wrong' then
  for i = 1, #KEYS, 2 do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - span)
    redis.call('ZADD', KEYS[i], now, ARGV[4])
    redis.call('PEXPIRE', KEYS[i], span)
    if redis.call('ZCARD', KEYS[i]) >= tonumber(ARGV[4 + (i + 1) / 2]) then
      redis.call('SET', KEYS[i + 1], now + span, 'PX', span)
      redis.call('DEL', KEYS[i])
    end
  end
end
return 0
"""


@dataclass(frozen=True)
class Attempt:
    """A sign-in of ``account`` (see `known` and `unknown`) from ``address``."""

    account: str
    address: str

    def is_locked(self) -> bool:
        """Whether the account or the address is locked now."""
        return self._settle("ask")

    def failed(self) -> bool:
        """Count a wrong password. True: it was locked meanwhile, so nothing is counted and nothing may be told."""
        return self._settle("wrong")

    def succeeded(self) -> bool:
        """Forget the account's wrong passwords; the address keeps its own. True: it was locked meanwhile."""
        return self._settle("right")

    def _settle(self, event: str) -> bool:
        redis = get_redis_connection("default")
        keys = [key for name in (f"account:{self.account}", f"address:{self.address}") for key in _keys(name)]
        limits = [settings.SIGN_IN_ATTEMPTS, settings.SIGN_IN_ATTEMPTS_PER_ADDRESS]
        span = settings.SIGN_IN_LOCK_SECONDS * 1000
        script = redis.register_script(_SETTLE)
        return bool(script(keys=keys, args=[event, _now(), span, uuid4().hex, *limits]))


def known(user_id: int) -> str:
    """What stands for an account, however it was named."""
    return f"account:{user_id}"


def unknown(typed: str) -> str:
    """What stands for a name that no account has."""
    return f"name:{typed.lower()}"


def forget(account: str) -> None:
    """Lift the account's lock and forget its count."""
    get_redis_connection("default").delete(*_keys(f"account:{account}"))


def _keys(name: str) -> tuple[str, str]:
    """Where the count and the lock are kept. Digests: names are typed by strangers, of any length."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"sign-in:wrong:{digest}", f"sign-in:lock:{digest}"


def _now() -> int:
    """Milliseconds by the one clock that all web processes share: Redis's own."""
    seconds, micros = get_redis_connection("default").time()
    return seconds * 1000 + micros // 1000
