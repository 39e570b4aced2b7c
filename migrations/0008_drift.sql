-- Drift: what the agent's process cost and what went wrong in it, a row a minute, and frozen what that was
-- when somebody called it good. Times are the wall clock's; none of it is part of the hash chain.

-- One row an interval, written by the agent's shell. A figure is NULL where it was not measured: never 0.
CREATE TABLE vitals (
    at_us INTEGER PRIMARY KEY,       -- the end of the interval
    run INTEGER NOT NULL,
    interval_us INTEGER NOT NULL,    -- what it took, by a clock that never steps
    rss_bytes INTEGER,
    cpu_us INTEGER,                  -- of the processor, in the interval
    threads INTEGER,
    descriptors INTEGER,
    ledger_bytes INTEGER,            -- the ledger and its log
    turns INTEGER,                   -- of the loop, in the interval
    turn_p50_us INTEGER,
    turn_p95_us INTEGER,
    turn_p99_us INTEGER,
    market_events INTEGER,
    market_age_p95_us INTEGER,       -- age of the newest market data
    lag_p95_us INTEGER,              -- from the venue's stamp on a push to its arrival
    lag_p99_us INTEGER,
    calls INTEGER,                   -- of the venue
    call_errors INTEGER,
    rate_limited INTEGER,
    reconnects INTEGER,
    orders INTEGER,
    order_failures INTEGER,          -- answers that did not come
    order_rejects INTEGER,
    ack_p99_us INTEGER,              -- from an order's intent to the venue's first answer
    errors INTEGER,                  -- that count against the agent's health
    logged_errors INTEGER,
    logged_warnings INTEGER,
    ledger_events INTEGER,
    transitions INTEGER,             -- of the agent's state
    running_us INTEGER               -- of the interval, in the state running
) STRICT;

-- What was called good, by name. `signals`: JSON, by signal: n, mean, median, mad, p95, p99.
CREATE TABLE drift_baselines (
    name TEXT PRIMARY KEY,
    taken_at_us INTEGER NOT NULL,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    run INTEGER NOT NULL,
    version TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    profile TEXT NOT NULL,           -- unknown where the configuration is another one by now
    mode TEXT NOT NULL,
    market TEXT NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    signals TEXT NOT NULL,
    owner TEXT,
    rollback_until_us INTEGER
) STRICT, WITHOUT ROWID;

-- What it was later, and what that was judged to be.
CREATE TABLE drift_snapshots (
    snapshot INTEGER PRIMARY KEY,
    baseline TEXT NOT NULL,
    taken_at_us INTEGER NOT NULL,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    run INTEGER NOT NULL,
    version TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    profile TEXT NOT NULL,
    mode TEXT NOT NULL,
    market TEXT NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    signals TEXT NOT NULL,
    verdict TEXT NOT NULL,
    comparison TEXT NOT NULL         -- JSON
) STRICT;
