"""Abstract bases of the hub's and the apps' tables."""

from django.db import models


class OwnedModel(models.Model):
    """A row of one firm. ``firm`` comes first in every unique constraint and index of its table."""

    firm = models.ForeignKey("accounts.Firm", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class ImportedModel(OwnedModel):
    """A row that files may write. ``created_run`` made it, ``changed_run`` last changed it; None when made by hand."""

    created_run = models.ForeignKey(
        "imports.ImportRun",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    changed_run = models.ForeignKey(
        "imports.ImportRun",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    class Meta:
        abstract = True
