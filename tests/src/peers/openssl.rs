//! The `openssl` command: what software that is not ours says about a certificate and a key.

use std::path::Path;
use std::process::Command;

use super::PeerError;
use super::process::run;

/// Makes a key and a certificate that it signs itself, both PEM.
///
/// # Errors
/// What openssl says.
pub fn self_sign(name: &str, key: &Path, certificate: &Path) -> Result<(), PeerError> {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", &format!("/O=lab/CN={name}")]);
    run(command.arg("-keyout").arg(key).arg("-out").arg(certificate)).map(drop)
}

/// Verifies a certificate against the one trusted certificate `ca`.
///
/// # Errors
/// When it does not verify; the error has what openssl printed.
pub fn verify(certificate: &Path, ca: &Path) -> Result<(), PeerError> {
    // SHA-1 signatures are below the default level, and some peers make no others.
    let mut command = Command::new("openssl");
    command
        .args(["verify", "-auth_level", "0", "-no-CApath", "-no-CAstore", "-CAfile"])
        .arg(ca)
        .arg(certificate);
    run(&mut command).map(drop)
}

/// The public key in a certificate, PEM.
///
/// # Errors
/// When it is no certificate.
pub fn certified_key(certificate: &Path) -> Result<String, PeerError> {
    run(Command::new("openssl").args(["x509", "-noout", "-pubkey", "-in"]).arg(certificate))
}

/// The public half of a private key, PEM.
///
/// # Errors
/// When it is no private key.
pub fn public_key(private: &Path) -> Result<String, PeerError> {
    run(Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(private))
}

/// The subject of a certificate, in RFC 2253 form.
///
/// # Errors
/// When it is no certificate.
pub fn subject(certificate: &Path) -> Result<String, PeerError> {
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in"]).arg(certificate);
    let printed = run(&mut command)?;
    Ok(printed.trim().trim_start_matches("subject=").to_owned())
}

/// SHA-256 of a certificate, 64 lower-case hex digits.
///
/// # Errors
/// When it is no certificate.
pub fn fingerprint(certificate: &Path) -> Result<String, PeerError> {
    let printed = run(Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(certificate))?;
    let digits = printed.rsplit('=').next().unwrap_or_default();
    Ok(digits.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect())
}
