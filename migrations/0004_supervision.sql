-- What operators said, and what came of it. A command is done once, however often it is given.
CREATE TABLE operator_commands (
    id TEXT PRIMARY KEY,
    given_at_us INTEGER NOT NULL,    -- by the wall clock
    at_us INTEGER NOT NULL,          -- by the engine's clock, when it was taken in
    by TEXT NOT NULL,
    via TEXT NOT NULL,
    reason TEXT NOT NULL,
    wish TEXT NOT NULL,              -- JSON
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    why TEXT,                        -- of a refusal
    after_us INTEGER                 -- of a refusal that time heals
) STRICT, WITHOUT ROWID;

-- What losses and turnover of a UTC day are measured from, in quote units.
CREATE TABLE day_ledger (
    day_us INTEGER PRIMARY KEY,
    equity_open TEXT NOT NULL,
    equity_peak TEXT NOT NULL,       -- the highest so far, of any day
    turnover TEXT NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT;
