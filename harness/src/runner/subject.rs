//! A server under test: how it is reached, its secret, its operator.

use super::Http;
use super::operator::Operator;
use super::spoken::Spoken;

/// A server under test.
#[derive(Debug, Clone)]
pub struct ServerSubject {
    /// Name in reports.
    pub name: String,
    /// How it is reached.
    pub http: Http,
    /// The right challengePassword, when it has one.
    pub challenge: Option<String>,
    /// Who approves.
    pub operator: Operator,
    /// What it is asked in when it is declared to be an old one.
    pub spoken: Option<Spoken>,
}
