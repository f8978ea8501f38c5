"""Words of the clients room."""

from django.db.models import TextChoices


class Relationship(TextChoices):
    """What the firm does for a client; one kind per household."""

    DISTRIBUTION = "distribution", "Distribution"
    ADVISORY = "advisory", "Advisory"
    PMS = "pms", "Portfolio management"
    EXECUTION_ONLY = "execution_only", "Execution only"


class NoteKind(TextChoices):
    """What a note records."""

    GENERAL = "general", "General"
    MEETING = "meeting", "Meeting"
    CALL = "call", "Call"
    EMAIL = "email", "E-mail"
    REVIEW = "review", "Review"
    FOLLOW_UP = "follow_up", "Follow-up"


class ConsentChannel(TextChoices):
    """How a consent was given."""

    PAPER = "paper", "Paper"
    WEB = "web", "Web"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    IN_PERSON = "in_person", "In person"


class AssignmentOrigin(TextChoices):
    """Who decided on an assignment."""

    IMPORT = "import", "Import"
    PERSON = "person", "A person"
