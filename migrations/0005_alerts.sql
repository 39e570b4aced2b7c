-- Alerts: what is going on that a person should hear of, the outbox of notifications about it, and how
-- each channel took them. Derived from `events` and `job_runs`; never part of the hash chain. Times are
-- the wall clock's.

-- How far events and runs of jobs were looked at: moved in the transaction that adds what they say. A
-- ledger from before begins with what comes now. `dropped`: deliveries that a full outbox gave up.
CREATE TABLE alert_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    event INTEGER NOT NULL,
    job_run INTEGER NOT NULL,
    dropped INTEGER NOT NULL
) STRICT;

INSERT INTO alert_cursor
SELECT 1, (SELECT coalesce(max(seq), 0) FROM events), (SELECT coalesce(max(job_run), 0) FROM job_runs), 0;

-- One row for each thing that fires, or that was told of so lately that it would be folded.
CREATE TABLE alert_topics (
    key TEXT PRIMARY KEY,            -- what it is about: hold/global/stale_data
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    labels TEXT NOT NULL,            -- JSON
    is_firing INTEGER NOT NULL,
    is_open INTEGER NOT NULL,        -- 1: told that it fires, not yet that it ended
    is_news INTEGER NOT NULL,        -- 1: what was folded is to be told when the floor has passed
    folded INTEGER NOT NULL,         -- what happened since the last message
    since_us INTEGER NOT NULL,
    told_at_us INTEGER,
    told_severity TEXT
) STRICT, WITHOUT ROWID;

-- The outbox, in the order in which it is delivered.
CREATE TABLE notifications (
    notification INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('firing', 'recovery', 'note')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    labels TEXT NOT NULL,            -- JSON
    repeats INTEGER NOT NULL,        -- what was folded into it
    event INTEGER,                   -- the event it is derived from; NULL for none
    since_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE notification_deliveries (
    channel TEXT NOT NULL,
    notification INTEGER NOT NULL REFERENCES notifications (notification),
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    next_attempt_at_us INTEGER NOT NULL,
    claimed_until_us INTEGER NOT NULL, -- somebody is at it until then
    settled_at_us INTEGER,
    last_error TEXT,
    PRIMARY KEY (channel, notification)
) STRICT, WITHOUT ROWID;

CREATE INDEX notification_deliveries_pending ON notification_deliveries (channel, notification)
WHERE status = 'pending';
CREATE INDEX notification_deliveries_of ON notification_deliveries (notification);
