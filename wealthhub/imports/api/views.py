"""Files in, and what came of them, for programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from wealthhub import web
from wealthhub.api import IsSignedIn, VisibleToUserMixin
from wealthhub.errors import DomainError, Forbidden
from wealthhub.imports import downloads, selectors, services, sources
from wealthhub.imports.api import serializers
from wealthhub.imports.api.permissions import UPLOAD_SCOPES, SeesImports
from wealthhub.imports.choices import Channel
from wealthhub.imports.filters import ImportIssueApiFilter, ImportRunApiFilter
from wealthhub.imports.models import ImportIssue, ImportRun

CSV_FILE = {(200, "text/csv"): OpenApiTypes.BINARY}


class ImportRunViewSet(VisibleToUserMixin, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Import runs that the caller may know of."""

    queryset = ImportRun.objects.select_related("user")
    serializer_class = serializers.ImportRunSerializer
    filterset_class = ImportRunApiFilter
    permission_classes = (IsSignedIn, SeesImports)
    key_scopes = {"create": UPLOAD_SCOPES}

    def get_serializer_class(self) -> type:
        """A single run says more than a line of the list."""
        if self.action == "retrieve":
            return serializers.ImportRunDetailSerializer
        return super().get_serializer_class()

    def get_parsers(self) -> list[Any]:
        """A file comes as multipart."""
        if getattr(self, "action_map", {}).get("post") == "create":
            return [MultiPartParser()]
        return super().get_parsers()

    @extend_schema(
        request={"multipart/form-data": serializers.UploadSerializer},
        responses={202: serializers.ImportRunDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Send a file. It is taken in by a worker: ask the answer's `url` until `status` is `succeeded` or `failed`."""
        if not selectors.sources_for(request.user):
            raise PermissionDenied("Files are sent by administrators and managers of a firm.")
        upload = serializers.UploadSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        given = upload.validated_data
        source = sources.get(given["source"])
        if not selectors.may_upload(request.user, source):
            raise Forbidden(f"Files of the source {source.title} are not yours to send.")
        run = services.receive_file(
            user=request.user,
            firm=request.user.firm,
            source=source,
            file=given["file"],
            filename=given["file"].name,
            on_error=given["on_error"],
            dry_run=given["dry_run"],
            channel=Channel.API,
        )
        answer = serializers.ImportRunDetailSerializer(run, context=self.get_serializer_context())
        return Response(
            answer.data, status=status.HTTP_202_ACCEPTED, headers={"Location": answer.data["url"]}
        )

    @extend_schema(operation_id="imports_rejected", filters=False, request=None, responses=CSV_FILE)
    def rejected(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The rows set aside, each with its line and the reason, to mend and send again."""
        run = self.get_object()
        if request.user.sees_masked_only:
            raise Forbidden("The rows hold personal data, which your role sees masked only.")
        if not run.file:
            raise DomainError("The file of this run is no longer kept.", code="file_gone", status=404)
        return downloads.rejected_csv(run)

    @extend_schema(filters=False, request=None, responses={202: serializers.ImportRunDetailSerializer})
    def undo(self, request: Request, pk: str) -> Response:
        """Take back everything a run booked. Refused (409) where a later import or somebody's work rests on it.

        A worker does it: ask the answer's `url` until `status` is `undone`, or `succeeded` again with the reason in
        `error_code` and `error_message`.
        """
        run = self.get_object()
        if not (request.user.is_superuser or request.user.role == "admin"):
            raise Forbidden("Only an administrator of the firm may undo an import.")
        run = services.start_undo(run=run, user=request.user)
        answer = serializers.ImportRunDetailSerializer(run, context=self.get_serializer_context())
        return Response(
            answer.data, status=status.HTTP_202_ACCEPTED, headers={"Location": answer.data["url"]}
        )


class ImportIssueViewSet(VisibleToUserMixin, ListModelMixin, GenericViewSet):
    """What was wrong with the rows of one run, in the order of the file."""

    queryset = ImportIssue.objects.all()
    serializer_class = serializers.ImportIssueSerializer
    filterset_class = ImportIssueApiFilter
    permission_classes = (IsSignedIn, SeesImports)
    key_scopes = {"list": UPLOAD_SCOPES}

    def get_queryset(self) -> QuerySet[ImportIssue]:
        """The issues of the run in the address. Raises: Http404: no run there that the caller sees."""
        issues = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # the schema is made without an address
            return issues.none()
        run = web.get_visible_or_404(ImportRun, self.request.user, pk=self.kwargs["pk"])
        return issues.filter(run=run)


class SourceViewSet(GenericViewSet):
    """What may be imported."""

    permission_classes = (IsSignedIn, SeesImports)
    serializer_class = serializers.SourceSerializer
    key_scopes = {"list": UPLOAD_SCOPES}
    filter_backends = ()

    @extend_schema(responses=serializers.SourceSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every source with its columns and template files."""
        page = self.paginate_queryset(list(sources.registry().values()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="imports_sources_template",
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            404: OpenApiResponse(description="No such source."),
        },
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=sources.TEMPLATE_FORMATS)],
    )
    def template(self, request: Request, name: str, kind: str) -> HttpResponse:
        """A template file: the source's headers and one example row."""
        return downloads.template_file(name, kind)
