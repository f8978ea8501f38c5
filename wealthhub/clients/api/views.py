"""Clients for programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from wealthhub.api import IsSignedIn, VisibleToUserMixin
from wealthhub.clients import merging, services
from wealthhub.clients.api import serializers as shapes
from wealthhub.clients.filters import ClientFilter, HouseholdFilter, MergeFilter
from wealthhub.clients.models import Client, ClientMerge, Consent, Household, Note
from wealthhub.clients.views import LEADS, firm_of
from wealthhub.errors import Forbidden


class IsStaff(IsSignedIn):
    """Everybody of the firm but its investors."""

    message = "This is for the firm's staff."

    def has_permission(self, request: Request, view: Any) -> bool:
        """As the class says."""
        return super().has_permission(request, view) and not request.user.scope.is_investor


class IsLead(IsSignedIn):
    """Administrators and managers."""

    message = "This is done by administrators and managers."

    def has_permission(self, request: Request, view: Any) -> bool:
        """As the class says."""
        user = request.user
        return super().has_permission(request, view) and (user.is_superuser or user.role in LEADS)


class ClientViewSet(VisibleToUserMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """The clients the caller sees, and what may be done to one."""

    queryset = Client.objects.select_related("advisor", "household").order_by("name", "pk")
    serializer_class = shapes.ClientSerializer
    filterset_class = ClientFilter

    def get_queryset(self) -> QuerySet[Client]:
        """Lists leave out merged clients, and are for the staff."""
        if self.action == "list" and self.request.user.scope.is_investor:
            raise Forbidden("Lists of clients are for the firm's staff.")
        rows = super().get_queryset().with_identifiers()
        return rows.current() if self.action == "list" else rows

    @extend_schema(request=shapes.ClientInput, responses={201: shapes.ClientSerializer})
    def create(self, request: Request) -> Response:
        """Add a client."""
        check_writes(request.user)
        data = self._checked(shapes.ClientInput)
        client = services.create_client(user=request.user, firm=firm_of(request.user), **data)
        return Response(self._shown(client.pk), status=201)

    @extend_schema(responses=shapes.ClientSerializer)
    def record(self, request: Request, pk: int) -> Response:
        """One client by our own id."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=shapes.ClientChange, responses=shapes.ClientSerializer)
    def change(self, request: Request, pk: int) -> Response:
        """Change what is named; what is left out stays."""
        client = self.get_object()
        check_writes(request.user)
        data = self._checked(shapes.ClientChange)
        services.update_client(client=client, user=request.user, changes=data)
        return Response(self._shown(client.pk))

    @extend_schema(request=shapes.RevealInput, responses=shapes.RevealedSerializer)
    def reveal(self, request: Request, pk: int) -> Response:
        """Personal data in clear, for a reason that is kept in the audit trail."""
        client = self.get_object()
        if request.user.sees_masked_only:
            raise Forbidden("Your role sees personal data masked.", code="masked_only")
        data = self._checked(shapes.RevealInput)
        values = services.reveal(client=client, user=request.user, request=request._request, **data)
        return Response(values, headers={"Cache-Control": "no-store"})

    @extend_schema(request=shapes.ReassignInput, responses=shapes.ReassignedSerializer)
    def reassign(self, request: Request) -> Response:
        """Give clients to another advisor from today on. Ids the caller does not see are a 404, and nothing is done."""
        check_leads(request.user)
        data = self._checked(shapes.ReassignInput)
        wanted = set(data.pop("clients"))
        seen = set(self.get_queryset().filter(pk__in=wanted).values_list("pk", flat=True))
        if wanted - seen:
            raise Forbidden("Some of these clients do not exist.", code="not_found", status=404)
        count = services.reassign_clients(clients=seen, user=request.user, request=request._request, **data)
        return Response({"reassigned": count})

    @extend_schema(request=shapes.MergeInput, responses={201: shapes.MergeSerializer})
    def merge(self, request: Request) -> Response:
        """Make one client out of two. Can be undone."""
        check_leads(request.user)
        data = self._checked(shapes.MergeInput)
        merge = merging.merge_clients(user=request.user, request=request._request, **data)
        return Response(shapes.MergeSerializer(merge).data, status=201)

    @extend_schema(request=shapes.MergeInput, responses=shapes.MergePreviewSerializer)
    def merge_preview(self, request: Request) -> Response:
        """What a merge would do. Changes nothing."""
        check_leads(request.user)
        data = self._checked(shapes.MergeInput)
        preview = merging.preview_merge(kept=data["kept"], merged=data["merged"])
        return Response(
            {
                "refusal": preview.refusal,
                "moving": {part.model._meta.label: len(part.ids) for part in preview.moving},
                "staying": {part.model._meta.label: len(part.staying) for part in preview.moving},
                "filled": preview.filled,
                "warnings": preview.warnings,
            }
        )

    def _checked(self, shape: type[Any]) -> dict[str, Any]:
        given = shape(data=self.request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return given.validated_data

    def _shown(self, pk: int) -> dict[str, Any]:
        return self.get_serializer(self.get_queryset().get(pk=pk)).data


def check_writes(user: Any) -> None:
    """Raises: Forbidden: the role only reads."""
    if not user.may_write:
        raise Forbidden("Your role only reads.")


def check_leads(user: Any) -> None:
    """Raises: Forbidden: only those who run the firm or a team may."""
    if not (user.is_superuser or user.role in LEADS):
        raise Forbidden("This is done by administrators and managers.")


class OfClientViewSet(VisibleToUserMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Rows of one client; the client itself must be visible, else 404."""

    def get_queryset(self) -> QuerySet:
        """The client's rows."""
        rows = super().get_queryset()
        return rows.none() if getattr(self, "swagger_fake_view", False) else rows.filter(client=self.parent())

    def parent(self) -> Client:
        """The client of the path."""
        from wealthhub.web import get_visible_or_404

        return get_visible_or_404(Client, self.request.user, pk=self.kwargs["client_pk"])

    def given(self) -> dict[str, Any]:
        """The checked body."""
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class NoteViewSet(OfClientViewSet):
    """Notes about a client."""

    permission_classes = (IsStaff,)
    queryset = Note.objects.select_related("author")
    serializer_class = shapes.NoteSerializer

    def create(self, request: Request, client_pk: int) -> Response:
        """Write a note."""
        client = self.parent()
        check_writes(request.user)
        data = self.given()
        note = services.add_note(client=client, user=request.user, **data)
        return Response(self.get_serializer(note).data, status=201)


class ConsentViewSet(OfClientViewSet):
    """Consents of a client."""

    queryset = Consent.objects.all()
    serializer_class = shapes.ConsentSerializer

    def create(self, request: Request, client_pk: int) -> Response:
        """Write down a consent."""
        client = self.parent()
        check_writes(request.user)
        data = self.given()
        consent = services.record_consent(client=client, user=request.user, **data)
        return Response(self.get_serializer(consent).data, status=201)

    @extend_schema(request=None, responses=shapes.ConsentSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, client_pk: int, pk: int) -> Response:
        """Note the withdrawal, now."""
        consent = services.withdraw_consent(consent=self.get_object(), user=request.user)
        return Response(self.get_serializer(consent).data)


class MergeViewSet(VisibleToUserMixin, viewsets.ReadOnlyModelViewSet):
    """Merges, the newest first."""

    permission_classes = (IsLead,)
    queryset = ClientMerge.objects.select_related("by")
    serializer_class = shapes.MergeSerializer
    filterset_class = MergeFilter

    @extend_schema(request=None, responses=shapes.MergeSerializer)
    def undo(self, request: Request, pk: int) -> Response:
        """Put back what the merge moved."""
        merge = self.get_object()
        merge = merging.undo_merge(merge=merge, user=request.user, request=request._request)
        return Response(self.get_serializer(merge).data)


class HouseholdViewSet(VisibleToUserMixin, viewsets.ReadOnlyModelViewSet):
    """Households with a member the caller sees."""

    permission_classes = (IsStaff,)
    queryset = Household.objects.order_by("name", "pk")
    serializer_class = shapes.HouseholdSerializer
    filterset_class = HouseholdFilter

    def get_queryset(self) -> QuerySet[Household]:
        """With their counts."""
        return super().get_queryset().with_member_count(self.request.user)

    @extend_schema(request=shapes.HouseholdInput, responses={201: shapes.HouseholdSerializer})
    def create(self, request: Request) -> Response:
        """Make a household of clients the caller sees."""
        return Response(self._saved(request, None), status=201)

    @extend_schema(request=shapes.HouseholdInput, responses=shapes.HouseholdSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Name and members, as given."""
        return Response(self._saved(request, self.get_object()))

    def _saved(self, request: Request, household: Household | None) -> dict[str, Any]:
        check_writes(request.user)
        given = shapes.HouseholdInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        saved = services.save_household(
            firm=firm_of(request.user), user=request.user, household=household, **given.validated_data
        )
        return self.get_serializer(self.get_queryset().get(pk=saved.pk)).data
