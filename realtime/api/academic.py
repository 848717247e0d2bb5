"""`academic/`: colleges, classes, sections and enrolments. All of a college look, its admins write."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from data import classes, colleges, enrollments, roles, sections
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.resource import Resource, handlers


class CollegeWhole(msgspec.Struct):
    """A college. Without a `short_name` it is the name."""

    code: Annotated[str, msgspec.Meta(max_length=colleges.MOST_CHARACTERS["code"])]
    name: Annotated[str, msgspec.Meta(max_length=colleges.MOST_CHARACTERS["name"])]
    short_name: Annotated[str, msgspec.Meta(max_length=colleges.MOST_CHARACTERS["short_name"])] | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class ClassWhole(msgspec.Struct):
    """A class. `college` is for global roles, and for ever."""

    name: Annotated[str, msgspec.Meta(max_length=classes.MOST_CHARACTERS["name"])]
    code: Annotated[str, msgspec.Meta(max_length=classes.MOST_CHARACTERS["code"])] | UnsetType = UNSET
    college: Id | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class SectionWhole(msgspec.Struct):
    """A section of a class, for ever."""

    class_obj: Id
    name: Annotated[str, msgspec.Meta(max_length=sections.MOST_CHARACTERS["name"])]
    is_active: bool | UnsetType = UNSET


class EnrollmentWhole(msgspec.Struct):
    """A user in a class, or in a section of it. All three are of one college."""

    user: Id
    class_obj: Id
    section: Id | None = None
    is_active: bool | UnsetType = UNSET


class CollegeFilters(pages.ActiveQuery):
    """Filters of what belongs to a college."""

    college: Id | None = None


class SectionsQuery(CollegeFilters):
    """Filters of the sections."""

    class_obj: Id | None = None


class EnrollmentsQuery(CollegeFilters):
    """Filters of the enrolments."""

    user: Id | None = None
    class_obj: Id | None = None
    section: Id | None = None


COLLEGES = Resource.of(
    colleges,
    name="colleges",
    item=colleges.College,
    whole=CollegeWhole,
    query=pages.ActiveQuery,
    writers=roles.GLOBAL_ROLES,
)
CLASSES = Resource.of(
    classes, name="classes", item=classes.Class, whole=ClassWhole, query=CollegeFilters, writers=roles.ADMIN_ROLES
)
SECTIONS = Resource.of(
    sections, name="sections", item=sections.Section, whole=SectionWhole, query=SectionsQuery, writers=roles.ADMIN_ROLES
)
ENROLLMENTS = Resource.of(
    enrollments,
    name="enrollments",
    item=enrollments.Enrollment,
    whole=EnrollmentWhole,
    query=EnrollmentsQuery,
    writers=roles.ADMIN_ROLES,
)

CollegesHandler, CollegeHandler = handlers(COLLEGES)
ClassesHandler, ClassHandler = handlers(CLASSES)
SectionsHandler, SectionHandler = handlers(SECTIONS)
EnrollmentsHandler, EnrollmentHandler = handlers(ENROLLMENTS)
