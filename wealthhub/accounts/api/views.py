"""Sign-in for programs: tokens, keys and who one is."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, status
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from wealthhub.accounts import services, tokens
from wealthhub.accounts.api.serializers import (
    ApiKeySerializer,
    IssuedApiKeySerializer,
    LoginSerializer,
    LogoutSerializer,
    MeSerializer,
    NewApiKeySerializer,
    RefreshSerializer,
    RegisterSerializer,
    TokenPairSerializer,
)
from wealthhub.accounts.models import ApiKey
from wealthhub.api import VisibleToUserMixin


class _SignedOutView(APIView):
    """A view for those who are not signed in (yet): presented credentials are not looked at."""

    authentication_classes = []
    permission_classes = [AllowAny]


class LoginView(_SignedOutView):
    """Sign in with user name (or e-mail), password and, where a second factor is on, its code.

    Five wrong passwords lock the account and the address for five minutes. A missing code is a 401 with the code
    `second_factor_required`.
    """

    @extend_schema(request=LoginSerializer, responses=TokenPairSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Both tokens."""
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            pair = tokens.sign_in(request._request, **given.validated_data)
        except tokens.Locked as refusal:
            wait = refusal.details["retry_after"]
            body = {"code": refusal.code, "message": refusal.message, "details": refusal.details}
            return Response(body, status=refusal.status, headers={"Retry-After": str(wait)})
        return Response(TokenPairSerializer(pair).data)


class RefreshView(_SignedOutView):
    """Exchange a refresh token for a new pair. Each refresh token works once."""

    @extend_schema(request=RefreshSerializer, responses=TokenPairSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Both tokens."""
        given = RefreshSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(TokenPairSerializer(tokens.refresh(given.validated_data["refresh"])).data)


class LogoutView(_SignedOutView):
    """End the session of the access token sent along, or of the refresh token in the body."""

    @extend_schema(request=LogoutSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Nothing; from now on both tokens are refused."""
        given = LogoutSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        scheme, _, access = get_authorization_header(request).decode("latin-1").partition(" ")
        access = access.strip() if scheme.lower() == "bearer" else ""
        if not tokens.sign_out(access=access, refresh_token=given.validated_data["refresh"]):
            message = "Send the access token, or the refresh token in the body."
            raise tokens.SignInRefused(message, code="not_signed_in")
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegisterView(_SignedOutView):
    """Register as an investor with a firm that takes registrations. Nothing is seen until the firm links a client.

    An e-mail address that has an account already gets the same answer, and its owner a mail.
    """

    @extend_schema(request=RegisterSerializer, responses={201: RegisterSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """What was registered."""
        given = RegisterSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if not ratelimit.consume(request._request, app="allauth.account", action="signup"):
            raise exceptions.Throttled(detail="Too many registrations from this address. Try again later.")
        data = given.validated_data
        services.register_investor(
            firm_slug=data["firm"],
            username=data["username"],
            email=data["email"],
            password=data["password"],
        )
        return Response(
            {name: data[name] for name in ("firm", "username", "email")}, status=status.HTTP_201_CREATED
        )


class MeView(APIView):
    """The account of the caller."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Name, role and firm."""
        return Response(MeSerializer(request.user).data)


class ApiKeyViewSet(
    VisibleToUserMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """One's own keys for programs. A key cannot make or end keys."""

    queryset = ApiKey.objects.all()
    serializer_class = ApiKeySerializer
    lookup_value_regex = r"[0-9]{1,18}"
    keys_allowed = False

    @extend_schema(request=NewApiKeySerializer, responses={201: IssuedApiKeySerializer})
    def create(self, request: Request) -> Response:
        """A new key. Its secret is in this answer and nowhere else."""
        given = NewApiKeySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        key, secret = services.issue_api_key(user=request.user, **given.validated_data)
        key.key = secret
        return Response(IssuedApiKeySerializer(key).data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: ApiKey) -> None:
        """Revoked keys stay on the list."""
        services.revoke_api_key(key=instance, user=self.request.user)
