"""Words of the imports room."""

from django.db.models import TextChoices


class RunStatus(TextChoices):
    """Where an import stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    UNDOING = "undoing", "Being undone"
    FAILED = "failed", "Failed"
    UNDONE = "undone", "Undone"


class Phase(TextChoices):
    """What a running import, or its undo, is doing."""

    WAITING = "waiting", "Waiting"
    READING = "reading", "Reading and checking"
    VALIDATING = "validating", "Checking the whole file"
    MERGING = "merging", "Booking"
    UNDOING = "undoing", "Taking back"
    DONE = "done", "Done"


class OnError(TextChoices):
    """What happens to a file with bad rows."""

    QUARANTINE = "quarantine", "Book the good rows, set the bad ones aside"
    ABORT = "abort", "Refuse the whole file"


class Severity(TextChoices):
    """Whether an issue sets its row aside."""

    ERROR = "error", "Error"
    WARNING = "warning", "Warning"


class Channel(TextChoices):
    """How a file came in."""

    PAGE = "page", "Upload page"
    API = "api", "API"
    COMMAND = "command", "Command line"
    DEMO = "demo", "Demo data"
