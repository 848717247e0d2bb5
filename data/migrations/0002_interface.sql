-- The rest of the interface: classes and their members, files, events of the campus, notifications, visibility.

CREATE TABLE classes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    college_id  INTEGER NOT NULL REFERENCES colleges (id),
    name        TEXT NOT NULL COLLATE NOCASE,
    code        TEXT NOT NULL DEFAULT '',
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    UNIQUE (college_id, name)
);

CREATE TABLE sections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    class_id    INTEGER NOT NULL REFERENCES classes (id),
    name        TEXT NOT NULL COLLATE NOCASE,
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    UNIQUE (class_id, name)
);

-- Gives its user the keys `class:N` and `section:M` while it, the class and the section are active.
CREATE TABLE enrollments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    college_id  INTEGER NOT NULL REFERENCES colleges (id),    -- the class's, which never changes
    class_id    INTEGER NOT NULL REFERENCES classes (id),
    section_id  INTEGER REFERENCES sections (id),
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);
CREATE UNIQUE INDEX enrollments_once ON enrollments (user_id, class_id, coalesce(section_id, 0));
-- Each list's filter before is_active: SQLite would take the index of the one value that all rows share.
CREATE INDEX enrollments_by_user ON enrollments (user_id, is_active, created_at, id);
CREATE INDEX enrollments_by_class ON enrollments (class_id, is_active, created_at, id);
CREATE INDEX enrollments_by_section ON enrollments (section_id, is_active, created_at, id);
CREATE INDEX enrollments_by_college ON enrollments (college_id, is_active, created_at, id);
CREATE INDEX enrollments_by_making ON enrollments (is_active, created_at, id);

-- As users_search. A college that was there before keeps non-ASCII capitals until it is changed: SQLite folds none.
CREATE VIRTUAL TABLE colleges_search USING fts5 (text, tokenize = "trigram case_sensitive 1");
INSERT INTO colleges_search (rowid, text)
SELECT id, lower(code || char(10) || name || char(10) || short_name) FROM colleges;
CREATE VIRTUAL TABLE classes_search USING fts5 (text, tokenize = "trigram case_sensitive 1");
CREATE VIRTUAL TABLE sections_search USING fts5 (text, tokenize = "trigram case_sensitive 1");
CREATE VIRTUAL TABLE enrollments_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

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

-- One row a message that is there and has a text: it, folded, and a tag of each user who may find it.
CREATE VIRTUAL TABLE messages_search USING fts5 (people, text, tokenize = "trigram case_sensitive 1");
INSERT INTO messages_search (rowid, people, text)
SELECT m.id, tag(m.sender_id) || tag(r.user_id), fold(m.text)
FROM messages AS m JOIN receipts AS r ON r.message_id = m.id
WHERE m.is_active = 1 AND m.text <> '';

-- For whom a notice is: the union of its active rows, its whole college without any.
CREATE TABLE notice_visibility (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    notice_id    INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    college_id   INTEGER NOT NULL REFERENCES colleges (id),     -- the notice's, which never changes
    target_type  TEXT NOT NULL CHECK (target_type IN ('all', 'class', 'section')),
    class_id     INTEGER REFERENCES classes (id),
    section_id   INTEGER REFERENCES sections (id),
    key          TEXT NOT NULL,                                 -- of those whom it names
    is_active    INTEGER NOT NULL DEFAULT 1,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    created_by   INTEGER NOT NULL REFERENCES users (id),
    updated_by   INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX notice_visibility_by_notice ON notice_visibility (notice_id, id);
CREATE INDEX notice_visibility_by_key ON notice_visibility (key, notice_id) WHERE is_active = 1;
-- These hold what lists are filtered by, so that what is not shown is not fetched.
CREATE INDEX notice_visibility_listed
    ON notice_visibility (college_id, is_active, id, notice_id, target_type, class_id, section_id);
CREATE INDEX notice_visibility_listed_everywhere
    ON notice_visibility (is_active, id, notice_id, target_type, class_id, section_id);

-- The keys of a notice's readers, joined by spaces; empty: the whole college.
ALTER TABLE notices ADD COLUMN audience TEXT NOT NULL DEFAULT '';
DROP INDEX notices_by_college;
DROP INDEX notices_by_day;
CREATE INDEX notices_listed ON notices
    (college_id, is_active, publish_date, id, is_published, is_urgent, expiry_date, created_by, audience);
CREATE INDEX notices_listed_everywhere ON notices (is_active, publish_date, id, is_published, is_urgent);
CREATE INDEX notices_by_creation ON notices
    (college_id, is_active, created_at, id, is_published, is_urgent, publish_date, expiry_date, created_by, audience);
CREATE INDEX notices_by_creation_everywhere ON notices (is_active, created_at, id, is_published, is_urgent);
DROP INDEX announcements_by_college;
CREATE INDEX announcements_listed ON announcements (is_active, id, college_id);

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
-- These hold what lists count by.
CREATE INDEX events_by_college ON events (college_id, event_date, id, is_active, registration_required, created_by);
CREATE INDEX events_by_day ON events (event_date, id, is_active, registration_required);
CREATE INDEX events_by_creation ON events (created_at, id);
CREATE INDEX events_by_author ON events (created_by);
CREATE VIRTUAL TABLE events_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

CREATE TABLE event_registrations (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id           INTEGER NOT NULL REFERENCES events (id),
    college_id         INTEGER NOT NULL REFERENCES colleges (id),  -- the event's, which stays
    user_id            INTEGER NOT NULL REFERENCES users (id),
    registration_date  TEXT NOT NULL,
    status             TEXT NOT NULL,
    is_active          INTEGER NOT NULL DEFAULT 1,        -- 0: deleted; its user may register again, in this row
    created_at         TEXT NOT NULL,
    updated_at         TEXT NOT NULL,
    created_by         INTEGER NOT NULL REFERENCES users (id),
    updated_by         INTEGER NOT NULL REFERENCES users (id),
    UNIQUE (event_id, user_id)
);
CREATE INDEX event_registrations_by_user ON event_registrations (user_id, registration_date, id);
CREATE INDEX event_registrations_by_college ON event_registrations
    (college_id, registration_date, id, is_active, status);
CREATE INDEX event_registrations_by_day ON event_registrations (registration_date, id, is_active, status);
-- The taken places, counted from the index alone.
CREATE INDEX event_registrations_counted ON event_registrations (event_id, is_active, status)
    WHERE is_active = 1 AND status NOT IN ('cancelled', 'no_show');

-- What users were notified of: stored once, whatever its audience. `event_id` is its place in the log.
CREATE TABLE notifications (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id           INTEGER NOT NULL,
    college_id         INTEGER REFERENCES colleges (id),
    notification_type  TEXT NOT NULL,
    title              TEXT NOT NULL,
    message            TEXT NOT NULL,
    data               TEXT NOT NULL,       -- JSON
    subject            TEXT NOT NULL,       -- `notice:3`: what an edit or a withdrawal rewrites
    created_at         TEXT NOT NULL,
    updated_at         TEXT NOT NULL,
    created_by         INTEGER REFERENCES users (id),
    updated_by         INTEGER REFERENCES users (id)
);
CREATE INDEX notifications_by_subject ON notifications (subject);
-- Who holds a key since before the event was notified.
CREATE TABLE notification_audience (
    key              TEXT NOT NULL,
    event_id         INTEGER NOT NULL,
    notification_id  INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (key, event_id)
) WITHOUT ROWID;
CREATE INDEX notification_audience_by_notification ON notification_audience (notification_id);
CREATE TABLE notification_reads (
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notification_id  INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, notification_id)
) WITHOUT ROWID;
-- Who has marked all as read: all up to that event are, and cost one row.
CREATE TABLE notification_marks (
    user_id           INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    through_event_id  INTEGER NOT NULL
);
CREATE VIRTUAL TABLE notifications_search USING fts5 (text, tokenize = "trigram case_sensitive 1");
-- What the log still holds of earlier ones. They were told with the id of what they are about.
INSERT INTO notifications (event_id, notification_type, title, message, data, subject, created_at, updated_at)
SELECT id, json_extract(data, '$.notification_type'), json_extract(data, '$.title'), json_extract(data, '$.message'),
    json_extract(data, '$.data'), coalesce(subject, ''), created_at, created_at
FROM event_log WHERE event = 'notification' ORDER BY id;
INSERT INTO notification_audience (key, event_id, notification_id)
SELECT a.key, a.event_id, n.id FROM event_audience AS a JOIN notifications AS n ON n.event_id = a.event_id;
INSERT INTO notifications_search (rowid, text) SELECT id, fold(title || char(10) || message) FROM notifications;
UPDATE event_log SET data = json_set(data, '$.id', (SELECT n.id FROM notifications AS n WHERE n.event_id = event_log.id))
WHERE event = 'notification';

-- Lists of users count in these alone, whatever they filter by.
DROP INDEX users_by_joining;
DROP INDEX users_by_college;
CREATE INDEX users_listed ON users (college_id, is_active, date_joined, id, user_type, is_verified, gender);
CREATE INDEX users_listed_everywhere ON users (is_active, date_joined, id, user_type, is_verified, gender, college_id);
CREATE INDEX users_by_type ON users (user_type, is_active, username);
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_login ON users (last_login, id);
