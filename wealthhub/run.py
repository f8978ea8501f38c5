"""The whole site on one machine: what ``make run`` and ``make fresh`` do.

``up`` makes this copy's secrets, starts the servers, brings the database up to date, loads the demo firm once and
then runs web, worker and beat under honcho until Ctrl-C. One process ends, all end: a site without its worker would
take uploads and never read them. (A dead web process inside granian, or a dead child of the worker, is replaced by
its own parent and ends nothing.)

Only the process that holds ``run.lock`` runs here. Its children carry the data directory in their environment, so that
the next start finds and ends what a killed one left behind.
"""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import honcho.manager
from honcho.compat import ProcessManager

from wealthhub import embedded, env

PROJECT = env.BASE_DIR
MARK = "WEALTHHUB_RUN"
STOP_SECONDS = 20  # for a task to finish; then it is killed, and given out again later
ANSWER_SECONDS = 120.0
OURS = ("metrics", "servers", "static", "uploads")  # what `fresh` removes, besides the files below
OUR_FILES = ("local.env", "postgres.password", "run.lock", "servers.lock", "servers.users")
SIGN_INS = (
    ("admin", "all of the firm"),
    ("manager", "a team"),
    ("advisor", "own clients; so does advisor2"),
    ("analyst", "everything, masked, read only"),
    ("investor", "what is theirs"),
    ("stranger", "another firm"),
)
DEMO_PASSWORD = "wealthhub-demo"  # noqa: S105  printed on purpose; only ever given to the demo firm


class CannotRun(Exception):
    """Something stands in the way. The message says what, and what to do."""


def up() -> int:
    """Run the site until it is told to stop; return the exit code."""
    host, port = env.env("HOST", default="127.0.0.1"), env.env("PORT", cast=int, default=8000)
    data = env.data_dir()
    os.environ["WEALTHHUB_DATA"] = str(data)  # the same for every child, wherever it stands
    began = time.monotonic()
    configured = {name: bool(os.environ.get(name)) for name in ("DATABASE_URL", "REDIS_URL")}
    embedded.Place.from_environment().make()
    with only_one(data):
        end_leftovers(data)
        require_free(host, port)
        if not os.environ.get("SECRET_KEY"):
            env.ensure_local_env()
            env.load()
        print("Starting the database and Redis.", flush=True)
        (data / "static").mkdir(exist_ok=True)  # whitenoise wants to find one
        with embedded.running(
            postgres=not configured["DATABASE_URL"], redis=not configured["REDIS_URL"], stop=True
        ):
            prepare()
            return serve(host=host, port=port, data=data, began=began)


def prepare() -> None:
    """Bring the database up to date and load the demo firm, in a process of its own. Raises: CannotRun."""
    if subprocess.run([sys.executable, "manage.py", "prepare"], cwd=PROJECT, check=False).returncode != 0:
        raise CannotRun("The database could not be prepared; the reason stands above.")


def serve(*, host: str, port: int, data: Path, began: float) -> int:
    """Run web, worker and beat until a signal, or until one of them ends; return the exit code."""
    honcho.manager.KILL_WAIT = STOP_SECONDS
    manager = honcho.manager.Manager()
    # honcho signals whole process groups. The parents stop their own children, and let them finish first.
    manager._procmgr = _Parents()
    environment = os.environ | {MARK: str(data), "PYTHONUNBUFFERED": "1"}
    environment["SITE_URL"] = os.environ.get("SITE_URL") or address(host, port)
    for name, command in commands(host=host, port=port).items():
        own = {"PROMETHEUS_MULTIPROC_DIR": str(_emptied(data / "metrics"))} if name == "web" else {}
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment | own, cwd=str(PROJECT))
    announcer = subprocess.Popen(
        [sys.executable, "-m", "wealthhub.run", "announce", address(host, port), f"{began}"],
        cwd=PROJECT,
        env=environment,
        start_new_session=True,
    )
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))  # the terminal was closed
    try:
        manager.loop()
    finally:
        _end_all(data)  # the announcer, and whatever is left when the terminal takes no more lines
        announcer.wait()
    stopped_by_signal = manager.returncode in {130, 143}
    if not stopped_by_signal:
        print("A process ended by itself, so all were stopped. Its last lines stand above.", file=sys.stderr)
    return 0 if stopped_by_signal else manager.returncode or 1


class _Parents(ProcessManager):
    def terminate(self, pid: int) -> None:
        """Ask one process to stop, and leave its children to it."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def commands(*, host: str, port: int) -> Mapping[str, Sequence[str]]:
    """Return the command line of each process. The containers run the same ones (docker-compose.yml)."""
    granian, celery = (str(Path(sys.executable).with_name(name)) for name in ("granian", "celery"))
    return {
        "web": [
            granian, "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws",
            "--workers", "2", "--blocking-threads", "4",
            # A killed worker would take the server with it; a stop during start-up would hang.
            "--respawn-failed-workers", "--workers-kill-timeout", "5",
            "wealthhub.wsgi:application",
        ],
        "worker": [
            celery, "--app", "wealthhub", "worker", "--queues", "default,imports,scans,ai", "--concurrency", "2",
            "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        ],
        "beat": [celery, "--app", "wealthhub", "beat", "--loglevel", "INFO", "--pidfile="],
    }  # fmt: skip


# One at a time


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold ``run.lock`` inside the block. Raises: CannotRun: the site runs already."""
    with (data / "run.lock").open("a+") as lock:
        if not _locked(lock):
            lock.seek(0)
            raise CannotRun(
                f"The site already runs on this data (process {lock.read().strip() or 'unknown'}, {data}). "
                "Stop it, or give this copy its own: make run WEALTHHUB_DATA=/another/folder PORT=8001"
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(lock: IO[str]) -> bool:
    """Take the lock if it is free. POSIX locks are not inherited: children that live on do not hold it."""
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def end_leftovers(data: Path) -> None:
    """End what a killed run left behind and say so. Raises: CannotRun: something does not end."""
    if left := leftovers(data):
        print(f"The last run was killed. Ending the {len(left)} processes it left behind.", flush=True)
        _end_all(data)
    if left := leftovers(data):
        raise CannotRun(f"These processes of the last run do not end: {', '.join(map(str, left))}.")


def _end_all(data: Path) -> None:
    for signum, seconds in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0)):
        for pid in leftovers(data):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL if _is_fork_of_a_run(pid) else signum)
        deadline = time.monotonic() + seconds
        while leftovers(data) and time.monotonic() < deadline:
            time.sleep(0.1)


def leftovers(data: Path) -> list[int]:
    """Return the processes that were started by a run on this data directory."""
    mark = f"{MARK}={data}"
    if not sys.platform.startswith("linux"):
        listed = subprocess.run(
            ["/bin/ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False
        )
        return [int(line.split()[0]) for line in listed.stdout.splitlines() if mark in line.split()]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if os.fsencode(mark) in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def _is_fork_of_a_run(pid: int) -> bool:
    """Tell honcho's forks, which ignore SIGTERM and wait forever for a manager that was killed."""
    return "wealthhub.run up" in " ".join(embedded.command_of(pid))


def require_free(host: str, port: int) -> None:
    """Check that ``port`` can be listened on. Raises: CannotRun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()  # two binds may both succeed; the second listener is refused
        except (OSError, OverflowError) as error:
            raise CannotRun(
                f"Nothing can listen on {host}:{port} ({error}). Choose another port: make run PORT={port + 1}"
            ) from error


def _emptied(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


# Saying where it is


def address(host: str, port: int) -> str:
    """Return the address to type into a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


def announce(site: str, began: float) -> int:
    """Wait until the site answers, then print where it is and how to sign in."""
    if not answers(f"{site}/api/health", seconds=ANSWER_SECONDS):
        print(f"\n{site} has not answered for {ANSWER_SECONDS:.0f} s. See the lines of “web”.\n", flush=True)
        return 1
    lines = [f"WealthHub is up: {site}   (after {time.monotonic() - began:.1f} s; Ctrl-C stops it)"]
    if env.env("DEMO_SIGN_INS", cast=env.flag, default=False):
        lines.append(f"Demo sign-ins, password {DEMO_PASSWORD}:")
        lines += [f"  {name:<10} sees {what}" for name, what in SIGN_INS]
    width = max(map(len, lines)) + 2
    print("\n".join(["", "─" * width, *lines, "─" * width, ""]), flush=True)
    return 0


def answers(url: str, *, seconds: float) -> bool:
    """Tell whether ``url`` answers at all within ``seconds``; an error page is an answer too."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  our own address
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


# Starting anew


def fresh() -> int:
    """Stop everything that runs on this data directory and throw the data away. Asks nothing."""
    data = env.data_dir()
    if not data.exists():
        print(f"There is no data in {data}.")
        return 0
    with (data / "run.lock").open("a+") as lock:
        lock.seek(0)
        holder = lock.read().strip()
        deadline = time.monotonic() + STOP_SECONDS + 15
        while not _locked(lock):
            if holder.isdigit():
                with suppress(ProcessLookupError):
                    os.kill(int(holder), signal.SIGTERM)
            if time.monotonic() > deadline:
                raise CannotRun(f"The running site (process {holder}) does not stop.")
            time.sleep(1)
        end_leftovers(data)
        embedded.down()
        # By name: WEALTHHUB_DATA may be a folder that holds other things as well.
        shutil.rmtree((data / "servers").resolve(), ignore_errors=True)
        for name in OURS:
            if (data / name).is_symlink():
                (data / name).unlink()
            else:
                shutil.rmtree(data / name, ignore_errors=True)
        for name in OUR_FILES:
            (data / name).unlink(missing_ok=True)
    with suppress(OSError):
        data.rmdir()
    print(f"The data in {data} is gone. The next `make run` begins anew.")
    if os.environ.get("DATABASE_URL"):
        print("DATABASE_URL names a database of your own; nothing was done to it.")
    return 0


USAGE = "usage: python -m wealthhub.run up | fresh"


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit code."""
    env.load_file(PROJECT / ".env")
    match list(arguments):
        case ["up"]:
            if os.environ.get(MARK) != str(env.data_dir()):
                # honcho forks: its forks show the environment this process began with. Killed, we leave them hanging.
                os.environ[MARK] = str(env.data_dir())
                os.execv(sys.executable, [sys.executable, "-m", "wealthhub.run", "up"])  # noqa: S606  ourselves
            return up()
        case ["fresh"]:
            return fresh()
        case ["announce", site, began]:
            return announce(site, float(began))
        case _:
            print(USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    # Until honcho takes over, a stop is an exception: what was started gets stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except (CannotRun, embedded.EmbeddedServerError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
