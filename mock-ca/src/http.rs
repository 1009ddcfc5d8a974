//! HTTP: sockets and hyper around the service and around the administration.

pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod listener;
pub(crate) mod raw;
pub(crate) mod scep_port;
pub(crate) mod socket;

/// What every answer says about its server.
pub(crate) const SERVER: &str = "mock-ca (for tests only)";
