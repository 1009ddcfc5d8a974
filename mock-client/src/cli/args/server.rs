//! Arguments about the server: where it is, what it is, and whom to trust there.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use scep::client::{Edition, Fingerprint, Trust};
use scep::fault::{Order, Script};
use scep::suite::{Cipher, Digest};

use super::parse;
use crate::cli::CommandError;
use crate::conduct::Conduct;
use crate::contact::{CaIdentifier, Choice, Contact};
use crate::files;
use crate::ops::{Form, Identifier};
use crate::persona::Persona;
use crate::transport::{HttpTransport, Proxy, ServerUrl, TimeLimits, Tls, Way};

/// What every operation needs.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerArgs {
    /// URL of the SCEP server.
    #[arg(long, value_parser = ServerUrl::parse)]
    pub(in crate::cli) url: ServerUrl,
    /// Which of several CAs behind the URL is meant (older drafts).
    #[arg(long, value_name = "TEXT")]
    ca_identifier: Option<String>,
    /// Seconds that one request may take.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// An HTTP proxy on the way.
    #[arg(long, value_name = "HOST:PORT", value_parser = Proxy::parse)]
    proxy: Option<Proxy>,
    /// PEM file with the certificates to trust in https, instead of the system's.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Redirects that a GET follows.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    redirects: u8,
    /// The server is built to the drafts before 2010: single DES and MD5 are used unless it announces better.
    #[arg(long)]
    legacy: bool,
    /// Content cipher, whatever is announced: des, 3des, blowfish, aes128, aes192 or aes256.
    #[arg(long, value_name = "NAME", value_parser = parse::cipher)]
    cipher: Option<Cipher>,
    /// Digest of signatures, whatever is announced: md5, sha1, sha224, sha256, sha384 or sha512.
    #[arg(long, value_name = "NAME", value_parser = parse::digest)]
    digest: Option<Digest>,
    /// How messages are sent, whatever is announced.
    #[arg(long, value_name = "METHOD")]
    method: Option<MethodArg>,
    /// Have the habits of a known product; see `mock-client personas`. What is said here goes before them.
    #[arg(long, value_name = "NAME", value_parser = Persona::find)]
    persona: Option<Persona>,
    /// A check to skip or a habit to have; see `mock-client laxities`.
    #[arg(long = "laxity", value_name = "ID")]
    laxities: Vec<String>,
    /// A fault of the catalogue for what is sent; MESSAGE is PKCSReq, RenewalReq, CertPoll, GetCert, GetCRL,
    /// GetCACaps, GetCACert or GetNextCACert.
    #[arg(long = "fault", value_name = "ID[:MESSAGE[:NTH]]", value_parser = parse::order)]
    faults: Vec<Order>,
    /// Up to 64 hex digits: makes nonces, identifiers and paddings repeatable, but not a new key.
    #[arg(long, value_name = "HEX", value_parser = parse::seed)]
    pub(in crate::cli) seed: Option<[u8; 32]>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    Get,
    Post,
}

/// How the CA is authenticated.
#[derive(Debug, Args)]
pub(in crate::cli) struct TrustArgs {
    /// Fingerprint of the CA certificate in hex, by SHA-256 or another digest; `md5:` or `sha224:` in front
    /// where the number of digits does not tell.
    #[arg(long, value_name = "[DIGEST:]HEX", value_parser = parse::fingerprint, conflicts_with = "ca")]
    ca_fingerprint: Option<Fingerprint>,
    /// PEM file with the CA certificate to trust.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl ServerArgs {
    pub(in crate::cli) fn way(&self) -> Result<Way, CommandError> {
        Ok(Way {
            limits: TimeLimits::within(Duration::from_secs(self.timeout)),
            proxy: self.proxy.clone(),
            tls: Tls { roots: self.tls_ca.as_deref().map(files::read).transpose()? },
            redirects: self.redirects,
        })
    }

    pub(in crate::cli) fn transport(&self) -> Result<HttpTransport, CommandError> {
        HttpTransport::by(self.url.clone(), self.way()?)
            .map_err(|e| CommandError::Internal(format!("prepare the network: {e}")))
    }

    /// Under which transactionID an enrolment goes.
    pub(in crate::cli) fn identifier(&self) -> Identifier {
        let digest = self.persona.as_ref().and_then(|persona| persona.wire.key_digest());
        digest.map_or(Identifier::Random, Identifier::OfKey)
    }

    /// Which message renews, when nothing is said.
    pub(in crate::cli) fn renewal(&self) -> Form {
        let renewal = self.persona.as_ref().and_then(|persona| persona.wire.renewal());
        renewal.map_or(Form::Negotiated, Form::Always)
    }

    /// How to deal with the server.
    pub(in crate::cli) fn contact(&self, trust: Trust) -> Result<Contact, CommandError> {
        let wire = self.persona.as_ref().map(|persona| persona.wire.clone()).unwrap_or_default();
        let faults = [wire.faults(), self.faults.clone()].concat();
        Ok(Contact {
            trust,
            ca_identifier: self
                .ca_identifier
                .clone()
                .map(|text| CaIdentifier { text, with_capabilities: true })
                .or_else(|| wire.ca_identifier()),
            edition: if self.legacy { Edition::Nourse } else { wire.edition().unwrap_or_default() },
            choice: Choice {
                cipher: self.cipher,
                digest: self.digest,
                post: self.method.map(|method| method == MethodArg::Post).or_else(|| wire.post()),
            },
            conduct: Conduct::with_laxities(&self.laxities)
                .map_err(|unknown| CommandError::Usage(unknown.to_string()))?,
            strongest_digest: wire.strongest_digest,
            extension_request: wire.extension_request(),
            faults: Script::new(&faults).map_err(|unknown| CommandError::Usage(unknown.to_string()))?,
        })
    }
}

impl TrustArgs {
    pub(in crate::cli) fn trust(&self) -> Result<Trust, CommandError> {
        match (&self.ca_fingerprint, &self.ca) {
            (Some(fingerprint), _) => Ok(Trust::Fingerprint(fingerprint.clone())),
            (None, Some(path)) => Trust::from_pem(&files::read(path)?)
                .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display()))),
            (None, None) => Ok(Trust::Anything),
        }
    }
}
