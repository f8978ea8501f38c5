"""The whole API as its own schema describes it, called by each kind of person with made-up input: never a 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from hypothesis import settings as examples

from tests import world
from wealthhub.accounts import services
from wealthhub.accounts.choices import KeyScope

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
schema.app = get_wsgi_application()


@pytest.fixture
def connections_stay():
    """A request must not close the connection that this test's transaction lives in."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def keys(db, connections_stay, settings):
    """An API key of every kind of person; None for nobody."""
    settings.API_RATE_PER_USER = settings.API_RATE_PER_ADDRESS = 10**9
    cache.clear()

    class World:
        """What `tests.world` fills."""

    here = World()
    world.fill(here)
    users = [here.admin, here.manager, here.asha, here.analyst, here.investor, here.ravi]
    keys = {
        user.username: services.issue_api_key(user=user, name="walk", scopes=list(KeyScope.values))[1]
        for user in users
    }
    return {"nobody": None, **keys}


@schema.parametrize()
@examples(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_made_up_input_never_breaks_the_server(case, keys):
    for name, key in keys.items():
        headers = {"Authorization": f"Api-Key {key}"} if key else {}
        response = case.call(headers=headers)
        assert response.status_code < 500 or response.status_code == 503, (
            f"{case.method} {case.formatted_path} as {name}: {response.status_code}"
        )
