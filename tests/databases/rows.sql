-- What else an earlier database has. A line `-- schema N` begins what is there from schema N on.

-- schema 1
INSERT INTO notices (id, college_id, title, content, publish_date, is_urgent, is_published, announced_at, is_shown,
    created_at, updated_at, created_by, updated_by)
VALUES (1, 1, 'Exams', 'They begin', '2026-01-09', 1, 1, '2026-01-09T10:03:22.000000Z', 1,
    '2026-01-09T10:03:22.000000Z', '2026-01-09T10:03:22.000000Z', 1, 1);
-- One of a time to come.
INSERT INTO notices (id, college_id, title, content, publish_date, is_published, is_shown, created_at, updated_at,
    created_by, updated_by)
VALUES (2, 1, 'Holidays', 'Far off', '2999-01-01', 1, 0, '2026-01-09T10:03:23.000000Z', '2026-01-09T10:03:23.000000Z', 1, 1);
INSERT INTO notice_dues (notice_id, action, due_at) VALUES (2, 'announce', '2999-01-01T00:00:00.000000Z');
INSERT INTO notices_search (rowid, text) SELECT id, fold(title || char(10) || content) FROM notices;
INSERT INTO announcements (id, college_id, title, message, audience, data, reached, online, created_at, updated_at,
    created_by, updated_by)
VALUES (1, 1, 'Water', 'No water', '{"all":true}', '{}', 3, 0, '2026-01-09T10:03:24.000000Z',
    '2026-01-09T10:03:24.000000Z', 1, 1);
INSERT INTO announcement_audience (key, announcement_id) VALUES ('college:1', 1);

-- schema 2
INSERT INTO classes (id, college_id, name, code, created_at, updated_at)
VALUES (1, 1, 'Physics', 'P1', '2026-01-09T10:00:01.000000Z', '2026-01-09T10:00:01.000000Z');
INSERT INTO classes_search (rowid, text) VALUES (1, fold('Physics' || char(10) || 'P1'));
INSERT INTO sections (id, class_id, name, created_at, updated_at)
VALUES (1, 1, 'A', '2026-01-09T10:00:01.000000Z', '2026-01-09T10:00:01.000000Z');
INSERT INTO sections_search (rowid, text) VALUES (1, fold('A'));
INSERT INTO enrollments (id, user_id, college_id, class_id, section_id, created_at, updated_at)
VALUES (1, 2, 1, 1, 1, '2026-01-09T10:00:01.000000Z', '2026-01-09T10:00:01.000000Z');
INSERT INTO messages_search (rowid, people, text)
SELECT m.id, tag(m.sender_id) || tag(r.user_id), fold(m.text)
FROM messages AS m JOIN receipts AS r ON r.message_id = m.id WHERE m.text <> '';
INSERT INTO notice_visibility (notice_id, college_id, target_type, key, created_at, updated_at, created_by, updated_by)
VALUES (1, 1, 'all', 'college:1', '2026-01-09T10:03:22.000000Z', '2026-01-09T10:03:22.000000Z', 1, 1);
UPDATE notices SET audience = 'college:1' WHERE id = 1;
INSERT INTO events (id, college_id, title, description, event_date, start_time, end_time, max_participants, created_at,
    updated_at, created_by, updated_by)
VALUES (1, 1, 'Fair', 'A fair', '2026-02-01', '10:00:00', '12:00:00', 5, '2026-01-09T10:03:25.000000Z',
    '2026-01-09T10:03:25.000000Z', 1, 1);
INSERT INTO events_search (rowid, text) VALUES (1, fold('Fair' || char(10) || 'A fair' || char(10)));
INSERT INTO event_registrations (event_id, college_id, user_id, registration_date, status, created_at, updated_at,
    created_by, updated_by)
VALUES (1, 1, 2, '2026-01-09', 'registered', '2026-01-09T10:03:26.000000Z', '2026-01-09T10:03:26.000000Z', 2, 2);
INSERT INTO notifications (id, event_id, college_id, notification_type, title, message, data, subject, created_at,
    updated_at, created_by)
SELECT 1, id, 1, 'notice', 'Exams', 'They begin', json_extract(data, '$.data'), subject, created_at, created_at, 1
FROM event_log WHERE event = 'notification';
INSERT INTO notification_audience (key, event_id, notification_id) SELECT 'college:1', event_id, id FROM notifications;
INSERT INTO notifications_search (rowid, text) VALUES (1, fold('Exams' || char(10) || 'They begin'));
INSERT INTO notification_reads (user_id, notification_id) VALUES (2, 1);

-- schema 4
UPDATE campus SET name = 'North Campus';

-- schema 5
INSERT INTO audit (created_at, user_id, username, address, action, college_id)
VALUES ('2026-01-09T10:03:25.000000Z', 1, 'ann_lee', '192.0.2.7', 'login', 1);

-- schema 6
INSERT INTO log_holes (through_id, after_id, made_at) VALUES (3, 2, '2026-01-09T10:00:02.000000Z');
