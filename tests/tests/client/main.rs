//! The reference client as a program, end to end.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod personas;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod rollover;
#[cfg(test)]
mod tls;
