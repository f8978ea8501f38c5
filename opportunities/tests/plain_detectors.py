"""The rules of the three detectors once more, in plain Python over a list of SIPs: what the SQL is held against."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from wealthhub.dates import full_months_between


def cents(value):
    return Decimal(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def by_client(sips):
    groups = defaultdict(list)
    for sip in sips:
        if not sip.deleted:
            groups[sip.client_id].append(sip)
    return sorted(groups.items())


def monthly(sip):
    return sip.amount * sip.num_days


def active(sips):
    return sum((monthly(sip) for sip in sips if sip.is_active), Decimal(0))


def failed_sips(sips, changes, as_of):
    rows = []
    for client, own in by_client(sips):
        failing = [sip for sip in own if sip.failed_amount > 0]
        failed = sum(sip.failed_amount for sip in failing)
        if failed >= 5000:
            rate = failed / sum(sip.failed_amount + sip.success_amount for sip in failing)
            rows.append((client, failed, cents(min(10, rate * 10)), cents(active(own))))
    return rows


def high_value_inactive(sips, changes, as_of):
    rows = []
    for client, own in by_client(sips):
        days = [sip.latest_success_on for sip in own if sip.latest_success_on]
        if days and sum(sip.success_amount for sip in own) >= 100_000:
            inactive = (as_of - max(days)).days
            if inactive >= 60:
                risk = cents(min(Decimal(10), Decimal(inactive) / 30))
                rows.append((client, cents(active(own) / 2), risk, cents(active(own))))
    return rows


def no_sip_increase(sips, changes, as_of):
    rises = defaultdict(list)
    for change in changes:
        if change.new_amount > change.old_amount and change.seen_on <= as_of:
            rises[change.sip_id].append(change.seen_on)
    rows = []
    for client, own in by_client(sips):
        running = [
            sip
            for sip in own
            if sip.is_active
            and sip.status == "Success"
            and sip.latest_success_on
            and (as_of - sip.latest_success_on).days <= 45
        ]
        if not running or any(sip.start_date is None for sip in running):
            continue
        since = max([sip.start_date for sip in running] + [day for sip in running for day in rises[sip.pk]])
        months = full_months_between(since, as_of)
        if months >= 12:
            potential = sum(step_up(sip) for sip in running)
            rows.append(
                (client, cents(potential), cents(min(Decimal(10), Decimal(months) / 6)), cents(active(own)))
            )
    return rows


def step_up(sip):
    if sip.increment_percentage:
        return monthly(sip) * sip.increment_percentage / 100
    if sip.increment_amount:
        return sip.increment_amount * sip.num_days
    return monthly(sip) / 10


PLAIN = {
    "failed_sips": failed_sips,
    "high_value_inactive": high_value_inactive,
    "no_sip_increase": no_sip_increase,
}
