"""Opportunities, scans, agents and clients for programs."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from opportunities import selectors, services
from opportunities.api import queries, serializers
from opportunities.choices import OpportunityType
from opportunities.filters import OpportunityFilter, SipFilter
from opportunities.models import Opportunity, ScanRun, Sip
from wealthhub.accounts.models import User
from wealthhub.api import IsSignedIn, VisibleToUserMixin
from wealthhub.clients.models import Advisor, Client
from wealthhub.dates import today_ist
from wealthhub.errors import Forbidden

AGENT_ORDERS = ("total_invested", "total_aum", "total_sips", "clients", "monthly_book", "open_opportunities")


class IsStaff(BasePermission):
    """Everybody but investors: opportunities are the firm's work."""

    message = "Opportunities are for the firm's staff."

    def has_permission(self, request: Request, view: Any) -> bool:
        """As the class says."""
        return request.user.is_superuser or request.user.role != "investor"


def item_context(user: User, rows: list[Any], *, kind: OpportunityType | None = None) -> dict[str, Any]:
    """What `ItemSerializer` needs for these rows: two or three queries. ``kind`` is given for live findings."""
    ids = [row.client_id for row in rows]
    as_of = rows[0].as_of if rows else today_ist()
    context: dict[str, Any] = {
        "user_ids": queries.external_ids(set(ids)),
        "rate": selectors.shown_trail_rate(user, as_of=as_of),
    }
    if kind:
        context |= {"stored": queries.stored_of(user, kind, ids), "parties": queries.parties_of(user, ids)}
    return context


class OpportunityViewSet(VisibleToUserMixin, ListModelMixin, GenericViewSet):
    """Opportunities whose reason stands, the riskiest first."""

    queryset = Opportunity.objects.select_related("client", "advisor")
    serializer_class = serializers.ItemSerializer
    filterset_class = OpportunityFilter
    permission_classes = (IsSignedIn, IsStaff)

    def list(self, request: Request) -> Response:
        """Opportunities of all types, complete and counted; `ordering` takes a minus for falling."""
        rows = self.filter_queryset(
            self.get_queryset().order_by("-risk_score", "pk").only(*serializers.ITEM_COLUMNS)
        )
        page = self.paginate_queryset(rows)
        items = serializers.ItemSerializer(page, many=True, context=item_context(request.user, page))
        return self.get_paginated_response(items.data)

    @extend_schema(responses=serializers.DetailSerializer, filters=False)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One opportunity with its evidence and notes."""
        return self._detail(self._get(pk))

    @extend_schema(
        request=serializers.StatusSerializer, responses=serializers.DetailSerializer, filters=False
    )
    def set_status(self, request: Request, pk: str) -> Response:
        """Say where one stands with it. A dismissal needs a reason, a snooze a day to come."""
        opportunity = self._writable(pk)
        form = serializers.StatusSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.set_status(opportunity=opportunity, user=request.user, **form.validated_data)
        return self._detail(self._get(pk))

    @extend_schema(
        request=serializers.OpportunityNoteSerializer,
        responses={201: serializers.OpportunityNoteSerializer},
        filters=False,
    )
    def add_note(self, request: Request, pk: str) -> Response:
        """Write a note."""
        opportunity = self._writable(pk)
        form = serializers.OpportunityNoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        note = services.add_note(opportunity=opportunity, user=request.user, text=form.validated_data["text"])
        return Response(serializers.OpportunityNoteSerializer(note).data, status=status.HTTP_201_CREATED)

    def _get(self, pk: str) -> Opportunity:
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _writable(self, pk: str) -> Opportunity:
        opportunity = self._get(pk)
        if not self.request.user.may_write:
            raise Forbidden("Your role reads only.")
        return opportunity

    def _detail(self, opportunity: Opportunity) -> Response:
        context = item_context(self.request.user, [opportunity])
        return Response(serializers.DetailSerializer(opportunity, context=context).data)


class DetectorViewSet(GenericViewSet):
    """What one detector finds, with the asked thresholds and as of the asked day."""

    queryset = Opportunity.objects.none()
    serializer_class = serializers.ItemSerializer
    permission_classes = (IsSignedIn, IsStaff)
    filter_backends = ()

    def _answer(self, request: Request, kind: OpportunityType) -> Response:
        question = queries.asked(queries.QUESTIONS[kind], request.query_params)
        answer = queries.place(request.user, kind, question)
        if answer.scan is not None:
            rows = self.paginate_queryset(self._stored(request.user, kind, question))
            context = item_context(request.user, rows)
            return self.get_paginated_response(
                serializers.ItemSerializer(rows, many=True, context=context).data
            )
        pages = self.paginator
        pages.request = request
        pages.limit, pages.offset = pages.get_limit(request), pages.get_offset(request)
        pages.count, rows = queries.live_page(
            request.user, kind, question, answer, limit=pages.limit, offset=pages.offset
        )
        context = item_context(request.user, rows, kind=kind)
        return self.get_paginated_response(serializers.ItemSerializer(rows, many=True, context=context).data)

    @staticmethod
    def _stored(user: User, kind: OpportunityType, question: dict[str, Any]) -> QuerySet[Opportunity]:
        rows = (
            Opportunity.objects.visible_to(user)
            .select_related("client", "advisor")
            .only(*serializers.ITEM_COLUMNS)
        )
        wanted = {
            name: question[name] for name in ("agent_id", "agent_external_id", "status") if name in question
        }
        wanted |= {"opportunity_type": kind, "ordering": question["ordering"]}
        return OpportunityFilter(wanted, queryset=rows).qs

    @extend_schema(
        parameters=[queries.NoSipIncreaseQuestion], responses=serializers.ItemSerializer(many=True)
    )
    def no_sip_increase(self, request: Request) -> Response:
        """Clients whose running SIPs have not grown for `min_months` full calendar months."""
        return self._answer(request, OpportunityType.NO_SIP_INCREASE)

    @extend_schema(parameters=[queries.FailedSipsQuestion], responses=serializers.ItemSerializer(many=True))
    def failed_sips(self, request: Request) -> Response:
        """Clients whose failed instalments add up to `min_failed_amount`."""
        return self._answer(request, OpportunityType.FAILED_SIPS)

    @extend_schema(
        parameters=[queries.HighValueInactiveQuestion], responses=serializers.ItemSerializer(many=True)
    )
    def high_value_inactive(self, request: Request) -> Response:
        """Clients who invested `min_invested_amount` and had no success for `min_inactive_days`."""
        return self._answer(request, OpportunityType.HIGH_VALUE_INACTIVE)


class StatsViewSet(GenericViewSet):
    """Counts and sums."""

    queryset = Opportunity.objects.none()
    serializer_class = serializers.StatsSerializer
    permission_classes = (IsSignedIn, IsStaff)
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[queries.QuestionSerializer], responses=serializers.StatsSerializer)
    def stats(self, request: Request) -> Response:
        """Open opportunities by type: how many, client money by basis, the firm's estimated first-year trail."""
        question = queries.asked(queries.QuestionSerializer, request.query_params)
        scan = selectors.last_scan(request.user.firm)
        as_of = question.get("as_of") or (scan.as_of if scan else today_ist())
        rate = selectors.shown_trail_rate(request.user, as_of=as_of)
        if (scan is None and request.user.firm is None) or (scan is not None and scan.as_of == as_of):
            rows = Opportunity.objects.visible_to(request.user)
            wanted = {name: value for name, value in question.items() if name != "as_of"}
            totals = selectors.worklist_totals(OpportunityFilter(wanted, queryset=rows).qs, rate=rate)
        else:
            totals = selectors.totals_from(queries.live_sums(request.user, question, as_of), rate=rate)
        return Response(_stats(totals, as_of))


def _stats(totals: selectors.WorklistTotals, as_of: Any) -> dict[str, Any]:
    def money(part: Any) -> dict[str, Any]:
        return {"monthly": serializers.text(part.monthly), "one_time": serializers.text(part.one_time)}

    return {
        "total_opportunities": totals.count,
        "total_potential_revenue": serializers.text(totals.yearly_trail),
        "breakdown_by_type": {
            each.opportunity_type: {
                "count": each.count,
                "potential_revenue": serializers.text(each.yearly_trail),
                "client_money": money(each),
            }
            for each in totals.by_type
        },
        "client_money": money(totals),
        "as_of": as_of.isoformat(),
    }


class ScanViewSet(VisibleToUserMixin, GenericViewSet):
    """Scans of the book."""

    queryset = ScanRun.objects.all()
    serializer_class = serializers.ScanSerializer
    permission_classes = (IsSignedIn, IsStaff)
    filter_backends = ()

    @extend_schema(request=serializers.ScanRequestSerializer, responses={202: serializers.ScanSerializer})
    def create(self, request: Request) -> Response:
        """Look over the whole book as of a day. Ask the answer's `url` until `status` is `succeeded` or `failed`."""
        if not (request.user.is_superuser or request.user.role in {"admin", "manager"}):
            raise PermissionDenied("Scans are started by administrators and managers.")
        if request.user.firm is None:
            raise Forbidden("A scan belongs to a firm: ask as one of its people.")
        form = serializers.ScanRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        scan = services.start_scan(
            firm=request.user.firm, user=request.user, as_of=form.validated_data["as_of"]
        )
        answer = serializers.ScanSerializer(scan).data
        return Response(answer, status=status.HTTP_202_ACCEPTED, headers={"Location": answer["url"]})

    def retrieve(self, request: Request, pk: str) -> Response:
        """How far a scan is, and what came of it."""
        return Response(serializers.ScanSerializer(self.get_object()).data)


class AgentViewSet(GenericViewSet):
    """Advisors with the figures of their book."""

    queryset = Advisor.objects.none()
    serializer_class = serializers.AgentSerializer
    permission_classes = (IsSignedIn, IsStaff)
    filter_backends = ()

    @extend_schema(
        parameters=[
            OpenApiParameter("agent_id", str, description="With or without thousands commas."),
            OpenApiParameter("agent_external_id", str),
            OpenApiParameter(
                "ordering", str, enum=[sign + name for name in AGENT_ORDERS for sign in ("", "-")]
            ),
        ],
        responses=serializers.AgentSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Every advisor the caller may see, the largest invested amount first."""
        question = queries.asked(AgentQuestion, request.query_params)
        wanted = {name: question[name] for name in ("agent_id", "agent_external_id") if name in question}
        advisors = None
        if wanted:
            advisors = Advisor.objects.visible_to(request.user).filter(
                pk__in=queries.advisor_ids(request.user, wanted)
            )
        books = selectors.advisor_books(request.user, advisors)
        if order := question.get("ordering", ""):
            name = order.lstrip("-").replace("total_aum", "total_invested")
            books = sorted(books, key=lambda book: getattr(book, name), reverse=order.startswith("-"))
        page = self.paginate_queryset(books)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class AgentQuestion(queries.QuestionSerializer):
    """Parameters of the agents' list."""

    ordering = queries.serializers.ChoiceField(
        choices=[sign + name for name in AGENT_ORDERS for sign in ("", "-")], required=False
    )


class ClientViewSet(GenericViewSet):
    """One client by the SIP book's id of them (``user_id``), or by ours."""

    queryset = Client.objects.none()
    serializer_class = serializers.ClientBookSerializer

    def _client(self) -> Client:
        user_id = self.kwargs["user_id"]
        known = Q(identifiers__source=queries.SOURCE, identifiers__external_id=user_id)
        rows = Client.objects.visible_to(self.request.user).select_related("advisor")
        found = rows.filter(known).first()
        if found is None and user_id.isascii() and user_id.isdigit() and len(user_id) <= 18:
            found = rows.filter(pk=int(user_id)).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(responses=serializers.ClientBookSerializer, filters=False)
    def retrieve(self, request: Request, user_id: str) -> Response:
        """A client with the figures of their SIPs and, for staff, what was found."""
        client, user = self._client(), request.user
        book = selectors.client_book(user, client.pk)
        found = selectors.opportunities_of_client(user, client.pk)
        advisor = client.advisor
        answer = {
            "user_id": queries.external_ids({client.pk}).get(client.pk),
            "client_id": client.pk,
            "client_name": client.name,
            "relationship": client.relationship,
            "agent_id": advisor.agent_id if advisor else None,
            "agent_external_id": advisor.agent_external_id if advisor else None,
            "agent_name": advisor.name if advisor else None,
            "identifiers": list(client.identifiers.values("source", "external_id")),
            "total_sips": book.totals.count,
            "active_sips": book.totals.active,
            "current_sip_amount": serializers.text(book.totals.monthly),
            "total_invested": serializers.text(book.totals.success),
            "failed_amount": serializers.text(book.totals.failed),
            "last_activity_date": book.last_success_on.isoformat() if book.last_success_on else None,
            "opportunities": serializers.ItemSerializer(
                found, many=True, context=item_context(user, found)
            ).data,
        }
        return Response(answer)


class ClientSipViewSet(ClientViewSet):
    """A client's SIPs."""

    queryset = Sip.objects.none()
    serializer_class = serializers.SipSerializer
    filterset_class = SipFilter

    @extend_schema(responses=serializers.SipSerializer(many=True))
    def list(self, request: Request, user_id: str) -> Response:
        """The client's SIPs, newest first; those the source marked deleted only with `source=all`."""
        client = self._client()
        rows = Sip.objects.visible_to(request.user).filter(client=client).select_related("advisor")
        page = self.paginate_queryset(self.filter_queryset(rows))
        context = {"user_ids": queries.external_ids({client.pk})}
        return self.get_paginated_response(serializers.SipSerializer(page, many=True, context=context).data)
