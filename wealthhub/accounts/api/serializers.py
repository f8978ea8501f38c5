"""The shape of what the accounts' API takes and gives."""

from __future__ import annotations

from rest_framework import serializers

from wealthhub.accounts.choices import KeyScope
from wealthhub.accounts.models import ApiKey, Firm, User


class LoginSerializer(serializers.Serializer):
    """``username`` may be the e-mail address; ``code`` is needed where a second factor is on."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, style={"input_type": "password"})
    code = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class TokenPairSerializer(serializers.Serializer):
    """Both tokens."""

    access = serializers.CharField(help_text="Sent as `Authorization: Bearer …`; good for 30 minutes.")
    refresh = serializers.CharField(help_text="Exchanged once for a new pair; good for 7 days.")


class RefreshSerializer(serializers.Serializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4000)


class LogoutSerializer(serializers.Serializer):
    """The refresh token ends the session even when the access token has run out."""

    refresh = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


class RegisterSerializer(serializers.Serializer):
    """An investor's registration with a firm that takes them."""

    firm = serializers.SlugField(max_length=60, help_text="The firm's short name.")
    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=200, trim_whitespace=False, write_only=True, style={"input_type": "password"}
    )


class FirmSerializer(serializers.ModelSerializer):
    """The firm of an account."""

    class Meta:
        model = Firm
        fields = ["id", "name", "slug", "kind"]
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer):
    """Who is asking."""

    name = serializers.CharField(source="__str__", read_only=True)
    firm = FirmSerializer(read_only=True, allow_null=True)

    class Meta:
        model = User
        fields = ["id", "username", "name", "email", "role", "firm", "client_id", "theme", "is_superuser"]
        read_only_fields = fields


class ApiKeySerializer(serializers.ModelSerializer):
    """A key without its secret."""

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
        read_only_fields = fields


class NewApiKeySerializer(serializers.Serializer):
    """What a new key is for and may do."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=KeyScope.choices), min_length=1, max_length=len(KeyScope.values)
    )
    days = serializers.IntegerField(
        min_value=1, max_value=3650, required=False, allow_null=True, default=None, help_text="Empty: no end."
    )


class IssuedApiKeySerializer(ApiKeySerializer):
    """A key with its secret, this once."""

    key = serializers.CharField(
        read_only=True, help_text="Sent as `Authorization: Api-Key …`. Not shown again."
    )

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
        read_only_fields = fields
