-- What the campus calls itself: one row, for whoever looks at the login page.

CREATE TABLE campus (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    name        TEXT NOT NULL,
    logo        TEXT,                       -- a link to a file
    updated_at  TEXT NOT NULL
);
INSERT INTO campus (id, name, updated_at) VALUES (1, 'Campus', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
