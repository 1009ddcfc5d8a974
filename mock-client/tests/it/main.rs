//! The client against a SCEP server in memory: by library calls, by its command line over a loopback
//! socket, and as a program.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod keystore;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod laxities;
#[cfg(test)]
mod listener;
#[cfg(test)]
mod lookups;
#[cfg(test)]
mod printed;
#[cfg(test)]
mod program;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sscep;
#[cfg(test)]
mod transport;
