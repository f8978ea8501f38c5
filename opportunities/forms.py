"""Input of the app's pages: working an opportunity, a scan, the detectors' settings, the rate card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from opportunities import detectors
from opportunities.choices import OpportunityType, WorkStatus
from wealthhub.dates import today_ist

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StatusForm(forms.Form):
    """Where the advisor stands with an opportunity."""

    status = forms.ChoiceField(choices=WorkStatus.choices)
    reason = forms.CharField(
        label="Reason", required=False, max_length=300, help_text="Needed to dismiss; kept in the history."
    )
    snoozed_until = forms.DateField(
        label="Snooze until",
        required=False,
        widget=_DAY,
        help_text="Hides it from the worklist until that day.",
    )


class NoteForm(forms.Form):
    """A note on an opportunity."""

    text = forms.CharField(label="Note", max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


class ScanForm(forms.Form):
    """A scan as of a day; today where none is given."""

    as_of = forms.DateField(label="As of", required=False, widget=_DAY)

    def clean_as_of(self) -> Any:
        """The day, or today in India."""
        return self.cleaned_data["as_of"] or today_ist()


class DetectorForm(forms.Form):
    """One detector: on or off, and its parameters as `detectors.REGISTRY` declares them."""

    is_on = forms.BooleanField(label="Look for these", required=False)

    def __init__(self, *args: Any, opportunity_type: str, **kwargs: Any) -> None:
        super().__init__(*args, prefix=opportunity_type, **kwargs)
        self.opportunity_type = OpportunityType(opportunity_type)
        self.detector = detectors.REGISTRY[self.opportunity_type]
        for parameter in self.detector.parameters:
            self.fields[parameter.name] = forms.DecimalField(
                label=f"{parameter.title} ({'%' if parameter.unit == 'percent' else parameter.unit})",
                min_value=parameter.minimum,
                max_value=parameter.maximum,
                help_text=parameter.help,
            )

    @property
    def parameters(self) -> dict[str, Decimal]:
        """The parameters as typed; the service says whether they may be."""
        return {parameter.name: self.cleaned_data[parameter.name] for parameter in self.detector.parameters}


class TrailRateForm(forms.Form):
    """A line of the rate card. The rate is typed in per cent and kept as a fraction."""

    effective_from = forms.DateField(widget=_DAY)
    percent = forms.DecimalField(
        label="Yearly trail (%)",
        min_value=0,
        max_value=100,
        max_digits=7,
        decimal_places=4,
        help_text="0.80 is 0.80 %.",
    )

    @property
    def annual_rate(self) -> Decimal:
        """As a fraction: 0.0080 for 0.80 %."""
        return self.cleaned_data["percent"] / 100
