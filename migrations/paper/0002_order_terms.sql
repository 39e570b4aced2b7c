-- Orders may be by funds, shrink, choose their self-trade prevention, hide, and end by themselves.
-- Orders of version 1 did none of it: the defaults say what they were.

ALTER TABLE orders ADD COLUMN funds TEXT;                    -- NULL: asked by quantity
ALTER TABLE orders ADD COLUMN reduced TEXT NOT NULL DEFAULT '0';
ALTER TABLE orders ADD COLUMN self_trade TEXT DEFAULT 'CN'   -- NULL: trades with its own
    CHECK (self_trade IN ('CN', 'CO', 'CB', 'DC'));
ALTER TABLE orders ADD COLUMN visible TEXT;                  -- NULL: whole; '0': hidden; else iceberg
ALTER TABLE orders ADD COLUMN expires_at_us INTEGER;         -- NULL: never
