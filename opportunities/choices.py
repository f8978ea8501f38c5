"""Words of the opportunities app."""

from django.db.models import TextChoices


class OpportunityType(TextChoices):
    """What was found; the value is the API's key, the label is what the first system called it."""

    NO_SIP_INCREASE = "no_sip_increase", "No SIP increase"
    FAILED_SIPS = "failed_sips", "Failed SIPs"
    HIGH_VALUE_INACTIVE = "high_value_inactive", "High-value inactive"


class InflowBasis(TextChoices):
    """Whether client money comes once or every month. The two are never added."""

    MONTHLY = "monthly", "Monthly"
    ONE_TIME = "one_time", "One-time"


class WorkStatus(TextChoices):
    """Where the advisor stands with it."""

    NEW = "new", "New"
    CONTACTED = "contacted", "Contacted"
    IN_PROGRESS = "in_progress", "In progress"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    DISMISSED = "dismissed", "Dismissed"


class ScanStatus(TextChoices):
    """Where a scan stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
