//! `growth`: gives every reader inputs of growing length, and fails when one takes more than its share of
//! time with the longer ones.

// For the functions that the coverage counters call.
use libfuzzer_sys as _;

use std::process::ExitCode;

use scep_fuzz::growth::{SHORT, TIMES, measure};

fn main() -> ExitCode {
    let (mut count, mut odd) = (0, 0);
    for growth in measure() {
        count += 1;
        if !growth.is_in_proportion() {
            odd += 1;
            println!(
                "-- {} with {}: {:?} for {SHORT} octets, {:?} for {TIMES} times as many",
                growth.reader, growth.pattern, growth.short, growth.long
            );
        }
    }
    println!("-- {count} pairs of reader and growing input, {odd} out of proportion");
    if odd == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
