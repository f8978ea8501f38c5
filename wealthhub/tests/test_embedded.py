"""The servers out of the wheels start, stop and come back after everything that can happen to them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from wealthhub import embedded

PROJECT = Path(embedded.__file__).resolve().parent.parent


class Copy:
    """One data directory with the command line that works on it."""

    def __init__(self, data: Path):
        self.place = embedded.Place(data)
        self.environment = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        } | {"WEALTHHUB_DATA": str(data)}

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "wealthhub.embedded", *arguments],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments):
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def up(self):
        code, said = self.run("up")
        assert code == 0, said
        return self.pids()

    def pids(self):
        code, said = self.run("status")
        return [line.rpartition(" ")[2] for line in said.splitlines()] if code == 0 else None

    def sql(self, statement):
        code, said = self.run("exec", "--", "psql", "-X", "-At", "-c", statement)
        assert code == 0, said
        return said.strip()

    def redis(self, command):
        return embedded._redis_says(self.place, command).decode().strip()


@pytest.fixture
def copy():
    """A fresh data directory; its servers are stopped and its files gone afterwards."""
    parent = Path(tempfile.mkdtemp(prefix="whtest"))
    parent.chmod(0o755)
    made = Copy(parent / "data")
    yield made
    made.run("down")
    if (made.place.data / "servers").is_symlink():
        shutil.rmtree(made.place.servers)
    shutil.rmtree(parent)
    shutil.rmtree(made.place.sockets, ignore_errors=True)


def kill(pids):
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)


def test_what_was_stored_is_there_after_a_stop_and_a_second_start(copy):
    first = copy.up()
    assert copy.sql("CREATE TABLE kept AS SELECT 7 AS n; SELECT n FROM kept").endswith("7")
    assert copy.redis(b"SET kept 7") == "+OK"
    assert copy.run("down")[0] == 0
    assert copy.pids() is None
    began = time.monotonic()
    assert copy.up() != first
    assert time.monotonic() - began < 10
    assert copy.sql("SELECT n FROM kept") == "7"
    assert copy.redis(b"GET kept").endswith("7")


def test_the_cluster_is_version_18_with_checksums_and_sorts_by_code_point(copy):
    said = copy.sql(
        "SELECT current_setting('server_version_num')::int / 10000, current_setting('data_checksums'),"
        " current_setting('TimeZone'), 'Z' < 'a', upper('ä') = 'Ä'"
    )
    assert said == "18|on|UTC|t|t"


def test_only_the_servers_user_gets_in_and_only_with_the_password(copy):
    copy.up()
    assert copy.place.sockets.stat().st_mode & 0o077 == 0
    assert copy.place.password_file.stat().st_mode & 0o077 == 0
    assert copy.sql("SHOW listen_addresses") == ""
    code, said = copy.run("exec", "--", "env", "PGPASSWORD=wrong", "psql", "-X", "-c", "SELECT 1")
    assert code == 2
    assert "password authentication failed" in said


def test_two_processes_at_once_start_one_pair_of_servers(copy):
    both = [copy.start("up"), copy.start("up")]
    for process in both:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert copy.place.postgres_log.read_text().count("ready to accept connections") == 1
    assert len(copy.pids()) == 2


def test_after_kill_9_of_both_servers_the_next_start_has_every_committed_row(copy):
    pids = copy.up()
    copy.sql("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    kill(pids)
    began = time.monotonic()
    assert copy.up() != pids
    assert time.monotonic() - began < 20
    assert copy.sql("SELECT count(*) FROM kept") == "1000"


def test_a_lock_file_that_names_a_stranger_does_not_hinder_the_start(copy):
    kill(copy.up())
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lines = copy.place.postmaster_pid.read_text().splitlines()
        copy.place.postmaster_pid.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert copy.up()
    finally:
        stranger.kill()
        stranger.wait()


def test_data_deleted_under_running_servers_begins_anew(copy):
    pids = copy.up()
    copy.sql("CREATE TABLE gone ()")
    shutil.rmtree(copy.place.data)
    assert copy.up() != pids
    assert copy.sql("SELECT to_regclass('gone') IS NULL") == "t"


def test_exec_passes_the_exit_code_on_and_stops_what_it_started(copy):
    assert copy.run("exec", "--", "sh", "-c", "exit 7")[0] == 7
    assert copy.pids() is None
    copy.up()
    assert copy.run("exec", "--", "true")[0] == 0
    assert copy.pids() is not None


def test_exec_passes_signals_on_and_still_stops_the_servers(copy):
    process = copy.start("exec", "--", "sh", "-c", "trap 'echo bye; exit 5' TERM; echo on; sleep 60 & wait")
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "bye\n"
    assert process.wait(timeout=30) == 5
    process.stdout.close()
    assert copy.pids() is None


def test_the_first_exec_to_end_leaves_the_servers_to_the_others(copy):
    first = copy.start("exec", "--", "sh", "-c", "echo on; sleep 3; psql -X -Atc 'SELECT 40 + 2'")
    assert first.stdout.readline() == "on\n"
    assert copy.run("exec", "--", "true")[0] == 0
    assert first.communicate(timeout=30)[0] == "42\n"


def test_a_socket_directory_prepared_by_somebody_else_is_refused(copy):
    copy.place.sockets.mkdir(mode=0o777)
    copy.place.sockets.chmod(0o777)
    code, said = copy.run("up")
    assert code == 1
    assert f"{copy.place.sockets} should belong to" in said
    assert "Traceback" not in said


def test_a_long_path_still_gets_a_short_socket(copy):
    deep = Copy(copy.place.data.parent / ("d" * 90) / ("e" * 90))
    try:
        assert deep.up()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(deep.place.postgres_socket))
    finally:
        deep.run("down")
        shutil.rmtree(deep.place.sockets)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has a closed directory that the servers' user cannot enter"
)
def test_a_closed_directory_stays_closed(copy):
    parent = copy.place.data.parent
    parent.chmod(0o700)
    assert copy.up()
    assert parent.stat().st_mode & 0o777 == 0o700
    assert (copy.place.data / "servers").readlink() == Path("/var/lib/wealthhub") / copy.place.digest
    assert copy.sql("SELECT 1") == "1"
