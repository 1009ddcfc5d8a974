//! Transactions and certificates to put into a store.

use mock_ca::ra::Credential;
use mock_ca::transaction::{State, Transaction};
use scep::UnixTime;
use scep::attribute::{MessageType, TransactionId};
use scep::certificate::{Certificate, CertificateParts};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::name;
use scep::server::transaction::Identity;
use scep::tlv::Source;

pub(crate) const NOW: UnixTime = UnixTime(1_795_219_200);

pub(crate) type Outcome<T> = Result<T, String>;

/// Whatever went wrong, in its own words.
pub(crate) fn said<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

/// One of the public test keys.
pub(crate) fn key(name: &str) -> Outcome<PrivateKey> {
    let named = scep_vectors::keys::named(name).ok_or_else(|| format!("no key {name}"))?;
    PrivateKey::from_pem(named.pem.as_bytes()).map_err(said)
}

/// A pending transaction of this name, for a key of this name.
pub(crate) fn pending(id: &str, key_name: &str, credential: Credential) -> Outcome<Transaction> {
    let key = key(key_name)?;
    let subject = name::parse(&format!("CN={key_name}")).map_err(said)?;
    let der = CsrParts::new(&subject, key.public(), Some("secret"))
        .write(&key, &mut Faults::none())
        .map_err(said)?;
    let csr = Csr::read(Source::message_data(&der)).map_err(said)?.value;
    let id = TransactionId::parse(id.as_bytes()).map_err(said)?;
    let identity = Identity::new(&id, MessageType::PkcsReq, &csr.spki, &csr).map_err(said)?;
    Ok(Transaction { id, csr, identity, credential, state: State::Pending, since: NOW, due: None })
}

/// A certificate of this serial number.
pub(crate) fn certificate(serial: u8) -> Outcome<Certificate> {
    let key = key("ca-rsa")?;
    let subject = name::parse("CN=device").map_err(said)?;
    // Its first octet is what `mock-ca` makes it: positive, and no leading zero.
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![0x41, serial], NOW);
    Certificate::from_der(&parts.write(&key, &mut Faults::none()).map_err(said)?).map_err(said)
}

/// The transaction with a certificate of this serial number.
pub(crate) fn issued(transaction: &Transaction, serial: u8) -> Outcome<Transaction> {
    Ok(Transaction { state: State::Issued(Box::new(certificate(serial)?)), ..transaction.clone() })
}
