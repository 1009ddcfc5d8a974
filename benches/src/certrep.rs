//! Building a CertRep SUCCESS beside the RSA private operations that it needs. With the certificate there
//! already it is one, the signature of the answer; with the certificate to be issued it is two.
//!
//! The envelope takes an RSA public operation besides. Where a processor does private operations much faster
//! than public ones (AVX-512 IFMA), it is 8 of the 10 per cent by itself, so there the second form counts.

use std::hint::black_box;

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::Signer;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::fault::Faults;
use scep::message::Sender;
use scep::server::{Checks, Content, Reply, ReplyTo, answer, receive};

use crate::material::{NOW, pem, sender};
use crate::pkcs_req;

/// A CA that has received the request of [`crate::pkcs_req`].
#[derive(Debug)]
pub struct Server {
    to: ReplyTo,
    subject: Vec<u8>,
    spki: Vec<u8>,
    issued: [Certificate; 1],
    ca: Sender,
    rng: ChaCha20Rng,
}

impl Server {
    /// Receives the request, as a server does before it answers.
    pub fn new() -> Self {
        let (client, ca) = (sender(0), sender(1));
        let request =
            receive(&pkcs_req::message(), &[&ca], &[], &Checks::default()).expect("a correct request");
        let Content::Enrol(csr) = request.content else { panic!("a PKCSReq asks for a certificate") };
        Self {
            to: request.reply_to,
            subject: csr.subject,
            spki: csr.spki,
            issued: [client.certificate],
            ca,
            rng: ChaCha20Rng::from_seed([2; 32]),
        }
    }

    /// Builds the answer with a certificate that is there: payload, envelope, attributes, signature.
    pub fn answer(&mut self) -> Vec<u8> {
        let reply = Reply::Certificates(&self.issued);
        answer(black_box(&self.to), &reply, &self.ca, &mut Faults::none(), &mut self.rng).expect("an answer")
    }

    /// Issues the certificate, then builds the answer.
    pub fn issue_and_answer(&mut self) -> Vec<u8> {
        let ca = &self.ca;
        let mut parts =
            CertificateParts::self_signed(black_box(&self.subject), ca.key.public(), vec![0x2a; 16], NOW);
        parts.spki.clone_from(&self.spki);
        parts.issuer.clone_from(&ca.certificate.subject);
        parts.extensions.push(Extension::subject_key_id(&[7; 20]));
        parts.extensions.push(Extension::authority_key_id(&[9; 20]));
        let der = parts.write(&ca.key, &mut Faults::none()).expect("a certificate");
        self.issued = [Certificate::from_der(&der).expect("our own certificate")];
        self.answer()
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

/// The keys of CA and client, without anything of `scep` around them.
#[derive(Debug)]
pub struct Bare {
    key: PKey<Private>,
    client: Rsa<Private>,
}

impl Bare {
    /// With the key that signs the answer, and the key that its envelope is for.
    pub fn new() -> Self {
        let client = Rsa::private_key_from_pem(pem(0).as_bytes()).expect("pool keys load");
        Self { key: PKey::private_key_from_pem(pem(1).as_bytes()).expect("pool keys load"), client }
    }

    /// One signature over as many octets as the signed attributes of an answer have.
    pub fn private_operation(&self) -> Vec<u8> {
        Signer::new(MessageDigest::sha256(), &self.key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(black_box(&[7; 256])))
            .expect("a signature")
    }

    /// One encryption of a content key.
    pub fn public_operation(&self) -> Vec<u8> {
        let mut encrypted = vec![0; self.client.size() as usize];
        self.client.public_encrypt(black_box(&[7; 16]), &mut encrypted, Padding::PKCS1).expect("a block");
        encrypted
    }
}

impl Default for Bare {
    fn default() -> Self {
        Self::new()
    }
}
