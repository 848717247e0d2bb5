-- Admins list what is for others, and so hear of it: the global roles get a key of their own. Readers see a notice from
-- when it is announced, so `is_shown` says what they see, and the lists' indexes hold it.

INSERT INTO user_keys (user_id, key, since_event_id)
SELECT id, 'global', coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event_log'), 0)
FROM users WHERE user_type IN ('super_admin', 'central_manager');

UPDATE notices SET is_shown = 0 WHERE announced_at IS NULL;

DROP INDEX notices_listed;
DROP INDEX notices_by_creation;
CREATE INDEX notices_listed ON notices
    (college_id, is_active, publish_date, id, is_published, is_urgent, is_shown, expiry_date, created_by, audience);
CREATE INDEX notices_by_creation ON notices
    (college_id, is_active, created_at, id, is_published, is_urgent, publish_date, is_shown, expiry_date, created_by,
     audience);
