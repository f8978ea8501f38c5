"""Which clients and advisors, and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet
from django.db.models.functions import Upper

from wealthhub.clients import pii
from wealthhub.querysets import OwnedQuerySet

if TYPE_CHECKING:
    from wealthhub.accounts.models import User


class AdvisorQuerySet(OwnedQuerySet):
    """Those who serve clients."""

    advisor_path = "pk"
    client_path = "clients__pk"


class ClientQuerySet(OwnedQuerySet):
    """Clients. A merged one is still there, and is reached through the one that was kept."""

    advisor_path = "advisor_id"
    client_path = "pk"

    def current(self) -> Self:
        """Without those that were merged into another."""
        return self.filter(merged_into__isnull=True)

    def with_identifiers(self) -> Self:
        """Annotate ``external_ids``: what other systems call the client, sorted; an empty list where none does."""
        from wealthhub.clients.models import ClientIdentifier

        known = ClientIdentifier.objects.filter(client=OuterRef("pk")).order_by("source", "external_id")
        return self.annotate(external_ids=ArraySubquery(known.values("external_id")))

    def matching(self, text: str) -> Self:
        """Those whose PAN, phone or e-mail is ``text``, whose identifier begins with it, or whose name contains it.

        Personal data is found by its exact value only. What the text looks like decides where it is sought. The kinds
        are joined by UNION: each is answered by its own index, which an OR across tables would not allow.
        """
        text = text.strip()
        hashes = pii.hashes_of(text)
        by_hash = Q(*hashes.items(), _connector=Q.OR)
        if "pan_hash" in hashes or "email_hash" in hashes:
            return self.filter(by_hash)
        named = Q(name__icontains=text)
        if not any(character.isdigit() for character in text):
            return self.filter(named)
        arms = [_clients_called(text)]
        arms += [self.model._base_manager.filter(each).values("pk") for each in (by_hash, named) if each]
        return self.filter(pk__in=arms[0].union(*arms[1:]))

    def sounding_like(self, text: str) -> Self:
        """Names near to ``text``, the nearest first: for a search that found nothing as spelt."""
        from django.contrib.postgres.search import TrigramWordDistance

        upper = text.strip().upper()
        return (
            self.annotate(upper_name=Upper("name"), distance=TrigramWordDistance(upper, Upper("name")))
            .filter(upper_name__trigram_word_similar=upper)
            .order_by("distance", "name", "pk")
        )


def _clients_called(text: str) -> QuerySet:
    """Ids of clients with an identifier that begins with ``text``; thousands commas do not count."""
    from wealthhub.clients.models import ClientIdentifier

    known = ClientIdentifier.objects.filter(external_id__startswith=text.replace(",", ""))
    return known.order_by().values("client_id")


class OfClientQuerySet(OwnedQuerySet):
    """Rows with a ``client``."""

    advisor_path = "client__advisor_id"
    client_path: str | None = "client_id"


class StaffNoteQuerySet(OfClientQuerySet):
    """Rows about a client that the client does not see."""

    client_path = None


class HouseholdQuerySet(OwnedQuerySet):
    """Households: seen by whoever sees one of their members."""

    advisor_path = "members__advisor_id"
    client_path = "members__pk"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Each household once, however many of its members are visible."""
        return super().visible_to(user).distinct()

    def with_member_count(self, user: User | AnonymousUser) -> Self:
        """Annotate ``member_count``: the members ``user`` sees."""
        from wealthhub.clients.models import Client

        seen = Client.objects.visible_to(user).current().filter(household=OuterRef("pk"))
        return self.annotate(member_count=_count_of(seen))


def _count_of(rows: OwnedQuerySet) -> object:
    from django.db.models import IntegerField, Subquery
    from django.db.models.functions import Coalesce

    counted = rows.order_by().values(group=F("household_id")).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class MergeQuerySet(OwnedQuerySet):
    """Merges, seen with the client that was kept."""

    advisor_path = "kept__advisor_id"
