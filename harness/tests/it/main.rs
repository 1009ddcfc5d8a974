//! The `sceptic` program from outside: its exit codes, what it prints, and the run folder that it leaves.
#![cfg(test)]

mod coverage;
mod cut_short;
mod decode;
mod docs;
mod exits;
mod expectations;
mod judge;
mod legacy;
mod mutants;
mod pair;
mod program;
mod server;
mod subjects;
mod words;
