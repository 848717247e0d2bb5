-- What restoring a backup did to the log's ids: those after the backup's last are lost, and a stretch was left out so that
-- no id is given twice (I2). A cursor between the two is of a past that is gone.

CREATE TABLE log_holes (
    through_id  INTEGER PRIMARY KEY,        -- where ids go on: the log's position right after the restore
    after_id    INTEGER NOT NULL,           -- the backup's last id
    made_at     TEXT NOT NULL,
    CHECK (after_id < through_id)
);
