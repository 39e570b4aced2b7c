-- The cause of an event: the number of the engine's input in its run, as `ibis replay` counts them.
-- NULL where the shell wrote it (a run's phases), and in events from before this migration. It is
-- part of the hash where it is not NULL.
ALTER TABLE events ADD COLUMN input INTEGER;
