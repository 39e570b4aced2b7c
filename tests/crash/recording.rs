//! What an agent did to its files and sent, call by call, as `crashpoint.c` writes it down.

use std::path::Path;

/// One call, done.
#[derive(Clone, Debug)]
pub struct Call {
    /// 0 start, 1 trading, 2 drain.
    pub phase: usize,
    /// The call and its object: `write:ibis.db-wal`.
    pub kind: String,
    /// The file's path in the state directory; empty for the directory itself and for sockets.
    pub name: String,
    /// The new name of a renamed file.
    pub to: String,
    /// Which file an open one is, whatever its name.
    pub inode: u64,
    /// Where a write begins; the length a truncation leaves.
    pub offset: u64,
    /// What was written or sent.
    pub data: Vec<u8>,
}

/// Reads a recording; a last record that its process did not finish is left out.
pub fn read(path: &Path) -> Vec<Call> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let mut rest = bytes.as_slice();
    std::iter::from_fn(|| call(&mut rest)).collect()
}

fn call(rest: &mut &[u8]) -> Option<Call> {
    let mut at = *rest;
    let [phase, kind, path, to] = [0; 4].map(|_| number::<4>(&mut at));
    let [inode, offset, data] = [0; 3].map(|_| number::<8>(&mut at));
    let (kind, path, to) = (take(&mut at, kind?)?, take(&mut at, path?)?, take(&mut at, to?)?);
    let data = take(&mut at, data?)?.to_vec();
    *rest = at;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    // The directory itself has no name in it.
    let name = |path: &[u8]| {
        text(path).rsplit_once("/data/").map_or_else(String::new, |it| it.1.to_owned())
    };
    Some(Call {
        phase: usize::try_from(phase?).unwrap(),
        kind: text(kind),
        name: name(path),
        to: name(to),
        inode: inode?,
        offset: offset?,
        data,
    })
}

fn number<const BYTES: usize>(rest: &mut &[u8]) -> Option<u64> {
    let mut whole = [0; 8];
    whole.get_mut(..BYTES)?.copy_from_slice(take(rest, BYTES as u64)?);
    Some(u64::from_le_bytes(whole))
}

fn take<'a>(rest: &mut &'a [u8], count: u64) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(usize::try_from(count).ok()?)?;
    *rest = tail;
    Some(head)
}

impl Call {
    /// True for a call after which something is on the disk for good.
    pub fn is_sync(&self) -> bool {
        self.kind.starts_with("sync:")
    }

    /// The client order id of an order that was sent.
    pub fn order(&self) -> Option<String> {
        if self.kind != "send:POST" || !self.data.starts_with(b"POST /api/v1/hf/orders ") {
            return None;
        }
        let text = String::from_utf8_lossy(&self.data);
        let (_, rest) = text.split_once("\"clientOid\":\"")?;
        Some(rest.split_once('"')?.0.to_owned())
    }
}

/// The client order ids of all orders sent by these calls.
pub fn orders(calls: &[Call]) -> Vec<String> {
    calls.iter().filter_map(Call::order).collect()
}
