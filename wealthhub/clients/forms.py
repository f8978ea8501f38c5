"""Input of the clients' pages. What may be chosen is what the user sees; rules are the services'."""

from __future__ import annotations

from typing import Any

from django import forms

from wealthhub.accounts.models import User
from wealthhub.clients import pii, selectors
from wealthhub.clients.choices import ConsentChannel, NoteKind, Relationship
from wealthhub.clients.models import Advisor, Client, Household

_NO_AUTOFILL = {"autocomplete": "off", "spellcheck": "false"}


class _PersonalFields(forms.Form):
    """PAN, phone, e-mail and date of birth as typed; a malformed one is said at its field."""

    pan = forms.CharField(
        label="PAN", max_length=20, required=False, widget=forms.TextInput(attrs=_NO_AUTOFILL)
    )
    phone = forms.CharField(
        label="Mobile number", max_length=30, required=False, widget=forms.TextInput(attrs=_NO_AUTOFILL)
    )
    email = forms.CharField(
        label="E-mail", max_length=254, required=False, widget=forms.EmailInput(attrs=_NO_AUTOFILL)
    )
    birth_date = forms.CharField(
        label="Date of birth",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs=_NO_AUTOFILL),
        help_text="As 30-07-1985.",
    )

    def clean(self) -> dict[str, Any]:
        """Check the shape of each kind."""
        from wealthhub.errors import Invalid

        cleaned = super().clean() or self.cleaned_data
        for kind in pii.KINDS.values():
            typed = cleaned.get(kind.name)
            if not typed:
                continue
            try:
                kind.normalise(typed)
            except Invalid as refusal:
                self.add_error(kind.name, refusal.message)
        return cleaned


class ClientForm(_PersonalFields):
    """A new client."""

    name = forms.CharField(max_length=200)
    relationship = forms.ChoiceField(choices=Relationship.choices)
    advisor = forms.ModelChoiceField(queryset=Advisor.objects.none())
    household = forms.ModelChoiceField(queryset=Household.objects.none(), required=False)
    identifier_source = forms.CharField(
        max_length=40,
        required=False,
        label="System",
        help_text="Another system that knows this client: wealthy.",
    )
    identifier = forms.CharField(max_length=80, required=False, label="Identifier in that system")
    field_order = ["name", "relationship", "advisor", "household", "pan", "phone", "email", "birth_date"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        advisors = selectors.advisors_to_choose(user)
        self.fields["advisor"].queryset = advisors
        self.fields["advisor"].label = user.firm.advisor_word if user.firm else "Advisor"
        self.fields["household"].queryset = Household.objects.visible_to(user)
        if user.role == "advisor":
            self.fields["advisor"].initial = advisors.first()

    def clean(self) -> dict[str, Any]:
        """An identifier needs its system, and a system its identifier."""
        cleaned = super().clean()
        if bool(cleaned.get("identifier")) != bool(cleaned.get("identifier_source")):
            self.add_error("identifier", "Give both the system and the identifier, or neither.")
        return cleaned

    def identifiers(self) -> dict[str, str]:
        """Source to id, as the service takes it."""
        data = self.cleaned_data
        return {data["identifier_source"]: data["identifier"]} if data["identifier"] else {}


class ClientEditForm(_PersonalFields):
    """A known client. An empty personal field leaves what is stored; removing is said on purpose."""

    name = forms.CharField(max_length=200)
    relationship = forms.ChoiceField(choices=Relationship.choices)
    household = forms.ModelChoiceField(queryset=Household.objects.none(), required=False)
    is_active = forms.BooleanField(required=False, label="Active")
    remove = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Remove what is stored"
    )
    field_order = [
        "name",
        "relationship",
        "household",
        "is_active",
        "pan",
        "phone",
        "email",
        "birth_date",
        "remove",
    ]

    def __init__(self, *args: Any, user: User, client: Client, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "name": client.name,
            "relationship": client.relationship,
            "household": client.household_id,
            "is_active": client.is_active,
        }
        super().__init__(*args, **kwargs)
        self.fields["household"].queryset = Household.objects.visible_to(user)
        stored = [value for value in selectors.personal_data(client) if value.text]
        for value in stored:
            self.fields[value.kind].help_text = f"Stored: {value.text}. Leave empty to keep it."
        self.fields["remove"].choices = [(value.kind, value.label) for value in stored]
        if not stored:
            del self.fields["remove"]

    def changes(self) -> dict[str, Any]:
        """What the service is to change."""
        data = self.cleaned_data
        changes = {field: data[field] for field in ("name", "relationship", "household", "is_active")}
        changes |= {kind: data[kind] for kind in pii.KINDS if data[kind]}
        return changes | dict.fromkeys(data.get("remove", []), "")


class RevealForm(forms.Form):
    """Which personal data, and why."""

    kinds = forms.MultipleChoiceField(
        choices=[(kind.name, kind.label) for kind in pii.KINDS.values()],
        widget=forms.CheckboxSelectMultiple,
        label="Show",
    )
    reason = forms.CharField(
        min_length=5,
        max_length=300,
        label="Reason",
        help_text="Kept in the audit trail with your name.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NoteForm(forms.Form):
    """A note about a client."""

    kind = forms.ChoiceField(choices=NoteKind.choices, label="Kind")
    text = forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": 3}), label="Note")
    is_pinned = forms.BooleanField(required=False, label="Keep on top")


class ConsentForm(forms.Form):
    """A consent the client gave."""

    purpose = forms.CharField(max_length=100, help_text="What the client agreed to: statements by e-mail.")
    notice_version = forms.CharField(max_length=40, label="Version of the notice")
    channel = forms.ChoiceField(choices=ConsentChannel.choices, label="Given")


class ReassignForm(forms.Form):
    """Clients to give to another advisor; ``clients`` are their numbers joined by commas: one field for thousands."""

    clients = forms.CharField(
        widget=forms.HiddenInput, error_messages={"required": "Choose at least one client."}
    )
    advisor = forms.ModelChoiceField(queryset=Advisor.objects.none(), label="To")
    reason = forms.CharField(max_length=300, required=False, help_text="Kept in each client's history.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["advisor"].queryset = selectors.advisors_to_choose(user)

    def clean_clients(self) -> list[int]:
        """The numbers of those clients that the user sees; one they do not see refuses all."""
        numbers = [part for part in self.cleaned_data["clients"].split(",") if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in numbers):
            raise forms.ValidationError("The chosen clients could not be read. Choose them again.")
        ids = {int(part) for part in numbers}
        seen = set(Client.objects.visible_to(self.user).filter(pk__in=ids).values_list("pk", flat=True))
        if not ids or ids - seen:
            raise forms.ValidationError("Some of the chosen clients are not there. Choose them again.")
        return sorted(ids)


class MergeForm(forms.Form):
    """Two clients found by typing, and which is kept."""

    kept = forms.ModelChoiceField(
        queryset=Client.objects.none(), label="Client to keep", widget=forms.HiddenInput
    )
    merged = forms.ModelChoiceField(
        queryset=Client.objects.none(), label="Client to merge", widget=forms.HiddenInput
    )
    reason = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible = Client.objects.visible_to(user)
        self.fields["kept"].queryset = self.fields["merged"].queryset = visible


class HouseholdForm(forms.Form):
    """A household's name and its members, named by client number."""

    name = forms.CharField(max_length=200)
    members = forms.ModelMultipleChoiceField(
        queryset=Client.objects.none(), widget=forms.CheckboxSelectMultiple, label="Members"
    )

    def __init__(self, *args: Any, user: User, offered: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = Client.objects.visible_to(user).current().filter(pk__in=offered)
