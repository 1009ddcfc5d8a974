//! `sceptic decode`: a message in any form, as a tree with its findings.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::http::{HttpResponse, Operation};
use scep::key::{Password, PrivateKey};

use super::{Failure, say};
use crate::decode::{Form, Options, decode};
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file with a message, certificate, CRL, request, answer, GET URL or saved HTTP message; `-` is
    /// standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Open envelopes with this private key, RSA or elliptic curve (PEM, unencrypted); repeatable.
    #[arg(long, value_name = "PEM")]
    key: Vec<PathBuf>,
    /// Open envelopes that are for a password with this one, the challengePassword; repeatable.
    #[arg(long, value_name = "TEXT")]
    password: Vec<String>,
    /// Verify certificates and CRLs with these CA certificates too (PEM, one or several, or DER); repeatable.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// Take the input in this form: der, pem, base64, hex, url, http, text.
    #[arg(long, value_name = "FORM")]
    form: Option<Form>,
    /// Print the tree as JSON.
    #[arg(long)]
    json: bool,
    /// Show the challengePassword.
    #[arg(long)]
    show_secrets: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let keys = args.key.iter().map(|path| read_key(path)).collect::<Result<Vec<_>, _>>()?;
    let passwords: Vec<Password> = args.password.iter().map(|text| Password::new(text.as_str())).collect();
    let input = read(&args.file)?;
    let cas = args.ca.iter().map(|path| read_cas(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let options = Options {
        form: args.form,
        keys: &keys,
        passwords: &passwords,
        cas: &cas,
        show_secrets: args.show_secrets,
    };
    let decoded = decode(&input, options).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    if args.json {
        say(serde_json::to_string_pretty(&decoded).map_err(Failure::internal)?);
    } else {
        // The text ends its last line itself; nobody to read it is no reason to fail.
        let _ = write!(std::io::stdout(), "{decoded}");
    }
    Ok(Exit::Satisfied.code())
}

fn read_key(path: &Path) -> Result<PrivateKey, Failure> {
    PrivateKey::from_pem(&read(path)?)
        .map_err(|error| Failure::new(Exit::Usage, format!("read the key {}: {error}", path.display())))
}

/// The certificates of a file, as GetCACert gives them or as PEM blocks.
fn read_cas(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let response = HttpResponse::ok(scep::http::CA_CERT, read(path)?);
    let octets = response.octets(Operation::GetCaCert, &mut Vec::new());
    CaCertificates::read(&octets, &mut Vec::new()).map(|read| read.certificates).map_err(|error| {
        Failure::new(Exit::Usage, format!("read the CA certificate {}: {error}", path.display()))
    })
}

/// What cannot be read is a wrong argument, not a failure of ours.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut input = Vec::new();
        std::io::stdin().read_to_end(&mut input).map(|_| input)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::new(Exit::Usage, format!("read {}: {error}", path.display())))
}
