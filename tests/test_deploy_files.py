"""The files for production say what they must. There is no Docker engine in the tests: what can be read is read."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from wealthhub import run

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
EXAMPLE = (PROJECT / ".env.example").read_text()


def explained() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE))


class TestEnvironment:
    def test_every_variable_that_is_read_is_explained(self):
        sources = "".join(
            (PROJECT / "wealthhub" / name).read_text() for name in ("settings.py", "env.py", "run.py")
        )
        read = set(re.findall(r"""\benv\(\s*"([A-Z_]+)\"""", sources))
        assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PORT"} <= read
        assert read - explained() == set()

    def test_nothing_is_explained_that_nobody_reads(self):
        texts = [path.read_text() for path in (PROJECT / "wealthhub").glob("*.py")]
        texts.append((PROJECT / "docker-compose.yml").read_text())
        assert {name for name in explained() if not any(name in text for text in texts)} == set()

    def test_the_example_holds_no_secret(self):
        for name in ("SECRET_KEY", "FIELD_KEYS", "HASH_KEY", "POSTGRES_PASSWORD"):
            assert f"\n{name}=\n" in EXAMPLE

    def test_a_line_left_as_it_is_sets_the_safe_value(self):
        for unsafe in ("\nDEBUG=1", "\nDEMO_SIGN_INS=1", "\nHTTPS=0"):
            assert unsafe not in EXAMPLE


class TestCompose:
    def test_all_processes_are_there(self):
        assert set(SERVICES) == {
            "nginx",
            "web",
            "worker",
            "beat",
            "migrate",
            "postgres",
            "pgbouncer",
            "redis",
        }

    def test_every_service_that_stays_is_watched_and_restarted(self):
        for name, service in SERVICES.items():
            if name != "migrate":
                assert service["healthcheck"]["test"], name
                assert service["restart"] == "unless-stopped", name

    def test_only_nginx_can_be_reached_from_outside(self):
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
        assert COMPOSE["networks"]["inside"]["internal"] is True
        for name in ("postgres", "pgbouncer", "redis"):
            assert SERVICES[name]["networks"] == ["inside"], name

    def test_no_secret_stands_in_the_file(self):
        for service in SERVICES.values():
            for name, value in service.get("environment", {}).items():
                if "PASSWORD" in name:
                    assert value.startswith("${POSTGRES_PASSWORD:?")
                for password in re.findall(r"://\w+:(.*)@", str(value)):
                    assert password.startswith("${POSTGRES_PASSWORD:?")

    def test_what_must_outlive_a_container_is_on_a_volume(self):
        mounted = {
            mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())
        }
        assert set(COMPOSE["volumes"]) <= mounted
        # From version 18 on the image keeps its data one directory higher than before.
        assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]

    def test_everything_named_is_there(self):
        for service in SERVICES.values():
            assert set(service.get("depends_on", {})) <= set(SERVICES)
            for mount in service.get("volumes", ()):
                if mount.startswith("./"):
                    assert (PROJECT / mount.split(":")[0]).exists(), mount
            if "build" in service:
                assert (PROJECT / service["build"] / "Dockerfile").is_file()

    def test_the_processes_are_those_of_make_run(self):
        local = {name: " ".join(command) for name, command in run.commands(host="0.0.0.0", port=8000).items()}  # noqa: S104
        dockerfile = " ".join(
            re.findall(r'"([^"]+)"', (PROJECT / "Dockerfile").read_text().rpartition("CMD")[2])
        )
        assert local["web"].endswith(dockerfile)
        worker = SERVICES["worker"]["command"].replace("${WORKER_PROCESSES:-2}", "2")
        assert local["worker"].endswith(worker.partition(" ")[2])
        assert local["beat"].endswith(SERVICES["beat"]["command"].partition(" ")[2])

    def test_migrations_go_past_the_pooler(self):
        assert "@postgres:5432/" in SERVICES["migrate"]["environment"]["DATABASE_URL"]
        assert "@pgbouncer:6432/" in SERVICES["web"]["environment"]["DATABASE_URL"]
        assert SERVICES["web"]["environment"]["PGBOUNCER"] == "1"


class TestImage:
    def test_it_does_not_run_as_root(self):
        lines = (PROJECT / "Dockerfile").read_text().splitlines()
        assert "USER wealthhub" in lines
        assert lines.index("USER wealthhub") < next(
            i for i, line in enumerate(lines) if line.startswith("CMD")
        )

    def test_only_what_runs_goes_in(self):
        lines = (PROJECT / ".dockerignore").read_text().splitlines()
        assert lines[1] == "*"
        for let_in in (line[1:] for line in lines if line.startswith("!")):
            assert (PROJECT / let_in).exists() or let_in == "LICENSE", let_in

    def test_packages_are_checked_against_their_hashes(self):
        assert "--require-hashes" in (PROJECT / "Dockerfile").read_text()
        pins = re.findall(
            r"^[a-z][^=\s]*==\S+( ; [^\\]+)? \\$", (PROJECT / "requirements.txt").read_text(), re.MULTILINE
        )
        assert len(pins) > 40


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin"), reason="nginx is not installed")
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_nginx_accepts_its_configuration(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = (PROJECT / "deploy/nginx/wealthhub.conf").read_text()
    (tmp_path / "wealthhub.conf").write_text(ours.replace("/etc/nginx/certificates", str(tmp_path)))
    http = f"http {{ access_log off; include {tmp_path}/wealthhub.conf; }}"
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} {http}"
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-t", "-q", "-c", tmp_path / "nginx.conf", "-p", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_shell_files_parse():
    for path in (PROJECT / "deploy/pgbouncer/start", PROJECT / ".ci/run"):
        assert os.access(path, os.X_OK), path
        subprocess.run(["/bin/bash", "-n", path], check=True)


def test_nginx_takes_what_an_import_may_weigh():
    from django.conf import settings

    allowed = re.search(
        r"client_max_body_size (\d+)m;", (PROJECT / "deploy/nginx/wealthhub.conf").read_text()
    )
    assert int(allowed[1]) * 1024 * 1024 > settings.IMPORT_MAX_BYTES


def test_continuous_integration_does_exactly_two_things():
    lines = [line for line in (PROJECT / ".ci/run").read_text().splitlines() if line.startswith("make")]
    assert lines == ["make check", "make test"]


def test_the_collected_files_need_no_server(tmp_path):
    environment = {
        "PATH": os.environ["PATH"], "SECRET_KEY": "unused", "HASH_KEY": "unused", "DATABASE_URL": "postgresql://unused",
        "FIELD_KEYS": "unused:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "REDIS_URL": "redis://unused",
        "STATIC_ROOT": str(tmp_path / "static"), "WEALTHHUB_DATA": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--dry-run", "--verbosity", "0"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
