//! Every message of KuCoin's protocol from any bytes: `cargo +nightly fuzz run every_message`.
//!
//! `cargo test` replays the same corpus and changes to it, within bounds (tests/kucoin/hostile.rs).
#![no_main]

use ibis::exchange::kucoin::protocol::every_message::read_in_every_way;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(rule) = read_in_every_way(bytes) {
        panic!("{rule}");
    }
});
