//! sceptic: the interop test harness and conformance suite for SCEP (RFC 8894).
//!
//! Data flows one way: data files -> plan -> runner -> evidence -> judge -> verdict x expectations ->
//! `results.jsonl` -> reports. The runner is the only place with sockets and processes; the judge reads a
//! transcript and nothing else.

pub mod cli;
pub mod data;
pub mod decode;
pub mod exit;
pub mod expect;
pub mod judge;
pub mod plan;
pub mod report;
pub mod results;
pub mod runner;
pub mod selftest;
pub mod step;
pub mod transcript;
pub mod verdict;
