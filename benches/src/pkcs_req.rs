//! Reading and verifying a PKCSReq, its envelope unopened, beside the two RSA verifications that it needs: the
//! message's and that of the certificate that signed itself.

use std::hint::black_box;

use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::attribute::{MessageType, Nonce, TransactionId};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::message::{MessageParts, PkiMessage};
use scep::suite::{Cipher, Digest};

use crate::material::{pem, sender};

/// A PKCSReq as it arrives.
pub fn message() -> Vec<u8> {
    let (client, ca) = (sender(0), sender(1));
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let csr = CsrParts::new(&client.certificate.subject, client.key.public(), Some("secret"));
    let parts = MessageParts {
        message_type: MessageType::PkcsReq,
        transaction_id: TransactionId::random(&mut rng),
        sender_nonce: Some(Nonce::random(&mut rng)),
        recipient_nonce: None,
        outcome: None,
        message_data: Some(csr.write(&client.key, &mut Faults::none()).expect("a request")),
        recipient: Some(ca.certificate.into()),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        certificates: vec![client.certificate.der.clone()],
    };
    parts.write(&client, &mut Faults::none(), &mut rng).expect("a message")
}

/// Reads it, finds the signer's certificate, verifies message and certificate.
pub fn read_and_verify(message: &[u8]) {
    let read = PkiMessage::read(black_box(message)).expect("our own message");
    let certificate = read.value.signer_certificate().expect("it is there");
    let key = certificate.public_key().expect("an RSA key");
    assert!(read.value.verify(&key).holds() && certificate.verifies_with(&key));
}

/// What a verification starts from: modulus, exponent, signed octets, signature.
#[derive(Debug)]
pub struct Bare {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    text: [u8; 256],
    signature: Vec<u8>,
}

impl Bare {
    /// With the key that signed the message.
    pub fn new() -> Self {
        let rsa = Rsa::private_key_from_pem(pem(0).as_bytes()).expect("pool keys load");
        let (modulus, exponent) = (rsa.n().to_vec(), rsa.e().to_vec());
        let text = [7; 256];
        let key = PKey::from_rsa(rsa).expect("a key");
        let signature = Signer::new(MessageDigest::sha256(), &key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(&text))
            .expect("a signature");
        Self { modulus, exponent, text, signature }
    }

    /// Two verifications, each with a key built from modulus and exponent: OpenSSL sets a key up on its
    /// first use, and a server sees every client's key for the first time.
    pub fn two_verifications(&self) {
        for _ in 0..2 {
            let n = BigNum::from_slice(black_box(&self.modulus)).expect("a number");
            let e = BigNum::from_slice(&self.exponent).expect("a number");
            let key = PKey::from_rsa(Rsa::from_public_components(n, e).expect("a key")).expect("a key");
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
            assert!(verifier.verify_oneshot(&self.signature, &self.text).expect("a verdict"));
        }
    }
}

impl Default for Bare {
    fn default() -> Self {
        Self::new()
    }
}
