//! mock-ca over real HTTP, with messages that a client would send.
#![cfg(test)]

mod admin;
mod delivery;
mod device;
mod enrol;
mod faults;
mod http;
mod laxities;
mod openssl;
mod poll;
mod program;
mod server;
mod wire;
