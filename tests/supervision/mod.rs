//! What the agent does about itself, with real processes: conditions that only it can see, how its runs
//! ended, how it stops.

mod conditions;
mod runs;
mod staleness;
mod stopping;
