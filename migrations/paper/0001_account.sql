-- The paper venue's account, version 1: what an exchange would keep for its one client.
-- Money and prices are canonical decimals in base or quote units, times microseconds UTC.

-- mode: one row, always 'paper'.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
    asset TEXT PRIMARY KEY,
    deposited TEXT NOT NULL,         -- total = deposited + what the executions moved
    total TEXT NOT NULL,
    hold TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The last trade id of each symbol ever traded.
CREATE TABLE symbols (
    symbol TEXT PRIMARY KEY,
    trade_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every accepted order.
CREATE TABLE orders (
    sequence INTEGER PRIMARY KEY,    -- time priority
    client_order_id TEXT NOT NULL,
    venue_order_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    price TEXT,                      -- NULL for a market order
    time_in_force TEXT NOT NULL CHECK (time_in_force IN ('GTC', 'IOC', 'FOK')),
    post_only INTEGER NOT NULL CHECK (post_only IN (0, 1)),
    quantity TEXT NOT NULL,
    filled TEXT NOT NULL,
    filled_notional TEXT NOT NULL,
    fee TEXT NOT NULL,
    status TEXT NOT NULL,
    queue_ahead TEXT,                -- NULL while its price is not displayed
    hold TEXT NOT NULL,
    accepted_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT;

CREATE INDEX orders_open ON orders (sequence) WHERE status IN ('new', 'partially_filled');
CREATE INDEX orders_client ON orders (client_order_id);

CREATE TABLE executions (
    venue_sequence INTEGER PRIMARY KEY, -- 1, 2, 3, ... without gaps
    symbol TEXT NOT NULL,
    trade_id INTEGER NOT NULL,
    client_order_id TEXT NOT NULL,
    venue_order_id TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    notional TEXT NOT NULL,
    fee TEXT NOT NULL,               -- in the symbol's quote asset
    liquidity TEXT NOT NULL CHECK (liquidity IN ('maker', 'taker')),
    at_us INTEGER NOT NULL
) STRICT;
