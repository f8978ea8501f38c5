"""Words of the accounts room."""

from django.db.models import TextChoices


class FirmKind(TextChoices):
    """What a firm is registered to do; decides wording and how it earns."""

    DISTRIBUTOR = "distributor", "Distributor"
    ADVISER = "adviser", "Investment adviser"
    PORTFOLIO_MANAGER = "portfolio_manager", "Portfolio manager"
    PAYMENT_OPERATIONS = "payment_operations", "Payment operations"
    PERSONAL = "personal", "Personal"


class Role(TextChoices):
    """What a user may see and do inside the firm."""

    ADMIN = "admin", "Administrator"
    MANAGER = "manager", "Manager"
    ADVISOR = "advisor", "Advisor"
    ANALYST = "analyst", "Analyst"
    INVESTOR = "investor", "Investor"


class Theme(TextChoices):
    """The colours of the pages."""

    SYSTEM = "system", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class KeyScope(TextChoices):
    """What a program with a key may do; never more than its owner."""

    READ = "read", "Read"
    IMPORT = "import", "Upload files"
    WRITE = "write", "Change"
