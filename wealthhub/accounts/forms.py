"""Input of the account and firm pages."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from django import forms
from django.apps import apps  # clients stands on accounts: its models are asked for by name
from django.db.models import Q

from wealthhub.accounts.choices import FirmKind, KeyScope, Role
from wealthhub.accounts.models import Firm, User

LASTS = ((30, "30 days"), (90, "90 days"), (365, "A year"), (0, "No end"))


class SignInForm(LoginForm):
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name or e-mail"
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autofocus": True}
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["remember"].label = "Stay signed in on this device"


class ProfileForm(forms.Form):
    """One's own name and address. A new address needs the password: it is where a lost one is reset."""

    first_name = forms.CharField(label="First name", max_length=150, required=False)
    last_name = forms.CharField(label="Last name", max_length=150, required=False)
    email = forms.EmailField(label="E-mail", max_length=254, required=False)
    password = forms.CharField(
        label="Present password",
        required=False,
        strip=False,
        help_text="Only to change the e-mail address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        initial = {"first_name": user.first_name, "last_name": user.last_name, "email": user.email}
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        """The password, where the address changes."""
        cleaned = super().clean() or {}
        changes = cleaned.get("email", "").lower() != self.user.email.lower()
        if changes and not get_adapter().reauthenticate(self.user, cleaned.get("password") or ""):
            self.add_error("password", "Give your present password to change the address.")
        return cleaned


class ApiKeyForm(forms.Form):
    """A new key for a program."""

    name = forms.CharField(label="Name", max_length=100, help_text="The program that will use it.")
    scopes = forms.MultipleChoiceField(
        label="It may", choices=KeyScope, initial=[KeyScope.READ], widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label="It lasts", choices=LASTS, coerce=int, initial=90)


class FirmForm(forms.Form):
    """The firm's own settings."""

    name = forms.CharField(label="Name", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=FirmKind)
    second_factor_roles = forms.MultipleChoiceField(
        label="Second factor required for",
        choices=Role,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They set it up at their next page and go on then.",
    )
    accepts_registration = forms.BooleanField(
        label="Investors may register themselves over the API",
        required=False,
        help_text="They see nothing until linked to a client.",
    )

    def __init__(self, *args: Any, firm: Firm, **kwargs: Any) -> None:
        initial = {name: getattr(firm, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)


class PlaceForm(forms.Form):
    """Somebody's role and place in the firm."""

    role = forms.ChoiceField(label="Role", choices=Role, initial=Role.ADVISOR)
    manager = forms.ModelChoiceField(
        label="Reports to",
        queryset=User.objects.none(),
        required=False,
        empty_label="Nobody",
        help_text="A manager sees the clients of the team below.",
    )
    client = forms.IntegerField(
        label="Client number", required=False, min_value=1, help_text="For an investor: the client they see."
    )

    def __init__(self, *args: Any, by: User, member: User | None = None, **kwargs: Any) -> None:
        if member is not None:
            kwargs["initial"] = {
                "role": member.role,
                "manager": member.manager_id,
                "client": member.client_id,
            }
        super().__init__(*args, **kwargs)
        self.by = by
        advisors = apps.get_model("clients", "Advisor").objects.visible_to(by)
        self.fields["advisor"] = forms.ModelChoiceField(
            label="Serves clients as",
            queryset=advisors.filter(Q(user__isnull=True) | Q(user=member))
            if member
            else advisors.filter(user__isnull=True),
            required=False,
            initial=getattr(member, "advisor", None),
            empty_label="A new advisor",
            help_text="For an advisor whom imported files already name.",
        )
        heads = User.objects.visible_to(by).filter(role__in=[Role.ADMIN, Role.MANAGER], is_active=True)
        self.fields["manager"].queryset = heads.exclude(pk=member.pk) if member else heads  # type: ignore[attr-defined]
        if by.role == Role.MANAGER:  # makes advisors for the own team, nothing else
            self.fields["role"].choices = [(Role.ADVISOR.value, Role.ADVISOR.label)]  # type: ignore[attr-defined]
            self.fields["manager"].required = True
            self.fields["manager"].initial = by.pk
            del self.fields["client"]

    def clean_advisor(self) -> Any:
        """Only an advisor serves clients."""
        return self.cleaned_data["advisor"] if self.cleaned_data.get("role") == Role.ADVISOR else None

    def clean_client(self) -> Any:
        """The client of the firm by that number."""
        number = self.cleaned_data["client"]
        if number is None:
            return None
        client = (
            apps.get_model("clients", "Client")
            .objects.visible_to(self.by)
            .current()
            .filter(pk=number)
            .first()
        )
        if client is None:
            raise forms.ValidationError("There is no such client.")
        return client


class NewMemberForm(PlaceForm):
    """A new account. Without a password a link to choose one is sent by mail."""

    username = forms.CharField(label="User name", max_length=150)
    first_name = forms.CharField(label="First name", max_length=150, required=False)
    last_name = forms.CharField(label="Last name", max_length=150, required=False)
    email = forms.EmailField(label="E-mail", max_length=254, required=False)
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        help_text="Leave it empty to send an invitation to the e-mail address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = [
        "username",
        "first_name",
        "last_name",
        "email",
        "role",
        "manager",
        "advisor",
        "client",
        "password",
    ]

    def clean(self) -> dict[str, Any]:
        """One way in at least."""
        cleaned = super().clean() or {}
        if not cleaned.get("password") and not cleaned.get("email"):
            self.add_error("email", "Give an e-mail address for the invitation, or a password.")
        return cleaned
