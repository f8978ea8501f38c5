"""A believable SIP book out of a seed: names, numbers and lives of SIPs that belong to nobody. Writes nothing.

The same seed and day give the same book, so that loading it twice changes nothing. Persons, PANs, phones and mails
are made up; PANs and phones only have the right shape.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from wealthhub.dates import add_months, full_months_between

MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
FIRST_NAMES: Final = (
    "Aarav", "Aditi", "Ajay", "Akash", "Amit", "Ananya", "Anil", "Anita", "Arjun", "Asha", "Bhavna", "Chetan",
    "Deepa", "Deepak", "Divya", "Farhan", "Gauri", "Harish", "Ila", "Ishaan", "Jaya", "Karan", "Kavita", "Kiran",
    "Lakshmi", "Leela", "Madhav", "Maya", "Meera", "Mohan", "Nandini", "Naveen", "Neha", "Nikhil", "Parth", "Pooja",
    "Pranav", "Priya", "Rahul", "Rajesh", "Rekha", "Rohan", "Sahil", "Sameer", "Sana", "Sanjay", "Shreya", "Sneha",
    "Suresh", "Tanvi", "Uday", "Usha", "Varun", "Vidya", "Vikram", "Vinod", "Yash", "Zara",
)  # fmt: skip
LAST_NAMES: Final = (
    "Agarwal", "Bhat", "Bose", "Chandra", "Chopra", "Das", "Desai", "Deshpande", "Dutta", "Fernandes", "Gandhi",
    "Ghosh", "Gupta", "Hegde", "Iyer", "Jain", "Joshi", "Kapoor", "Kaul", "Khan", "Kulkarni", "Kumar", "Mehta",
    "Menon", "Mishra", "Mukherjee", "Nair", "Naik", "Pandey", "Patel", "Patil", "Pillai", "Rao", "Reddy", "Saxena",
    "Sen", "Shah", "Sharma", "Shetty", "Singh", "Sinha", "Thomas", "Trivedi", "Varma", "Verma", "Yadav",
)  # fmt: skip
SCHEMES: Final = (
    "Sample Bluechip Fund (G)", "Sample Flexi Cap Fund (G)", "Sample Midcap Fund (G)", "Sample Small Cap Fund (G)",
    "Sample ELSS Tax Saver (G)", "Sample Balanced Advantage Fund (G)", "Sample Nifty 50 Index Fund (G)",
    "Sample Multi Asset Fund (G)", "Sample Large & Midcap Fund (G)", "Sample Short Duration Fund (G)",
)  # fmt: skip
GOALS: Final = (
    "Individual Fund(s)",
    "Custom Funds",
    "Long Term Aggressive",
    "Long Term Balanced",
    "Micro SIP",
)
AMOUNTS: Final = (500, 1000, 1500, 2000, 2500, 3000, 5000, 5000, 5500, 7500, 10_000, 15_000, 20_000, 25_000)


@dataclass(frozen=True)
class Agent:
    """An advisor as the order system names them."""

    agent_id: int
    external_id: str
    member_id: str
    name: str


@dataclass
class Person:
    """A client. ``mood`` decides how their SIPs do: well, troubled (instalments fail) or dormant (nothing succeeds)."""

    user_id: str
    name: str
    pan: str
    phone: str
    email: str
    born: date
    agent: Agent
    mood: str
    sips: list[Registration] = field(default_factory=list)


@dataclass(frozen=True)
class Registration:
    """One SIP's life. ``stopped`` is the day after which nothing succeeds; ``failures`` counts failed instalments."""

    number: int
    start: date
    day: int
    amount: int
    step_up: int
    period: str
    rises: tuple[date, ...]
    stopped: date | None
    failures: int
    state: str
    schemes: tuple[str, ...]
    goal: str
    has_mandate: bool
    deleted: bool


@dataclass(frozen=True)
class Book:
    """Agents and clients of one firm."""

    agents: tuple[Agent, ...]
    people: tuple[Person, ...]


def make_book(*, seed: int, today: date, agents: int, clients: int, sips: int, first_number: int) -> Book:
    """A firm's book as of ``today``: exactly ``clients`` clients and ``sips`` SIPs, agent ids from ``first_number``."""
    dice = random.Random(f"{seed}/{first_number}")  # noqa: S311 - the same book again, not a secret
    team = tuple(_agent(dice, first_number + place) for place in range(agents))
    people = tuple(_person(dice, place, team[place % agents]) for place in range(clients))
    for place in range(sips):
        person = people[place] if place < clients else dice.choice(people)
        person.sips.append(_registration(dice, first_number * 10 + place, person, today))
    return Book(agents=team, people=people)


def client_rows(book: Book) -> list[dict[str, str]]:
    """The client list as the `clients` source reads it."""
    return [
        {
            "user_id": person.user_id,
            "name": person.name,
            "email": person.email,
            "phone_number": person.phone,
            "pan": person.pan,
            "date_of_birth": person.born.strftime("%d-%m-%Y"),
            "agent_id": f"{person.agent.agent_id:,}",
            "agent_external_id": person.agent.external_id,
            "agent_name": person.agent.name,
            "member_id": person.agent.member_id,
        }
        for person in book.people
    ]


def sip_rows(book: Book, *, as_of: date) -> list[dict[str, str]]:
    """The SIP book as the order system would have exported it that day: 45 columns, every value a text."""
    return [
        _sip_row(person, sip, as_of) for person in book.people for sip in person.sips if sip.start <= as_of
    ]


def _agent(dice: random.Random, number: int) -> Agent:
    letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return Agent(
        agent_id=number,
        external_id="ag_" + "".join(dice.choices(letters, k=22)),
        member_id="01H" + "".join(dice.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=23)),
        name=f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}",
    )


def _person(dice: random.Random, place: int, agent: Agent) -> Person:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pan = (
        "".join(dice.choices(capitals, k=3)) + "P" + last[0] + f"{place % 10_000:04d}" + dice.choice(capitals)
    )
    return Person(
        user_id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        name=f"{first} {last}",
        pan=pan,
        phone=f"(+91)9{dice.randrange(10**8):08d}{place % 10}",
        email=f"{first}.{last}.{agent.agent_id}.{place}@example.in".lower(),
        born=date(1955, 1, 1) + timedelta(days=dice.randrange(45 * 365)),
        agent=agent,
        mood=dice.choices(("well", "troubled", "dormant"), (86, 10, 4))[0],
    )


def _registration(dice: random.Random, number: int, person: Person, today: date) -> Registration:
    """How one SIP went until ``today``."""
    day = dice.randint(1, 28)
    start = today - timedelta(days=int(dice.triangular(25, 1500, 260)))
    troubled = person.mood == "troubled" and dice.random() < 0.75
    stopped, failures, state = None, int(dice.random() < 0.04), "Success"
    if person.mood == "dormant":
        stopped = today - timedelta(days=dice.randint(75, 330))
        state = dice.choice(("Failed", "Paused", "Stopped"))
        failures = dice.randint(1, 3) if state == "Failed" else 0
    elif troubled:
        failures = dice.randint(1, 5)
        state = "Failed" if dice.random() < 0.8 else "Success"
        stopped = today - timedelta(days=30 * failures) if state == "Failed" else None
    elif dice.random() < 0.07:
        state = dice.choice(("Paused", "Stopped", "Stopped", "In Progress"))
        stopped = today - timedelta(days=dice.randint(31, 400)) if state != "In Progress" else None
    step_up = dice.choice((0, 0, 10, 10, 15, 20))
    rises = [back for back in (150, 45) if dice.random() < 0.17]
    return Registration(
        number=number,
        start=start,
        day=day,
        amount=dice.choice(AMOUNTS),
        step_up=step_up,
        period=dice.choice(("6M", "1Y", "1Y")) if step_up else "",
        rises=tuple(today - timedelta(days=back) for back in rises if state == "Success" and not troubled),
        stopped=stopped,
        failures=failures,
        state=state,
        schemes=tuple(dice.sample(SCHEMES, dice.choice((0, 1, 1, 1, 2)))),
        goal=dice.choice(GOALS),
        has_mandate=state != "Failed" or dice.random() < 0.6,
        deleted=dice.random() < 0.01,
    )


def _sip_row(person: Person, sip: Registration, as_of: date) -> dict[str, str]:
    first, last, count = _instalments(sip, as_of)
    amount = _amount_on(sip, as_of)
    succeeded = sum((_amount_on(sip, add_months(first, n)) for n in range(count)), Decimal(0)) if first else 0
    stopped = sip.stopped is not None and sip.stopped <= as_of
    failing = stopped or (sip.stopped is None and sip.failures > 0)
    failures = min(sip.failures, max(full_months_between(sip.start, as_of), 0)) if failing else 0
    state = sip.state if stopped or sip.state == "In Progress" else "Success"
    paused = state == "Paused"
    started = _day(sip.start)
    values: dict[str, Any] = {
        "inserted_at": f"{_day(as_of)}, 4:49 PM",
        "event_date": f"{_day(as_of)}, 11:30 AM",
        "created_at": f"{started}, 10:03 AM",
        "sip_meta_date": started,
        "sip_meta_month": _day(sip.start.replace(day=1)),
        "uid": f"{sip.number:,}",
        "sip_meta_id": f"{sip.number:,}",
        "user_id": person.user_id,
        "goal_id": f"{sip.number + 500_000:,}",
        "sip_days": str(sip.day),
        "num_days": "1",
        "amount": f"{amount:,}",
        "scheme_name": f"[{', '.join(sip.schemes)}]",
        "goal_name": sip.goal,
        "start_date": started,
        "end_date": _day(add_months(sip.start, 300)),
        "paused_from": _day(sip.stopped) if paused else "",
        "paused_till": _day(add_months(sip.stopped, 12)) if paused and sip.stopped else "",
        "paused_reason": "Client request" if paused else "",
        "increment_percentage": str(sip.step_up),
        "increment_amount": "0",
        "increment_period": sip.period,
        "is_active": _flag(state != "Stopped"),
        "sip_sales_status": "validSales" if first else "invalidSales",
        "had_mandate_at_creation": "true",
        "has_current_mandate": _flag(sip.has_mandate or not stopped),
        "mandate_tracking_status": "Already Confirmed",
        "mandate_confirmed_date": started,
        "stepper_enabled": _flag(sip.step_up > 0),
        "first_order_nav_allocated_at": _day(first),
        "first_success_order_date": _day(first),
        "latest_success_order_date": _day(last),
        "first_success_order_month": _day(first.replace(day=1)) if first else "",
        "latest_success_order_month": _day(last.replace(day=1)) if last else "",
        "success_amount": f"{succeeded:,}",
        "pending_amount": "0",
        "failed_amount": f"{amount * failures:,}",
        "in_progress_amount": f"{amount:,}" if state == "In Progress" else "0",
        "paused_amount": f"{amount:,}" if paused else "0",
        "success_count": str(count),
        "currentSipStatus": {"Stopped": "Failed"}.get(state, state),
        "agent_external_id": person.agent.external_id,
        "member_id": person.agent.member_id,
        "agent_id": f"{person.agent.agent_id:,}",
        "deleted": _flag(sip.deleted),
    }
    return values


def _instalments(sip: Registration, as_of: date) -> tuple[date | None, date | None, int]:
    """First and latest success and their number: one a month on the SIP's day, until it stopped."""
    until = min(as_of, sip.stopped or as_of)
    first = sip.start.replace(day=sip.day)
    if first < sip.start:
        first = add_months(first, 1)
    if first > until:
        return None, None, 0
    months = full_months_between(first, until)
    return first, add_months(first, months), months + 1


def _amount_on(sip: Registration, day: date) -> Decimal:
    """The instalment on a day: each rise adds the registered step-up, or a tenth, in whole fifties."""
    amount = Decimal(sip.amount)
    for rise in sip.rises:
        if rise <= day:
            step = amount * (sip.step_up or 10) / 100
            amount += max(Decimal(50), step - step % 50)
    return amount


def _day(day: date | None) -> str:
    return "" if day is None else f"{MONTH_NAMES[day.month - 1]} {day.day}, {day.year}"


def _flag(value: bool) -> str:
    return "true" if value else "false"
