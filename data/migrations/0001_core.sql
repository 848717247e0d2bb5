-- The core schema: people, tokens, chats, notices, announcements, and the event log.
-- Times are UTC text, `2026-01-09T10:30:00.123456Z`, so that they sort as they are; dates are days of the campus.

CREATE TABLE colleges (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name        TEXT NOT NULL,
    short_name  TEXT NOT NULL,
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);
INSERT INTO colleges (id, code, name, short_name, created_at, updated_at)
VALUES (1, 'CAMPUS', 'Campus', 'Campus', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

CREATE TABLE users (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    username       TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash  TEXT NOT NULL DEFAULT '',   -- empty: nobody can log in with a password
    email          TEXT NOT NULL DEFAULT '',
    first_name     TEXT NOT NULL DEFAULT '',
    last_name      TEXT NOT NULL DEFAULT '',
    phone          TEXT NOT NULL DEFAULT '',
    gender         TEXT NOT NULL DEFAULT '',
    date_of_birth  TEXT,
    avatar         TEXT,                        -- a path, never an address
    user_type      TEXT NOT NULL,
    college_id     INTEGER REFERENCES colleges (id),
    is_active      INTEGER NOT NULL DEFAULT 1,
    is_verified    INTEGER NOT NULL DEFAULT 0,
    date_joined    TEXT NOT NULL,
    last_login     TEXT,
    last_seen      TEXT,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    CHECK (college_id IS NOT NULL OR user_type IN ('super_admin', 'central_manager'))
);
CREATE INDEX users_by_joining ON users (date_joined, id);
CREATE INDEX users_by_college ON users (college_id, date_joined, id);

-- One row a user: the case-folded searchable fields, joined by line feeds (a word has none, so it cannot span two fields).
CREATE VIRTUAL TABLE users_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

-- What a user may hear: `user:7`, `college:1`, `college:1/type:student`, `all`. Replay of a key starts at since_event_id.
CREATE TABLE user_keys (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key             TEXT NOT NULL,
    since_event_id  INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
CREATE INDEX user_keys_by_key ON user_keys (key, user_id);

CREATE TABLE tokens (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    hash          BLOB NOT NULL UNIQUE,         -- SHA-256 of the 40 hexadecimal digits
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at    TEXT NOT NULL,
    expires_at    TEXT,
    last_used_at  TEXT,
    address       TEXT NOT NULL DEFAULT '',
    user_agent    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE one_time_links (
    hash        BLOB PRIMARY KEY,               -- SHA-256 of the secret in the link
    purpose     TEXT NOT NULL CHECK (purpose IN ('first_admin', 'set_password')),
    user_id     INTEGER REFERENCES users (id) ON DELETE CASCADE,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE conversations (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    low_user_id      INTEGER REFERENCES users (id),    -- a direct conversation has both, the lower id first
    high_user_id     INTEGER REFERENCES users (id),
    last_message_id  INTEGER,
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    UNIQUE (low_user_id, high_user_id)
);

CREATE TABLE members (
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, conversation_id)
) WITHOUT ROWID;
CREATE INDEX members_by_conversation ON members (conversation_id, user_id);

CREATE TABLE messages (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_id        INTEGER NOT NULL REFERENCES users (id),
    text             TEXT NOT NULL,
    client_msg_id    TEXT,
    is_active        INTEGER NOT NULL DEFAULT 1,        -- 0: deleted, its text blanked
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, id) WHERE is_active = 1;
CREATE INDEX messages_by_sender ON messages (sender_id, id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (sender_id, client_msg_id) WHERE client_msg_id IS NOT NULL;

-- One row a message and recipient.
CREATE TABLE receipts (
    message_id       INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id  INTEGER NOT NULL,
    delivered_at     TEXT,
    read_at          TEXT,
    is_active        INTEGER NOT NULL DEFAULT 1,        -- 0: the message is deleted, and nothing is unread about it
    PRIMARY KEY (message_id, user_id)
) WITHOUT ROWID;
CREATE INDEX receipts_by_user ON receipts (user_id, message_id);
CREATE INDEX receipts_unread ON receipts (user_id, conversation_id, message_id) WHERE read_at IS NULL AND is_active = 1;
CREATE INDEX receipts_undelivered ON receipts (user_id, message_id) WHERE delivered_at IS NULL AND is_active = 1;

CREATE TABLE notices (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    college_id    INTEGER NOT NULL REFERENCES colleges (id),
    title         TEXT NOT NULL,
    content       TEXT NOT NULL,
    publish_date  TEXT NOT NULL,
    expiry_date   TEXT,
    attachment    TEXT,
    is_urgent     INTEGER NOT NULL DEFAULT 0,
    is_published  INTEGER NOT NULL DEFAULT 0,
    is_active     INTEGER NOT NULL DEFAULT 1,
    announced_at  TEXT,                          -- when its one notification was sent
    is_shown      INTEGER NOT NULL DEFAULT 0,    -- 1: readers may hold it, so they must be told when it goes
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    created_by    INTEGER NOT NULL REFERENCES users (id),
    updated_by    INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX notices_by_college ON notices (college_id, publish_date, id);
CREATE INDEX notices_by_day ON notices (publish_date, id);
CREATE VIRTUAL TABLE notices_search USING fts5 (text, tokenize = "trigram case_sensitive 1");

-- What the clock will do: announce a notice, withdraw one that expires. Done rows are deleted.
CREATE TABLE notice_dues (
    notice_id  INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    action     TEXT NOT NULL CHECK (action IN ('announce', 'expire')),
    due_at     TEXT NOT NULL,
    PRIMARY KEY (notice_id, action)
) WITHOUT ROWID;
CREATE INDEX notice_dues_by_time ON notice_dues (due_at);

CREATE TABLE announcements (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    college_id  INTEGER REFERENCES colleges (id),      -- null: to every college, by a global role
    title       TEXT NOT NULL,
    message     TEXT NOT NULL,
    audience    TEXT NOT NULL,                          -- JSON, as it was given
    data        TEXT NOT NULL,                          -- JSON, as it was given
    reached     INTEGER NOT NULL,
    online      INTEGER NOT NULL,
    is_active   INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    created_by  INTEGER NOT NULL REFERENCES users (id),
    updated_by  INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX announcements_by_college ON announcements (college_id, id);

-- Whom an announcement is for: its event's keys, which outlive the event in the log.
CREATE TABLE announcement_audience (
    key              TEXT NOT NULL,
    announcement_id  INTEGER NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
    PRIMARY KEY (key, announcement_id)
) WITHOUT ROWID;

-- The event log. AUTOINCREMENT keeps ids rising past every delete (I2); the log's position is its row in sqlite_sequence.
CREATE TABLE event_log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    event       TEXT NOT NULL,
    data        TEXT NOT NULL,                          -- compact ASCII JSON, as it goes out
    audience    TEXT NOT NULL,                          -- its keys, joined by spaces: what pruning deletes below
    subject     TEXT,                                   -- `message:5`: whose rows an edit or a deletion rewrites
    created_at  TEXT NOT NULL
);
CREATE INDEX event_log_by_subject ON event_log (subject) WHERE subject IS NOT NULL;

CREATE TABLE event_audience (
    key       TEXT NOT NULL,
    event_id  INTEGER NOT NULL,
    PRIMARY KEY (key, event_id)
) WITHOUT ROWID;

CREATE TABLE log_state (
    only            INTEGER PRIMARY KEY CHECK (only = 1),
    pruned_through  INTEGER NOT NULL
);
INSERT INTO log_state VALUES (1, 0);
