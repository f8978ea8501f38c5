"""The upload form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from wealthhub.imports import selectors
from wealthhub.imports.choices import OnError

if TYPE_CHECKING:
    from wealthhub.accounts.models import User


class UploadForm(forms.Form):
    """One file for one source. The sources offered are those the user may send."""

    source = forms.ChoiceField(label="Source")
    file = forms.FileField(label="File", allow_empty_file=False)
    on_error = forms.ChoiceField(
        label="Rows with errors", choices=OnError, initial=OnError.QUARANTINE, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(source.name, source.title) for source in selectors.sources_for(user)]
        nothing = (
            [("", "Choose what the file is")] if len(offered) > 1 else []
        )  # a guess would be sent unread
        self.fields["source"].choices = [*nothing, *offered]  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        """The file, if it is within the site's limit."""
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            limit = filesizeformat(settings.IMPORT_MAX_BYTES)
            raise forms.ValidationError(f"The file has {filesizeformat(file.size)}; the limit is {limit}.")
        return file
