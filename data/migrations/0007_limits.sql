-- What a user has uploaded since a time is counted from this alone.

CREATE INDEX files_by_owner ON files (owner_id, created_at, size_bytes);
