"""What can go wrong below the interface. These errors know no HTTP; `realtime/api/base.py` maps each to a status."""


class DataError(Exception):
    """The base of all of them; its text is a sentence for people."""


class NotFound(DataError):
    """There is no such row, or none that this user may know of."""


class Forbidden(DataError):
    """The row is known to this user, who may not do this with it."""


class Conflict(DataError):
    """The request contradicts what is stored."""


class Invalid(DataError):
    """Values that only the database can refuse. `fields` maps a field's name to its messages."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(messages)}" for name, messages in fields.items()))
        self.fields = fields


class StorageError(DataError):
    """SQLite could not store or read: the disk is full, broken or locked. Nothing of the transaction counts."""


class StorageFull(StorageError):
    """No room is left, on the disk or under `max_page_count`."""
