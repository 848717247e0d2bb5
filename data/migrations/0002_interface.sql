-- The rest of the interface: classes and their members, files, events of the campus, notifications, visibility.

CREATE TABLE classes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    college_id  INTEGER NOT NULL REFERENCES colleges (id),
    name        TEXT NOT NULL,
    code        TEXT NOT NULL DEFAULT '',
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    UNIQUE (college_id, name)
);

CREATE TABLE sections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    class_id    INTEGER NOT NULL REFERENCES classes (id),
    name        TEXT NOT NULL,
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    UNIQUE (class_id, name)
);

-- Gives its user the keys `class:N` and `section:M` while it is active.
CREATE TABLE enrollments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    class_id    INTEGER NOT NULL REFERENCES classes (id),
    section_id  INTEGER REFERENCES sections (id),
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);
CREATE UNIQUE INDEX enrollments_once ON enrollments (user_id, class_id, coalesce(section_id, 0));
CREATE INDEX enrollments_by_class ON enrollments (class_id, section_id);

-- Bytes are in the data folder under `key`, which nobody can guess and which alone opens the file.
CREATE TABLE files (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,              -- as its sender called it, cleaned
    media_type  TEXT NOT NULL,              -- from the content
    kind        TEXT NOT NULL CHECK (kind IN ('image', 'video', 'document')),
    size_bytes  INTEGER NOT NULL,
    etag        TEXT NOT NULL,
    owner_id    INTEGER NOT NULL REFERENCES users (id),
    created_at  TEXT NOT NULL
);
ALTER TABLE messages ADD COLUMN file_id INTEGER REFERENCES files (id);
CREATE INDEX messages_by_file ON messages (file_id) WHERE file_id IS NOT NULL;

CREATE VIRTUAL TABLE messages_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

CREATE TABLE notice_visibility (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    notice_id    INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    target_type  TEXT NOT NULL CHECK (target_type IN ('all', 'class', 'section')),
    class_id     INTEGER REFERENCES classes (id),
    section_id   INTEGER REFERENCES sections (id),
    is_active    INTEGER NOT NULL DEFAULT 1,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    created_by   INTEGER NOT NULL REFERENCES users (id),
    updated_by   INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX notice_visibility_by_notice ON notice_visibility (notice_id, id);

CREATE TABLE events (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    college_id             INTEGER NOT NULL REFERENCES colleges (id),
    title                  TEXT NOT NULL,
    description            TEXT NOT NULL,
    event_date             TEXT NOT NULL,
    start_time             TEXT NOT NULL,
    end_time               TEXT NOT NULL,
    venue                  TEXT NOT NULL DEFAULT '',
    organizer              TEXT NOT NULL DEFAULT '',
    max_participants       INTEGER,
    registration_required  INTEGER NOT NULL DEFAULT 0,
    registration_deadline  TEXT,
    image                  TEXT,
    is_active              INTEGER NOT NULL DEFAULT 1,
    created_at             TEXT NOT NULL,
    updated_at             TEXT NOT NULL,
    created_by             INTEGER NOT NULL REFERENCES users (id),
    updated_by             INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX events_by_college ON events (college_id, event_date, id);
CREATE INDEX events_by_day ON events (event_date, id);
CREATE VIRTUAL TABLE events_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

CREATE TABLE event_registrations (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id           INTEGER NOT NULL REFERENCES events (id),
    user_id            INTEGER NOT NULL REFERENCES users (id),
    registration_date  TEXT NOT NULL,
    status             TEXT NOT NULL,
    is_active          INTEGER NOT NULL DEFAULT 1,
    created_at         TEXT NOT NULL,
    updated_at         TEXT NOT NULL,
    created_by         INTEGER NOT NULL REFERENCES users (id),
    updated_by         INTEGER NOT NULL REFERENCES users (id),
    UNIQUE (event_id, user_id)
);
CREATE INDEX event_registrations_by_user ON event_registrations (user_id, id);

-- What a user was notified of: stored once, whatever its audience. `event_id` is its place in the log.
CREATE TABLE notifications (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id           INTEGER NOT NULL,
    title              TEXT NOT NULL,
    message            TEXT NOT NULL,
    notification_type  TEXT NOT NULL,
    data               TEXT NOT NULL,
    subject            TEXT NOT NULL,       -- `notice:3`: what an edit or a withdrawal rewrites
    created_at         TEXT NOT NULL
);
CREATE INDEX notifications_by_subject ON notifications (subject);
CREATE TABLE notification_audience (
    key              TEXT NOT NULL,
    notification_id  INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (key, notification_id)
) WITHOUT ROWID;
CREATE TABLE notification_reads (
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notification_id  INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    read_at          TEXT NOT NULL,
    PRIMARY KEY (user_id, notification_id)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE notifications_search USING fts5 (text, tokenize = "trigram case_sensitive 1");
