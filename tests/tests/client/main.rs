//! The reference client as a program, end to end.

#[cfg(test)]
mod operations;
#[cfg(test)]
mod tls;
