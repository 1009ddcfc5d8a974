//! A client, a CA and their keys: public keys, a fixed time.

use scep::UnixTime;
use scep::certificate::{Certificate, CertificateParts};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::Sender;

/// 2026-11-21T00:00:00Z.
pub const NOW: UnixTime = UnixTime(1_795_219_200);

/// PEM of a key of the pool, RSA-2048.
pub fn pem(index: usize) -> &'static str {
    scep_vectors::keys::pool()[index].pem
}

/// Somebody with a key of the pool and a certificate that it signed itself.
pub fn sender(index: usize) -> Sender {
    let key = PrivateKey::from_pem(pem(index).as_bytes()).expect("pool keys load");
    let subject = scep::name::parse("CN=bench,O=sceptic").expect("a name");
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let der = parts.write(&key, &mut Faults::none()).expect("a certificate");
    Sender { certificate: Certificate::from_der(&der).expect("our own certificate"), key }
}
