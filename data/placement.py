"""Placement: in which college a new thing is, the same for everything that belongs to one."""

from __future__ import annotations

from data import colleges
from data.asker import Asker
from data.errors import Invalid
from data.transaction import Transaction


def college_of_new(tx: Transaction, asker: Asker, given: int | None) -> int:
    """The college of what the asker makes. Raises Invalid.

    Others than global roles don't choose: it is their own, whatever they give. A global role's is the one that the
    request is held to, else the given one, else the own, else the only one that there is.
    """
    chosen = _chosen(asker, given) if asker.is_global else asker.home_id
    if chosen is None:
        only = colleges.only(tx)
        if only is None:
            raise Invalid({"college": ["This field is required."]})
        return int(only["id"])
    college = colleges.by_id(tx, chosen)
    if college is None or not college["is_active"]:
        raise Invalid({"college": [f'Invalid pk "{chosen}" - object does not exist.']})
    return chosen


def _chosen(asker: Asker, given: int | None) -> int | None:
    if given is not None and asker.college_id not in (None, given):
        raise Invalid({"college": ["X-College-ID names another college."]})
    return asker.college_id or given or asker.home_id
