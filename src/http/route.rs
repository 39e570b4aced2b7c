//! The routes: paths, methods, and what kind of asking each is.

use hyper::Method;

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Route {
    /// Does the loop turn?
    Livez,
    /// May it open positions?
    Readyz,
    /// Is it well, and why not?
    Health,
    /// What `ibis status --json` prints.
    Status,
    /// The trading part in the shape older clients know.
    TradingStatus,
    /// Reasons not to trade.
    Holds,
    /// For Prometheus.
    Metrics,
    /// Stops everything, or lets go.
    KillSwitch,
    /// No entries for a while.
    Pause,
    /// Entries again.
    Resume,
}

/// What a request counts as, each with a limit of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// A probe of life: others asking much must not make it fail.
    Probe,
    /// Looking.
    Read,
    /// An order.
    Write,
    /// An order, or a look, without the secret: it does not use up what is the secret's.
    Attempt,
    /// Stopping everything, by who may: never waits for an earlier order's sake.
    Stop,
}

/// Every path with its route.
pub const PATHS: [(&str, Route); 15] = [
    ("/livez", Route::Livez),
    ("/readyz", Route::Readyz),
    ("/health", Route::Health),
    ("/healthz", Route::Health),
    ("/status", Route::Status),
    ("/trading/status", Route::TradingStatus),
    ("/holds", Route::Holds),
    ("/metrics", Route::Metrics),
    ("/kill-switch", Route::KillSwitch),
    ("/v1/kill-switch", Route::KillSwitch),
    ("/pause", Route::Pause),
    ("/v1/pause", Route::Pause),
    ("/resume", Route::Resume),
    ("/v1/resume", Route::Resume),
    ("/v1/holds", Route::Holds),
];

impl Route {
    /// The route of a path.
    pub fn find(path: &str) -> Option<Self> {
        PATHS.iter().find(|(known, _)| *known == path).map(|(_, route)| *route)
    }

    /// True where it changes something.
    pub const fn is_write(self) -> bool {
        matches!(self, Self::KillSwitch | Self::Pause | Self::Resume)
    }

    /// True where the method is the route's: nothing that changes can be had by GET.
    pub fn takes(self, method: &Method) -> bool {
        match self.is_write() {
            true => *method == Method::POST,
            false => *method == Method::GET || *method == Method::HEAD,
        }
    }

    /// The `Allow` header's text.
    pub const fn methods(self) -> &'static str {
        if self.is_write() { "POST" } else { "GET, HEAD" }
    }

    /// What asking for it counts as, before it is known what is asked.
    pub const fn class(self) -> Class {
        match self {
            Self::Livez | Self::Readyz => Class::Probe,
            Self::Health | Self::Status | Self::TradingStatus | Self::Holds | Self::Metrics => {
                Class::Read
            }
            Self::KillSwitch | Self::Pause | Self::Resume => Class::Write,
        }
    }
}
