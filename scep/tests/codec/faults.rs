//! The fault catalogue: every fault changes what it names and nothing else, and says so only when it did.

mod catalogue;
mod effects;
mod saying;
