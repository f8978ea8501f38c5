"""Every address of the site and what each kind of person gets there: the walk's table. A new address belongs in here.

People by letter: N nobody, A administrator, M manager, V the advisor whose client it is, U another advisor, Y analyst,
I the investor whose record it is, S a stranger from another firm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Path = Callable[[Any], str]
EVERYBODY = "NAMVUYIS"


@dataclass(frozen=True)
class Route:
    """``path`` makes the address in a given world; ``expects`` is like ``"200 AMV, 403 YI, 404 US, 302 N"``."""

    path: Path
    expects: str
    method: str = "get"
    is_page: bool = False

    def expected(self, letter: str) -> int:
        """The status for one kind of person."""
        for part in self.expects.split(","):
            status, letters = part.split()
            if letter in letters:
                return int(status)
        message = f"nothing is said of {letter} in {self.expects!r}"
        raise LookupError(message)


def page(path: str | Path, expects: str) -> Route:
    """A page that is read."""
    return Route(path if callable(path) else lambda _: path, expects, is_page=True)


def get(path: str | Path, expects: str) -> Route:
    """Something that is read by a program or downloaded."""
    return Route(path if callable(path) else lambda _: path, expects)


def post(path: str | Path, expects: str) -> Route:
    """Something that changes; called without a body, so that those who may get as far as its refusal (400, 302…)."""
    return Route(path if callable(path) else lambda _: path, expects, method="post")


def pk(pattern: str, attribute: str) -> Path:
    """An address with the id of one of the world's rows: ``pk("/clients/{}/edit/", "client_of_asha")``."""
    return lambda world: pattern.format(getattr(world, attribute).pk)


SIGNED_IN = "200 AMVUYIS, 302 N"  # pages for everybody who signs in
STAFF = "200 AMVUYS, 403 I, 302 N"
LEADERS = "200 AM, 403 VUYIS, 302 N"
ADMINS = "200 A, 403 MVUYIS, 302 N"
OF_ASHA = "200 AMVY, 404 UIS, 302 N"  # something of asha's client that the client does not see
API_STAFF = "200 AMVUYS, 403 I, 401 N"
API_ANY = "200 AMVUYIS, 401 N"

# One line an address. Beside "GET", which is not written, a method may stand before it.
ROUTES: dict[str, Route] = {
    # --- overview
    "": page("/", SIGNED_IN),
    "search/": page("/search/?q=Meera", SIGNED_IN),
    "client/<int:pk>/": page(pk("/client/{}/", "client_of_asha"), "200 AMVYI, 404 US, 302 N"),
    "advisors/": page("/advisors/", STAFF),
    "advisors/<int:pk>/": page(pk("/advisors/{}/", "advisor_asha"), "200 AMVY, 404 US, 403 I, 302 N"),
    # --- accounts: signing in
    "accounts/login/": page("/accounts/login/", "200 N, 302 AMVUYIS"),
    "accounts/logout/": page("/accounts/logout/", "200 AMVUYIS, 302 N"),
    "accounts/inactive/": page("/accounts/inactive/", "200 NAMVUYIS"),
    "accounts/signup/": page("/accounts/signup/", "200 N, 302 AMVUYIS"),
    "accounts/reauthenticate/": page("/accounts/reauthenticate/", SIGNED_IN),
    "accounts/password/change/": page("/accounts/password/change/", SIGNED_IN),
    "accounts/password/set/": get("/accounts/password/set/", "302 NAMVUYIS"),
    "accounts/password/reset/": page("/accounts/password/reset/", "200 NAMVUYIS"),
    "accounts/password/reset/done/": page("/accounts/password/reset/done/", "200 NAMVUYIS"),
    r"accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": page(
        "/accounts/password/reset/key/1-wrong/", "200 NAMVUYIS"
    ),
    "accounts/password/reset/key/done/": page("/accounts/password/reset/key/done/", "200 NAMVUYIS"),
    "accounts/email/": get("/accounts/email/", "302 NAMVUYIS"),
    "accounts/2fa/": page("/accounts/2fa/", SIGNED_IN),
    "accounts/2fa/authenticate/": get("/accounts/2fa/authenticate/", "302 NAMVUYIS"),
    "accounts/2fa/reauthenticate/": get("/accounts/2fa/reauthenticate/", "302 NAMVUYIS"),
    "accounts/2fa/totp/activate/": get("/accounts/2fa/totp/activate/", "302 NAMVUYIS"),
    "accounts/2fa/totp/deactivate/": get("/accounts/2fa/totp/deactivate/", "302 N, 404 AMVUYIS"),
    "accounts/2fa/recovery-codes/": get("/accounts/2fa/recovery-codes/", "302 N, 404 AMVUYIS"),
    "accounts/2fa/recovery-codes/generate/": get("/accounts/2fa/recovery-codes/generate/", "302 NAMVUYIS"),
    "accounts/2fa/recovery-codes/download/": get(
        "/accounts/2fa/recovery-codes/download/", "302 N, 404 AMVUYIS"
    ),
    "accounts/sessions/": page("/accounts/sessions/", SIGNED_IN),
    # --- accounts: oneself, the team, the firm
    "accounts/profile/": page("/accounts/profile/", SIGNED_IN),
    "POST accounts/theme/": post("/accounts/theme/", "302 NAMVUYIS"),
    "accounts/keys/": page("/accounts/keys/", SIGNED_IN),
    "POST accounts/keys/<int:pk>/revoke/": post(
        pk("/accounts/keys/{}/revoke/", "api_key"), "302 VN, 404 AMUYIS"
    ),
    "accounts/team/": page("/accounts/team/", LEADERS),
    "accounts/team/new/": page("/accounts/team/new/", LEADERS),
    "accounts/team/<int:pk>/": page(pk("/accounts/team/{}/", "asha"), "200 AM, 403 VUYIS, 302 N"),
    "POST accounts/team/<int:pk>/active/": post(
        pk("/accounts/team/{}/active/", "other_advisor"), "302 AN, 403 MVUYIS"
    ),
    "accounts/firm/": page("/accounts/firm/", ADMINS),
    "accounts/audit/": page("/accounts/audit/", ADMINS),
    # --- clients
    "clients/": page("/clients/", STAFF),
    "clients/new/": page("/clients/new/", "200 AMVUS, 403 YI, 302 N"),
    "clients/reassign/": get("/clients/reassign/", "302 AMN, 403 VUYIS"),
    "clients/merge/": page("/clients/merge/", LEADERS),
    "clients/merges/": page("/clients/merges/", STAFF),
    "clients/merges/<int:pk>/undo/": page(pk("/clients/merges/{}/undo/", "merge"), LEADERS),
    "clients/households/": page("/clients/households/", STAFF),
    "clients/households/new/": page("/clients/households/new/", "200 AMVUS, 403 YI, 302 N"),
    "clients/households/<int:pk>/": page(
        pk("/clients/households/{}/", "household"), "200 AMVY, 404 US, 403 I, 302 N"
    ),
    "clients/households/<int:pk>/edit/": page(
        pk("/clients/households/{}/edit/", "household"), "200 AMV, 404 US, 403 YI, 302 N"
    ),
    "POST clients/consents/<int:pk>/withdraw/": post(
        pk("/clients/consents/{}/withdraw/", "consent"), "302 AMVIN, 404 US, 403 Y"
    ),
    "clients/<int:pk>/edit/": page(
        pk("/clients/{}/edit/", "client_of_asha"), "200 AMV, 404 US, 403 YI, 302 N"
    ),
    "clients/<int:pk>/reveal/": page(
        pk("/clients/{}/reveal/", "client_of_asha"), "200 AMVI, 404 US, 403 Y, 302 N"
    ),
    "POST clients/<int:pk>/notes/": post(
        pk("/clients/{}/notes/", "client_of_asha"), "302 AMVN, 404 US, 403 YI"
    ),
    "POST clients/<int:pk>/consents/": post(
        pk("/clients/{}/consents/", "client_of_asha"), "302 AMVN, 404 US, 403 YI"
    ),
    # --- the imports room
    "imports/": page("/imports/", "200 AMVUYS, 403 I, 302 N"),
    "imports/new/": page("/imports/new/", LEADERS),
    "imports/<int:pk>/": page(pk("/imports/{}/", "import_run"), "200 AY, 404 MVUS, 403 I, 302 N"),
    "imports/<int:pk>/preview/": get(pk("/imports/{}/preview/", "import_run"), "404 AMVUYS, 403 I, 302 N"),
    "imports/<int:pk>/rejected.csv": get(
        pk("/imports/{}/rejected.csv", "import_run"), "404 AMVUYS, 403 I, 302 N"
    ),
    "POST imports/<int:pk>/book/": post(pk("/imports/{}/book/", "import_run"), "302 AN, 404 MVUS, 403 YI"),
    "POST imports/<int:pk>/retry/": post(pk("/imports/{}/retry/", "import_run"), "302 AN, 404 MVUS, 403 YI"),
    "imports/<int:pk>/undo/": page(pk("/imports/{}/undo/", "import_run"), "200 A, 403 MVUYIS, 302 N"),
    "imports/sources/": page("/imports/sources/", "200 AMVUYS, 403 I, 302 N"),
    "imports/sources/<slug:name>/template.<str:kind>": get(
        "/imports/sources/sip/template.csv", "200 AMVUYS, 403 I, 302 N"
    ),
    # --- opportunities
    "opportunities/": page("/opportunities/", STAFF),
    "opportunities/<int:pk>/": page(
        pk("/opportunities/{}/", "opportunity"), "200 AMVY, 404 US, 403 I, 302 N"
    ),
    "POST opportunities/<int:pk>/status/": post(
        pk("/opportunities/{}/status/", "opportunity"), "400 AMV, 404 US, 403 YI, 302 N"
    ),
    "POST opportunities/<int:pk>/notes/": post(
        pk("/opportunities/{}/notes/", "opportunity"), "400 AMV, 404 US, 403 YI, 302 N"
    ),
    "POST opportunities/scan/": post("/opportunities/scan/", "302 AMN, 403 VUYIS"),
    "opportunities/scans/": page("/opportunities/scans/", STAFF),
    "opportunities/scans/<int:pk>/": page(
        pk("/opportunities/scans/{}/", "scan"), "200 AMVUY, 404 S, 403 I, 302 N"
    ),
    "opportunities/sips/": page("/opportunities/sips/", SIGNED_IN),
    "opportunities/sips/<int:pk>/": page(pk("/opportunities/sips/{}/", "sip"), "200 AMVYI, 404 US, 302 N"),
    "opportunities/settings/": page("/opportunities/settings/", ADMINS),
    # --- the API about itself
    "api/health/?": get("/api/health", "200 NAMVUYIS"),
    "api/metrics/?": get("/api/metrics", "404 NAMVUYIS"),
    "api/schema/?": get("/api/schema", "200 NAMVUYIS"),
    "api/docs/?": page("/api/docs/", "200 NAMVUYIS"),
    # --- accounts' API
    "POST api/auth/register/?": post("/api/auth/register/", "400 NAMVUYIS"),
    "POST api/auth/login/?": post("/api/auth/login/", "400 NAMVUYIS"),
    "POST api/auth/refresh/?": post("/api/auth/refresh/", "400 NAMVUYIS"),
    "POST api/auth/logout/?": post("/api/auth/logout/", "401 NAMVUYIS"),
    "api/me/?": get("/api/me", API_ANY),
    "api/auth/keys/": get("/api/auth/keys/", API_ANY),
    "api/auth/keys/(?P<pk>[0-9]{1,18})/": get(
        pk("/api/auth/keys/{}/", "api_key"), "200 V, 404 AMUYIS, 401 N"
    ),
    # --- imports' API
    "api/imports/?": get("/api/imports", API_STAFF),
    "POST api/imports/?": post("/api/imports/", "400 AM, 403 VUYIS, 401 N"),
    "api/imports/sources/?": get("/api/imports/sources", API_STAFF),
    r"api/imports/sources/(?P<name>[\w-]{1,60})/template\.(?P<kind>csv|xlsx|json)": get(
        "/api/imports/sources/sip/template.csv", API_STAFF
    ),
    r"api/imports/(?P<pk>\d{1,18})/?": get(
        pk("/api/imports/{}", "import_run"), "200 AY, 404 MVUS, 403 I, 401 N"
    ),
    r"api/imports/(?P<pk>\d{1,18})/issues/?": get(
        pk("/api/imports/{}/issues", "import_run"), "200 AY, 404 MVUS, 403 I, 401 N"
    ),
    r"api/imports/(?P<pk>\d{1,18})/rejected\.csv": get(
        pk("/api/imports/{}/rejected.csv", "import_run"), "404 AMVUS, 403 YI, 401 N"
    ),
    r"POST api/imports/(?P<pk>\d{1,18})/undo/?": post(
        pk("/api/imports/{}/undo/", "import_run"), "202 A, 404 MVUS, 403 YI, 401 N"
    ),
    # --- clients' API
    "api/clients/?": get("/api/clients", API_STAFF),
    "POST api/clients/?": post("/api/clients", "400 AMVUS, 403 YI, 401 N"),
    "POST api/clients/reassign/?": post("/api/clients/reassign", "400 AM, 403 VUYIS, 401 N"),
    "POST api/clients/merge/?": post("/api/clients/merge", "400 AM, 403 VUYIS, 401 N"),
    "POST api/clients/merge/preview/?": post("/api/clients/merge/preview", "400 AM, 403 VUYIS, 401 N"),
    "api/clients/merges/?": get("/api/clients/merges", "200 AM, 403 VUYIS, 401 N"),
    "api/clients/merges/(?P<pk>[0-9]{1,18})/?": get(
        pk("/api/clients/merges/{}", "merge"), "200 AM, 403 VUYIS, 401 N"
    ),
    "POST api/clients/merges/(?P<pk>[0-9]{1,18})/undo/?": post(
        pk("/api/clients/merges/{}/undo", "merge"), "200 A, 409 M, 403 VUYIS, 401 N"
    ),
    "api/clients/(?P<pk>[0-9]{1,18})/record/?": get(
        pk("/api/clients/{}/record", "client_of_asha"), "200 AMVYI, 404 US, 401 N"
    ),
    "POST api/clients/(?P<pk>[0-9]{1,18})/reveal/?": post(
        pk("/api/clients/{}/reveal", "client_of_asha"), "400 AMVI, 404 US, 403 Y, 401 N"
    ),
    "api/clients/(?P<client_pk>[0-9]{1,18})/notes/?": get(
        pk("/api/clients/{}/notes", "client_of_asha"), "200 AMVY, 404 US, 403 I, 401 N"
    ),
    "POST api/clients/(?P<client_pk>[0-9]{1,18})/notes/?": post(
        pk("/api/clients/{}/notes", "client_of_asha"), "400 AMV, 404 US, 403 YI, 401 N"
    ),
    "api/clients/(?P<client_pk>[0-9]{1,18})/consents/?": get(
        pk("/api/clients/{}/consents", "client_of_asha"), "200 AMVYI, 404 US, 401 N"
    ),
    "POST api/clients/(?P<client_pk>[0-9]{1,18})/consents/?": post(
        pk("/api/clients/{}/consents", "client_of_asha"), "400 AMV, 404 US, 403 YI, 401 N"
    ),
    "POST api/clients/(?P<client_pk>[0-9]{1,18})/consents/(?P<pk>[0-9]{1,18})/withdraw/?": post(
        lambda world: f"/api/clients/{world.client_of_asha.pk}/consents/{world.api_consent.pk}/withdraw",
        "200 AMVI, 404 US, 403 Y, 401 N",
    ),
    "api/households/?": get("/api/households", API_STAFF),
    "POST api/households/?": post("/api/households", "400 AMVUS, 403 YI, 401 N"),
    "api/households/(?P<pk>[0-9]{1,18})/?": get(
        pk("/api/households/{}", "household"), "200 AMVY, 404 US, 403 I, 401 N"
    ),
    # --- opportunities' API
    "api/opportunities/?": get("/api/opportunities", API_STAFF),
    "api/opportunities/no-sip-increase/?": get("/api/opportunities/no-sip-increase?min_months=6", API_STAFF),
    "api/opportunities/failed-sips/?": get("/api/opportunities/failed-sips?min_failed_amount=1", API_STAFF),
    "api/opportunities/high-value-inactive/?": get("/api/opportunities/high-value-inactive", API_STAFF),
    "api/opportunities/stats/?": get("/api/opportunities/stats", API_STAFF),
    "POST api/opportunities/scan/?": post("/api/opportunities/scan/", "202 AM, 403 VUYIS, 401 N"),
    r"api/opportunities/scans/(?P<pk>\d{1,18})/?": get(
        pk("/api/opportunities/scans/{}", "scan"), "200 AMVUY, 404 S, 403 I, 401 N"
    ),
    r"api/opportunities/(?P<pk>\d{1,18})/?": get(
        pk("/api/opportunities/{}", "opportunity"), "200 AMVY, 404 US, 403 I, 401 N"
    ),
    r"POST api/opportunities/(?P<pk>\d{1,18})/status/?": post(
        pk("/api/opportunities/{}/status", "opportunity"), "400 AMV, 404 US, 403 YI, 401 N"
    ),
    r"POST api/opportunities/(?P<pk>\d{1,18})/notes/?": post(
        pk("/api/opportunities/{}/notes", "opportunity"), "400 AMV, 404 US, 403 YI, 401 N"
    ),
    "api/agents/?": get("/api/agents", API_STAFF),
    r"api/clients/(?P<user_id>[\w.@:-]{1,80})/?": get("/api/clients/asha-1", "200 AMVYI, 404 US, 401 N"),
    r"api/clients/(?P<user_id>[\w.@:-]{1,80})/sips/?": get(
        "/api/clients/asha-1/sips", "200 AMVYI, 404 US, 401 N"
    ),
}
