//! mock-ca over real HTTP, with messages that a client would send.
#![cfg(test)]

mod admin;
mod authority;
mod delivery;
mod device;
mod enrol;
mod faults;
mod hostile;
mod http;
mod laxities;
mod lookup;
mod openapi;
mod openssl;
mod padding;
mod pages;
mod personas;
mod poll;
mod program;
mod renewal;
mod rollover;
mod rows;
mod server;
mod tls;
mod wire;
