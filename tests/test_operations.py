"""Health, metrics, schema, docs, ETags, request ids and throttles."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import override_settings
from django_redis import get_redis_connection
from rest_framework.test import APIRequestFactory

from wealthhub import heartbeats, logs
from wealthhub.api import RequestThrottle, client_address
from wealthhub.testing import WealthhubTestCase


class HealthTests(WealthhubTestCase):
    def test_it_works_without_a_sign_in_and_tells_nothing_else(self):
        for url in ("/api/health", "/api/health/"):
            response = self.client.get(url)
            assert response.status_code == 200
            assert response.json() == {"status": "ok"}

    def test_the_staff_is_told_what_each_part_says(self):
        cache.delete_many([heartbeats.WORKER, heartbeats.BEAT])
        body = self.api(self.admin).get("/api/health").json()
        assert body["status"] == "degraded"
        assert body["database"]["ok"] is True
        assert body["database"]["version"].split(".")[0] >= "18"
        assert body["redis"]["ok"] is True
        assert body["worker"] == {"ok": False, "seen_at": None}
        assert {"last_import", "last_scan"} <= set(body)

    def test_a_process_that_signed_is_alive(self):
        for name in (heartbeats.WORKER, heartbeats.BEAT):
            heartbeats._last.pop(name, None)
            heartbeats.sign(name)
        body = self.api(self.analyst).get("/api/health").json()
        assert body["status"] == "ok"
        assert body["worker"]["seen_at"].endswith("+00:00")

    def test_an_investor_is_told_no_details(self):
        assert self.api(self.investor).get("/api/health").json() == {"status": "ok"}

    def test_a_database_that_does_not_answer_is_a_503(self):
        with patch.object(connection, "cursor", side_effect=DatabaseError):
            response = self.client.get("/api/health")
        assert response.status_code == 503
        assert response.json()["code"] == "unavailable"


class MetricsTests(WealthhubTestCase):
    def test_nobody_sees_them_without_the_token(self):
        assert self.client.get("/api/metrics").status_code == 404
        self.client.force_login(self.admin)
        assert self.client.get("/api/metrics").status_code == 404

    @override_settings(METRICS_TOKEN="right")
    def test_the_token_opens_them(self):
        response = self.client.get("/api/metrics", headers={"authorization": "Bearer right"})
        assert response.status_code == 200
        assert b"django_http_requests_total" in response.content
        assert self.client.get("/api/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404


class SchemaTests(WealthhubTestCase):
    def test_it_is_openapi_3_1_with_one_error_shape_everywhere(self):
        document = json.loads(self.client.get("/api/schema/").content)
        assert document["openapi"].startswith("3.1")
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if method in {"get", "post", "put", "patch", "delete"}:
                    schema = operation["responses"]["404"]["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}, (method, path)

    def test_the_docs_page_loads_nothing_from_elsewhere(self):
        page = self.client.get("/api/docs/").content.decode()
        assert "http://" not in page.replace("http://testserver", "")
        assert "https://" not in page
        assert "swagger-ui-bundle" in page


class ReadTests(WealthhubTestCase):
    def test_an_unchanged_read_is_a_304_without_a_body(self):
        first = self.client.get("/api/health")
        again = self.client.get("/api/health", headers={"if-none-match": first["ETag"]})
        assert again.status_code == 304
        assert again.content == b""
        assert "private" in first["Cache-Control"]

    def test_the_etag_differs_between_people(self):
        mine = self.api(self.admin).get("/api/health")
        theirs = self.api(self.investor).get("/api/health", headers={"if-none-match": mine["ETag"]})
        assert theirs.status_code == 200

    def test_every_answer_names_its_request(self):
        assert self.client.get("/api/health")["X-Request-ID"]


class LogTests(WealthhubTestCase):
    def test_what_somebody_searched_for_is_not_logged(self):
        with self.assertLogs("django_structlog", "INFO") as seen:
            self.client.get("/api/health", {"q": "ABCPD1234F"})
        assert "GET /api/health" in str(seen.output)
        assert "ABCPD1234F" not in str(seen.output)


class ThrottleTests(WealthhubTestCase):
    def setUp(self):
        redis = get_redis_connection("default")
        for key in redis.scan_iter("throttle:*"):
            redis.delete(key)

    @override_settings(API_RATE_PER_ADDRESS=20)
    def test_two_hundred_at_once_pass_twenty_times(self):
        request = APIRequestFactory().get("/api/health")
        request.user = type("Nobody", (), {"is_authenticated": False})()
        with ThreadPoolExecutor(16) as pool:
            passed = sum(pool.map(lambda _: RequestThrottle().allow_request(request, None), range(200)))
        assert passed == 20

    @override_settings(API_RATE_PER_USER=2)
    def test_the_refusal_says_when_to_come_back(self):
        api = self.api(self.admin)
        answers = [api.get("/api/agents") for _ in range(3)]
        assert answers[-1].status_code == 429
        assert answers[-1].json()["code"] == "too_many_requests"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "198.51.100.1"),  # nobody in front: the header is the caller's own invention
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),  # the proxy wrote the last one
        (2, "203.0.113.9", "198.51.100.1"),
    ],
)
def test_only_our_own_proxies_say_where_a_caller_is(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    request = APIRequestFactory().get("/", REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == expected


def test_a_log_line_is_json():
    record = logging.LogRecord("wealthhub", logging.INFO, __file__, 1, "seen %s", ("it",), None)
    line = json.loads(logs.formatter().format(record))
    assert line["event"] == "seen it"
    assert line["level"] == "info"
