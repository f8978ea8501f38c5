"""Small SIP books for tests, as CSV."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from wealthhub.imports import services, sources
from wealthhub.imports.models import ImportRun
from wealthhub.testing import WealthhubTestCase

HEADER = (
    "sip_meta_id,user_id,num_days,amount,success_amount,pending_amount,failed_amount,in_progress_amount,"
    "paused_amount,currentSipStatus,agent_id,agent_external_id,start_date"
)


def line(sip: int, *, amount: str = "5500", status: str = "Success", start: str = "2024-07-25") -> str:
    """One SIP of its own client with one advisor."""
    return f"{sip},client-{sip},1,{amount},270000,0,0,0,0,{status},5001,ag_asha,{start}"


GOOD = "\n".join([HEADER, line(1), line(2), line(3)]).encode()
# Line 3 has a negative amount, line 4 a day that does not exist; line 5 a status nobody knows.
MIXED = "\n".join(
    [HEADER, line(11), line(12, amount="-5"), line(13, start="30-02-2026"), line(14, status="Dormant")]
).encode()


class ImportsTestCase(WealthhubTestCase):
    """A firm whose files are kept in a directory of their own."""

    def setUp(self) -> None:
        """Keep files out of the site's folder."""
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)

    def receive(self, content: bytes = GOOD, *, user: Any = None, **options: Any) -> ImportRun:
        """A run that waits for a worker."""
        user = user or self.admin
        return services.receive_file(
            user=user,
            firm=user.firm,
            source=sources.get("sip"),
            file=SimpleUploadedFile("sip.csv", content),
            filename="sip.csv",
            **options,
        )

    def booked(self, content: bytes = GOOD, *, user: Any = None, **options: Any) -> ImportRun:
        """A run that is over."""
        run = self.receive(content, user=user, **options)
        services.execute(run.pk)
        run.refresh_from_db()
        return run
