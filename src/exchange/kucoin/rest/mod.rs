//! KuCoin's REST interface as a client sees it.
