-- The ledger: what was intended, what the venue answered, what is held, what it earned.
--
-- Money is canonical decimal TEXT, times are integer microseconds UTC. `events` is append-only and
-- hash-chained; intents, orders, fills and holds are its readable form; positions, lots and balances
-- are the state after the last event. Needs ibis 0.1.

-- mode, instance, created_at_us, venue_cursor: one row each.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per start of the agent. Wall-clock times: they are not part of the hash chain.
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    clock TEXT NOT NULL CHECK (clock IN ('wall', 'virtual')),
    market TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at_us INTEGER NOT NULL,
    ready_at_us INTEGER,
    progress_at_us INTEGER,          -- last time the loop turned with fresh data and a writable ledger
    engine_at_us INTEGER,            -- the engine's clock then; differs from the wall under --speed
    data_at_us INTEGER,              -- newest market data then, by the engine's clock
    ended_at_us INTEGER,
    end_cause TEXT                   -- NULL after a crash
) STRICT;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,               -- what it is about: a client order id, a hold code, a run
    payload TEXT NOT NULL,           -- JSON
    hash BLOB NOT NULL               -- SHA-256 of the previous hash and this row
) STRICT;

CREATE TABLE intents (
    client_order_id TEXT PRIMARY KEY,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    purpose TEXT NOT NULL,
    order_type TEXT NOT NULL CHECK (order_type IN ('limit', 'market')),
    time_in_force TEXT NOT NULL,
    post_only INTEGER NOT NULL,
    price TEXT,
    quantity TEXT NOT NULL,
    reference_price TEXT NOT NULL,   -- the price the decision saw: slippage is measured from it
    created_at_us INTEGER NOT NULL,
    ended_at_us INTEGER
) STRICT, WITHOUT ROWID;

-- One open intent per instrument, whatever the engine believes.
CREATE UNIQUE INDEX intents_open ON intents (symbol) WHERE ended_at_us IS NULL;
CREATE INDEX intents_created ON intents (created_at_us);

CREATE TABLE orders (
    client_order_id TEXT PRIMARY KEY REFERENCES intents (client_order_id),
    venue_order_id TEXT,
    status TEXT NOT NULL,
    filled TEXT NOT NULL,
    notional TEXT NOT NULL,
    fee TEXT NOT NULL,
    reason_code INTEGER,
    reason TEXT,
    updated_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fills (
    fill INTEGER PRIMARY KEY,        -- 1, 2, 3, ...: the largest is the count
    symbol TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    venue_sequence INTEGER NOT NULL,
    client_order_id TEXT NOT NULL,
    venue_order_id TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    purpose TEXT NOT NULL,
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    notional TEXT NOT NULL,
    fee TEXT NOT NULL,
    fee_asset TEXT NOT NULL,
    liquidity TEXT NOT NULL CHECK (liquidity IN ('maker', 'taker')),
    reference_price TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    -- Sells: against the lots they consumed (first in, first out). NULL for buys.
    matched TEXT,
    gross TEXT,
    fees TEXT,                       -- both sides' fees of the matched quantity
    net TEXT,
    basis TEXT CHECK (basis IN ('known', 'unknown')),
    opened_at_us INTEGER
) STRICT;

CREATE UNIQUE INDEX fills_execution ON fills (symbol, execution_id);
CREATE INDEX fills_at ON fills (at_us);

CREATE TABLE positions (
    symbol TEXT PRIMARY KEY,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,              -- of the lots of known basis, without fees
    fee TEXT NOT NULL,
    basis TEXT NOT NULL CHECK (basis IN ('known', 'unknown')),
    mark_price TEXT,                 -- last best bid
    stop_price TEXT,
    take_profit_price TEXT,
    high_price TEXT,                 -- highest bid since the entry
    opened_at_us INTEGER,
    bought TEXT NOT NULL,            -- all buys ever
    sold TEXT NOT NULL,              -- all sells ever
    transferred TEXT NOT NULL,       -- declared transfers in less out
    updated_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
    symbol TEXT NOT NULL,
    lot INTEGER NOT NULL,            -- 0 is the oldest
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    fee TEXT NOT NULL,
    basis TEXT NOT NULL CHECK (basis IN ('known', 'unknown')),
    opened_at_us INTEGER NOT NULL,
    PRIMARY KEY (symbol, lot)
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
    asset TEXT PRIMARY KEY,
    total TEXT NOT NULL,
    hold TEXT NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
    transfer INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    amount TEXT NOT NULL,
    kind TEXT NOT NULL,              -- deposit, adjustment
    reason TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE holds (
    hold INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,             -- global, or a symbol
    code TEXT NOT NULL,
    level TEXT NOT NULL,
    reason TEXT NOT NULL,
    set_at_us INTEGER NOT NULL,
    until_us INTEGER,
    cleared_at_us INTEGER
) STRICT;

CREATE UNIQUE INDEX holds_active ON holds (scope, code) WHERE cleared_at_us IS NULL;

CREATE TABLE transitions (
    transition INTEGER PRIMARY KEY,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    code TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;

-- Entries that were not sent, counted by day and reason.
CREATE TABLE refusals (
    day_us INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day_us, symbol, code)
) STRICT, WITHOUT ROWID;

-- One row a minute of the engine's clock.
CREATE TABLE samples (
    at_us INTEGER PRIMARY KEY,
    equity TEXT NOT NULL,
    cash TEXT NOT NULL,
    cash_available TEXT NOT NULL,
    exposure TEXT NOT NULL,
    unrealized TEXT NOT NULL,
    positions INTEGER NOT NULL,
    open_buy_orders INTEGER NOT NULL,
    open_sell_orders INTEGER NOT NULL,
    state TEXT NOT NULL,
    complete INTEGER NOT NULL        -- 0: a held instrument had no price
) STRICT;

CREATE TABLE kpi_hourly (
    hour_us INTEGER PRIMARY KEY,
    body TEXT NOT NULL,              -- JSON
    created_at_us INTEGER NOT NULL
) STRICT;

-- Every run of a oneshot job, with its findings.
CREATE TABLE job_runs (
    job_run INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    started_at_us INTEGER NOT NULL,
    ended_at_us INTEGER NOT NULL,
    severity TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    report TEXT NOT NULL             -- JSON
) STRICT;

CREATE INDEX job_runs_job ON job_runs (job, job_run);

-- How far exec-integrity has added up the fills, so that a run costs what is new.
CREATE TABLE audit_totals (
    symbol TEXT PRIMARY KEY,
    fill INTEGER NOT NULL,
    bought TEXT NOT NULL,
    sold TEXT NOT NULL,
    flow TEXT NOT NULL               -- proceeds less cost and fees, in quote units
) STRICT, WITHOUT ROWID;

CREATE TABLE exports (
    name TEXT PRIMARY KEY,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Trades of another system, kept apart from what this agent did: every row as it came.
CREATE TABLE imported_trades (
    trade INTEGER PRIMARY KEY,       -- in the order they came
    trade_id TEXT NOT NULL,          -- the foreign order_id
    symbol TEXT NOT NULL,            -- with its quote suffix
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    funds TEXT NOT NULL,
    fee TEXT NOT NULL,
    fee_asset TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    repair TEXT,                     -- how the row was repaired; NULL for none
    basis TEXT CHECK (basis IN ('known', 'unknown')), -- sells; NULL for buys
    raw TEXT                         -- the row as it came, where the columns do not give it back
) STRICT;

CREATE UNIQUE INDEX imported_trades_id ON imported_trades (trade_id);
CREATE INDEX imported_trades_at ON imported_trades (at_us);
