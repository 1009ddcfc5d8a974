//! What a machine wants of its driver.

use crate::UnixTime;
use crate::http::HttpRequest;

/// What the caller does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<V> {
    /// Send this, then give the machine the answer, or the reason why there is none.
    Send(HttpRequest),
    /// Wait until then, then poll again.
    Wait(UnixTime),
    /// It is over.
    Done(Box<V>),
}
