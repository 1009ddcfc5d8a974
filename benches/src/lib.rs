//! Benchmarks of the protocol core; the code is in `benches/`. A cost is measured beside the bare RSA
//! operation that it cannot go below, in the same run, so that the ratio says something on any machine.
