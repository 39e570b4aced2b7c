//! Acceptance 18: what the agent says of its memory is what the kernel says of this process, whatever
//! others use (seed 000's figure was that of the machine).

use std::fs;
use std::hint::black_box;

use super::scrape::Scrape;
use super::stage;
use crate::http::Served;

/// What a hog beside the agent takes: more than ten times the agent.
const HOG_BYTES: usize = 400 << 20;

/// The kernel's figure for a process, in bytes.
fn kernels(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1_024
}

/// The metric's figure, once it is the kernel's within a percent: an answer takes memory of its own.
#[track_caller]
fn told(served: &Served) -> u64 {
    let pid = served.agent.pid();
    let agreed = (0..1_000).find_map(|_| {
        let told = Scrape::of(&served.tcp).value("ibis_process_resident_memory_bytes", &[]);
        let told: u64 = told.unwrap().to_string().parse().unwrap();
        (told.abs_diff(kernels(pid)) * 100 <= told).then_some(told)
    });
    agreed.expect("the metric is never the kernel's figure")
}

#[test]
fn acceptance_18_memory_is_the_process_own_beside_a_hog() {
    let served = stage::paper();
    let before = told(&served);
    let (hog, own) = (vec![1u8; HOG_BYTES], std::process::id());
    black_box(&hog);
    assert!(kernels(own) > HOG_BYTES as u64, "the hog is there");
    let beside = told(&served);
    assert!(beside < before * 2 && beside < HOG_BYTES as u64 / 4, "{before}, {beside} with it");
    drop(black_box(hog));
}
