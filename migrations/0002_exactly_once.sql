-- Transfers that the venue named itself are booked once; starts have a stamp that is never given twice.

ALTER TABLE transfers ADD COLUMN venue_id TEXT;              -- NULL: the venue named none
CREATE UNIQUE INDEX transfers_venue ON transfers (venue_id) WHERE venue_id IS NOT NULL;

-- Second part of the run's client order ids: the second of its start since 1970, or one more than the
-- last. NULL for runs of version 1, whose ids have the run there.
ALTER TABLE runs ADD COLUMN stamp INTEGER;

-- Instruments as the venue last described them: what is held of one that is delisted keeps its grid.
CREATE TABLE instruments (
    symbol TEXT PRIMARY KEY,
    spec TEXT NOT NULL               -- JSON
) STRICT, WITHOUT ROWID;
