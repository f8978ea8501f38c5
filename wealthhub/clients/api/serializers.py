"""Shapes of clients in JSON. Personal data is masked, always; `reveal` is the one way to a value."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from wealthhub.clients import pii
from wealthhub.clients.choices import ConsentChannel, NoteKind, Relationship
from wealthhub.clients.models import Advisor, Client, ClientMerge, Consent, Household, Note


class MaskedField(serializers.CharField):
    """A personal value under its mask; null where it is not known."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)
        self.kind = kind

    def to_representation(self, value: str) -> str:
        """As masked."""
        return pii.KINDS[self.kind].mask(value)


class VisibleRelatedField(serializers.PrimaryKeyRelatedField):
    """A row named by its id; one that the caller does not see does not exist."""

    def get_queryset(self) -> Any:
        """The visible rows."""
        rows, request = super().get_queryset(), self.context.get("request")
        return rows.visible_to(request.user) if request is not None else rows.none()


class ClientSerializer(serializers.ModelSerializer):
    """A client in a list."""

    advisor_id = serializers.IntegerField(read_only=True, allow_null=True)
    advisor_name = serializers.SerializerMethodField()
    household_id = serializers.IntegerField(read_only=True, allow_null=True)
    external_ids = serializers.ListField(child=serializers.CharField(), read_only=True)
    pan = MaskedField("pan", help_text="Masked: XXXXXX234F.")
    phone = MaskedField("phone", help_text="Masked: +91 XXXXXX3210.")
    email = MaskedField("email", help_text="Masked: r***@d***.in.")

    class Meta:
        model = Client
        fields = (
            "id",
            "name",
            "external_ids",
            "relationship",
            "advisor_id",
            "advisor_name",
            "household_id",
            "pan",
            "phone",
            "email",
            "is_active",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_advisor_name(self, client: Client) -> str | None:
        """Null where nobody serves the client."""
        return str(client.advisor) if client.advisor else None


class PersonalInput(serializers.Serializer):
    """Personal data as typed; empty text removes a stored value."""

    pan = serializers.CharField(max_length=20, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    birth_date = serializers.CharField(max_length=20, required=False, allow_blank=True)


class ClientInput(PersonalInput):
    """A new client."""

    name = serializers.CharField(max_length=200)
    relationship = serializers.ChoiceField(choices=Relationship.choices, default=Relationship.DISTRIBUTION)
    advisor = VisibleRelatedField(queryset=Advisor.objects.all())
    household = VisibleRelatedField(queryset=Household.objects.all(), required=False, allow_null=True)
    identifiers = serializers.DictField(
        child=serializers.CharField(max_length=80),
        required=False,
        help_text="Source to id: {wealthy: 1608045}.",
    )

    def validate_identifiers(self, value: dict[str, str]) -> dict[str, str]:
        """A source's name fits its column."""
        if any(len(source) > 40 for source in value):
            raise serializers.ValidationError("A source's name has at most 40 characters.")
        return value


class ClientChange(PersonalInput):
    """What may change of a client; what is left out stays."""

    name = serializers.CharField(max_length=200, required=False)
    relationship = serializers.ChoiceField(choices=Relationship.choices, required=False)
    household = VisibleRelatedField(queryset=Household.objects.all(), required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class NoteSerializer(serializers.ModelSerializer):
    """A note. ``author`` is a name."""

    author = serializers.StringRelatedField()
    kind = serializers.ChoiceField(choices=NoteKind.choices, default=NoteKind.GENERAL)
    text = serializers.CharField(max_length=5000)
    is_pinned = serializers.BooleanField(default=False)

    class Meta:
        model = Note
        fields = ("id", "kind", "text", "is_pinned", "author", "created_at")
        read_only_fields = ("id", "author", "created_at")


class ConsentSerializer(serializers.ModelSerializer):
    """A consent; ``withdrawn_at`` null: it stands. ``given_at`` left out is now."""

    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    given_at = serializers.DateTimeField(required=False)

    class Meta:
        model = Consent
        fields = ("id", "purpose", "notice_version", "channel", "given_at", "withdrawn_at")
        read_only_fields = ("id", "withdrawn_at")


class RevealInput(serializers.Serializer):
    """Which personal data, and why."""

    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=[(kind, kind) for kind in pii.KINDS]),
        min_length=1,
        max_length=4,
    )
    reason = serializers.CharField(min_length=5, max_length=300)


class RevealedSerializer(serializers.Serializer):
    """The values asked for; null where not known, absent where not asked."""

    pan = serializers.CharField(required=False, allow_null=True)
    phone = serializers.CharField(required=False, allow_null=True)
    email = serializers.CharField(required=False, allow_null=True)
    birth_date = serializers.DateField(required=False, allow_null=True)


class ReassignInput(serializers.Serializer):
    """Clients to give to an advisor."""

    clients = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=5000
    )
    advisor = VisibleRelatedField(queryset=Advisor.objects.all())
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ReassignedSerializer(serializers.Serializer):
    """How many clients changed hands."""

    reassigned = serializers.IntegerField()


class MergeInput(serializers.Serializer):
    """Two records of one person."""

    kept = VisibleRelatedField(queryset=Client.objects.all())
    merged = VisibleRelatedField(queryset=Client.objects.all())
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class MergeSerializer(serializers.ModelSerializer):
    """A merge; ``undone_at`` null: it stands. ``moved`` counts rows by table."""

    moved = serializers.SerializerMethodField()
    filled = serializers.SerializerMethodField()
    by = serializers.StringRelatedField()

    class Meta:
        model = ClientMerge
        fields = ("id", "kept", "merged", "moved", "filled", "reason", "by", "at", "undone_at")
        read_only_fields = fields

    def get_moved(self, merge: ClientMerge) -> dict[str, int]:
        """Rows by table."""
        return {label: len(ids) for label, ids in merge.moved.items()}

    def get_filled(self, merge: ClientMerge) -> list[str]:
        """The columns the kept client took over."""
        return sorted(merge.filled)


class MergePreviewSerializer(serializers.Serializer):
    """What a merge would do; ``refusal`` empty: it may be done."""

    refusal = serializers.CharField(allow_blank=True)
    moving = serializers.DictField(child=serializers.IntegerField())
    staying = serializers.DictField(child=serializers.IntegerField())
    filled = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())


class HouseholdSerializer(serializers.ModelSerializer):
    """A household; ``member_count`` counts those the caller sees."""

    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Household
        fields = ("id", "name", "member_count", "created_at")
        read_only_fields = fields


class HouseholdInput(serializers.Serializer):
    """A household's name and members."""

    name = serializers.CharField(max_length=200)
    members = serializers.PrimaryKeyRelatedField(queryset=Client.objects.none(), many=True, allow_empty=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (request := self.context.get("request")) is not None:
            visible = Client.objects.visible_to(request.user).current()
            self.fields["members"].child_relation.queryset = visible
