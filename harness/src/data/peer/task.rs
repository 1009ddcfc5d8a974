//! What a client under test can be told to do: the operations of its peer file.

use super::{ClientPeer, Operation};

/// One operation of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Enrols.
    Enrol,
    /// Renews the certificate of an enrolment.
    Renew,
    /// Looks a certificate up by its serial number.
    GetCert,
    /// Fetches the CRL on which a certificate would be.
    GetCrl,
    /// Fetches the next CA certificate.
    GetNextCa,
}

impl Task {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Enrol, Self::Renew, Self::GetCert, Self::GetCrl, Self::GetNextCa];

    /// Its table in a peer file, which is also the ability that a client with that table has.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Enrol => "client.enrol",
            Self::Renew => "client.renew",
            Self::GetCert => "client.getcert",
            Self::GetCrl => "client.getcrl",
            Self::GetNextCa => "client.getnextca",
        }
    }

    /// The verb of client cases that runs it.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Enrol => "client-enrol",
            Self::Renew => "client-renew",
            Self::GetCert => "client-getcert",
            Self::GetCrl => "client-getcrl",
            Self::GetNextCa => "client-getnextca",
        }
    }

    /// The task of a verb.
    #[must_use]
    pub fn of_verb(verb: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.verb() == verb)
    }

    /// Role of the output that it is run for.
    #[must_use]
    pub fn brings(self) -> &'static str {
        match self {
            Self::Enrol | Self::Renew | Self::GetCert => "certificate",
            Self::GetCrl => "crl",
            Self::GetNextCa => "ca",
        }
    }
}

impl ClientPeer {
    /// The command of a task; None when the client has none.
    #[must_use]
    pub fn operation(&self, task: Task) -> Option<&Operation> {
        match task {
            Task::Enrol => Some(&self.enrol),
            Task::Renew => self.renew.as_ref(),
            Task::GetCert => self.getcert.as_ref(),
            Task::GetCrl => self.getcrl.as_ref(),
            Task::GetNextCa => self.getnextca.as_ref(),
        }
    }
}
