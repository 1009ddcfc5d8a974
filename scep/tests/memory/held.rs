//! How much memory a reader holds, and how much is right. Also a module of the fuzz targets.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Runs the reader, and panics when it held more at one time than the octets account for: what it was
/// given, not what it was told. The allocator counts for the whole program, so nothing may run beside it.
pub(crate) fn check(name: &str, reader: fn(&[u8]), octets: &[u8]) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    reader(octets);
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    let bound = bound(octets.len());
    assert!(
        held <= bound,
        "{name} held {held} octets over {} of input, at most {bound} are right",
        octets.len()
    );
}

/// The dearest input is a row of three-octet elements, each with a finding.
const fn bound(length: usize) -> usize {
    (1 << 20) + 256 * length
}
