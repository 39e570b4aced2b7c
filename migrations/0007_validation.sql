-- Whether a paper run may be followed by a live one: where its fees came from, and what the validation
-- of a window reads by time.

-- api:..., project:... (the venue's published schedule), manual:... (typed by hand). NULL: the run began
-- before this migration.
ALTER TABLE runs ADD COLUMN fee_source TEXT;

CREATE INDEX transitions_at ON transitions (at_us);
CREATE INDEX holds_cleared ON holds (cleared_at_us);
