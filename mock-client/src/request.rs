//! What a device asks to be in its certificate, beside the subject: the extensions of the PKCS#10.

use scep::Error;
use scep::alt_name::GeneralName;
use scep::certificate::{Extension, KeyUsage};
use scep::oid;

/// Uses of the key that a device may ask for. The CA decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usages {
    /// keyUsage digitalSignature.
    pub digital_signature: bool,
    /// keyUsage keyEncipherment.
    pub key_encipherment: bool,
    /// extKeyUsage serverAuth.
    pub server_auth: bool,
    /// extKeyUsage clientAuth.
    pub client_auth: bool,
}

/// The extensions that ask for these names, this template of Microsoft's CA (1.3.6.1.4.1.311.20.2) and these
/// uses. What is empty asks for nothing.
///
/// # Errors
/// When BMPString cannot hold the name of the template.
pub fn extensions(
    names: &[GeneralName],
    template: Option<&str>,
    usages: Usages,
) -> Result<Vec<Extension>, Error> {
    let mut extensions = Vec::new();
    if !names.is_empty() {
        extensions.push(Extension::alt_names(names));
    }
    let bits = [
        (usages.digital_signature, KeyUsage::DIGITAL_SIGNATURE),
        (usages.key_encipherment, KeyUsage::KEY_ENCIPHERMENT),
    ];
    let bits = bits.iter().filter(|(wanted, _)| *wanted).fold(0, |all, (_, bit)| all | bit);
    if bits != 0 {
        extensions.push(Extension::key_usage(bits));
    }
    let purposes = [(usages.server_auth, oid::SERVER_AUTH), (usages.client_auth, oid::CLIENT_AUTH)];
    let purposes: Vec<_> = purposes.iter().filter(|(wanted, _)| *wanted).map(|(_, oid)| *oid).collect();
    if !purposes.is_empty() {
        extensions.push(Extension::ext_key_usage(&purposes));
    }
    if let Some(name) = template {
        extensions.push(Extension::template_name(name)?);
    }
    Ok(extensions)
}
