//! Short fingerprints of what the engine did and of what it is.

use sha2::{Digest as _, Sha256};

use crate::engine::Engine;
use crate::engine::action::Action;

/// The first 8 bytes of a SHA-256, as hex: two different texts share one once in 10^19.
pub type Digest = [u8; 16];

/// Of a text.
pub fn of(text: &[u8]) -> Digest {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let hash = Sha256::digest(text);
    let mut hex = [b'0'; 16];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash) {
        for (slot, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *slot = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
        }
    }
    hex
}

/// Of all actions of one input, in order. Their JSON is the stable text: fields in their order,
/// money as canonical decimals. `scratch` is overwritten with it.
pub fn of_actions(actions: &[Action], scratch: &mut Vec<u8>) -> Digest {
    scratch.clear();
    // Our own types, which have no keys or numbers that JSON cannot carry; and memory takes it all.
    serde_json::to_writer(&mut *scratch, actions).expect("actions serialise");
    of(scratch)
}

/// Of the whole engine.
pub fn of_engine(engine: &Engine) -> Digest {
    of(&serde_json::to_vec(engine).expect("an engine serialises"))
}

/// As text.
pub fn text(digest: &Digest) -> &str {
    std::str::from_utf8(digest).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_beginning_of_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(text(&of(b"abc")), "ba7816bf8f01cfea");
    }
}
