-- Who did what, when and from where. It keeps names as they were: nothing here refers to rows that may go.

CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at   TEXT NOT NULL,
    user_id      INTEGER,                      -- null: nobody was signed in
    username     TEXT NOT NULL DEFAULT '',
    address      TEXT NOT NULL,                -- `command`: an operator at the machine
    action       TEXT NOT NULL,
    object_type  TEXT NOT NULL DEFAULT '',
    object_id    INTEGER,
    detail       TEXT NOT NULL DEFAULT '',
    count        INTEGER NOT NULL DEFAULT 1,   -- of wrong passwords: how many in that minute
    college_id   INTEGER                       -- whose admins see it; null: the global roles alone
);
-- Each with the order of the list.
CREATE INDEX audit_by_time ON audit (created_at, id);
CREATE INDEX audit_by_college ON audit (college_id, created_at, id);
CREATE INDEX audit_by_user ON audit (user_id, created_at, id);
CREATE INDEX audit_by_action ON audit (action, created_at, id);
CREATE INDEX audit_by_object ON audit (object_type, object_id, created_at, id);
