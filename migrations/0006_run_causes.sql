-- How a run ended: as the run itself said, or as systemd or the next start found. NULL while it runs, and
-- of runs that ended before this migration.
ALTER TABLE runs ADD COLUMN cause TEXT
    CHECK (cause IN ('operator', 'finished', 'error', 'watchdog', 'oom', 'crash'));
