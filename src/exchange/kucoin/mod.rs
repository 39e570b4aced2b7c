//! KuCoin spot: the wire vocabulary that the client and the exchange of ours share.

pub mod protocol;
