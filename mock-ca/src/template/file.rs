//! The TOML file of a template. Unknown keys are errors, and so is what no certificate can hold.

use std::collections::BTreeSet;

use const_oid::ObjectIdentifier;
use scep::certificate::{Extension, KeyUsage};
use scep::key::Curve;
use scep::name;
use scep::suite::Digest;
use serde::Deserialize;

use super::extensions::{self, Access, GENERATION, Method, Policy};
use super::{AltNameKind, AltNameRule, KeyRule, Origin, SubjectRule, Template};
use crate::ra::Challenge;

const SCHEMA: &str = "sceptic/mock-ca-template/1";

/// A template that cannot be used: its author's mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template {file}: {detail}")]
pub struct TemplateError {
    /// The file.
    pub file: String,
    /// What is wrong, with line and column where they are known.
    pub detail: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    nickname: String,
    title: String,
    #[serde(default)]
    preregistration: bool,
    profile_id: Option<String>,
    group_id: Option<String>,
    challenge: Option<Challenge>,
    #[serde(default)]
    subject: SubjectTable,
    #[serde(default)]
    alternative_names: AltNameTable,
    #[serde(default)]
    constants: ConstantTable,
    #[serde(default)]
    crl: CrlTable,
    #[serde(default)]
    key: KeyTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SubjectTable {
    from: Origin,
    required: Vec<String>,
    within: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AltNameTable {
    from: Origin,
    kinds: Vec<AltNameKind>,
    required: bool,
}

/// The names are those of IBM z/OS PKI Services.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "PascalCase")]
struct ConstantTable {
    auth_info_acc: Vec<String>,
    cert_policies: Vec<PolicyTable>,
    critical: Vec<String>,
    ext_key_usage: Vec<String>,
    key_usage: Option<Vec<String>>,
    not_after: Option<u32>,
    not_before: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    policy: String,
    cps: Option<String>,
    notice: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CrlTable {
    distribution_points: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct KeyTable {
    rsa: Option<u32>,
    curves: Option<Vec<String>>,
    digests: Option<Vec<String>>,
}

/// Extensions that may be critical, by the names of their constants.
const MAY_BE_CRITICAL: [&str; 3] = ["KeyUsage", "ExtKeyUsage", "CertPolicies"];

impl Template {
    /// Reads a template from the text of its file; `file` is its name, for messages.
    ///
    /// # Errors
    /// When it is no template, or no certificate can be as it says.
    pub fn read(file: &str, text: &str) -> Result<Self, TemplateError> {
        let parsed: Result<File, String> = toml::from_str(text).map_err(|error| error.to_string());
        parsed
            .and_then(File::into_template)
            .map_err(|detail| TemplateError { file: file.to_owned(), detail: detail.trim_end().to_owned() })
    }
}

impl File {
    fn into_template(self) -> Result<Template, String> {
        if self.schema != SCHEMA {
            return Err(format!("expected schema `{SCHEMA}`, got `{}`", self.schema));
        }
        let is_word =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_word(&self.nickname) {
            return Err(format!("nickname: expected letters, digits and hyphens, got `{}`", self.nickname));
        }
        let critical: BTreeSet<&str> = self.constants.critical.iter().map(String::as_str).collect();
        if let Some(odd) = critical.iter().find(|name| !MAY_BE_CRITICAL.contains(name)) {
            return Err(format!("Critical: expected {}, got `{odd}`", MAY_BE_CRITICAL.join(", ")));
        }
        let constants = &self.constants;
        if constants.not_after.is_some_and(|after| after <= constants.not_before) {
            return Err("NotAfter: expected more days than NotBefore".to_owned());
        }
        Ok(Template {
            subject: self.subject.into_rule()?,
            alternative_names: AltNameRule {
                from: self.alternative_names.from,
                kinds: self.alternative_names.kinds,
                required: self.alternative_names.required,
            },
            not_before: constants.not_before,
            not_after: constants.not_after,
            key_usage: constants.key_usage.as_deref().map(key_usage).transpose()?,
            // RFC 5280 4.2.1.3 wants it critical: it is unless other things are listed.
            key_usage_is_critical: critical.is_empty() || critical.contains("KeyUsage"),
            constants: constants.extensions(&critical)?,
            distribution_points: self.crl.into_points()?,
            key: self.key.into_rule()?,
            nickname: self.nickname,
            title: self.title,
            preregistration: self.preregistration,
            profile_id: self.profile_id,
            group_id: self.group_id,
            challenge: self.challenge,
        })
    }
}

impl SubjectTable {
    fn into_rule(self) -> Result<SubjectRule, String> {
        let attribute = |text: &String| {
            let known = |row: &&name::AttributeType| row.short == text || row.names.contains(&text.as_str());
            let dotted = || ObjectIdentifier::new(text).ok();
            name::TYPES.iter().find(known).map(|row| row.oid).or_else(dotted).ok_or_else(|| {
                format!("required: expected attribute types such as CN, or dotted identifiers, got `{text}`")
            })
        };
        let within = self.within.as_deref().map(name::parse).transpose();
        Ok(SubjectRule {
            from: self.from,
            required: self.required.iter().map(attribute).collect::<Result<_, _>>()?,
            within: within.map_err(|error| format!("within: {error}"))?,
        })
    }
}

impl ConstantTable {
    fn extensions(&self, critical: &BTreeSet<&str>) -> Result<Vec<Extension>, String> {
        let mut extensions = Vec::new();
        if !self.ext_key_usage.is_empty() {
            let purposes = scep::extension::parse_purposes(&self.ext_key_usage.join(","))
                .map_err(|error| format!("ExtKeyUsage: {error}"))?;
            let is_critical = critical.contains("ExtKeyUsage");
            extensions.push(Extension { critical: is_critical, ..Extension::ext_key_usage(&purposes) });
        }
        if !self.cert_policies.is_empty() {
            let policies =
                self.cert_policies.iter().map(PolicyTable::policy).collect::<Result<Vec<_>, _>>()?;
            extensions.push(extensions::certificate_policies(&policies, critical.contains("CertPolicies")));
        }
        if !self.auth_info_acc.is_empty() {
            let list = self.auth_info_acc.iter().map(|text| access(text)).collect::<Result<Vec<_>, _>>()?;
            extensions.push(extensions::authority_info_access(&list));
        }
        Ok(extensions)
    }
}

impl CrlTable {
    fn into_points(self) -> Result<Vec<String>, String> {
        let point = |uri: &String| {
            let known = uri.replace(GENERATION, "");
            match known.contains(['{', '}']) {
                true => {
                    Err(format!("distribution_points: expected no placeholder but {GENERATION}, got `{uri}`"))
                }
                false => ascii("distribution_points", uri),
            }
        };
        self.distribution_points.iter().map(point).collect()
    }
}

impl PolicyTable {
    fn policy(&self) -> Result<Policy, String> {
        let oid = ObjectIdentifier::new(&self.policy)
            .map_err(|_| format!("CertPolicies: expected a dotted identifier, got `{}`", self.policy))?;
        if self.notice.as_ref().is_some_and(|notice| notice.chars().count() > 200) {
            return Err("CertPolicies: expected a notice of at most 200 characters".to_owned());
        }
        let cps = self.cps.as_ref().map(|uri| ascii("CertPolicies", uri)).transpose()?;
        Ok(Policy { oid, cps, notice: self.notice.clone() })
    }
}

impl KeyTable {
    fn into_rule(self) -> Result<KeyRule, String> {
        let curve = |text: &String| {
            [Curve::P256, Curve::P384, Curve::P521]
                .into_iter()
                .find(|curve| curve.name() == text)
                .ok_or_else(|| format!("curves: expected P-256, P-384 or P-521, got `{text}`"))
        };
        let digest = |text: &String| {
            Digest::parse(&text.to_ascii_lowercase())
                .ok_or_else(|| format!("digests: expected names such as SHA-256, got `{text}`"))
        };
        Ok(KeyRule {
            rsa: self.rsa,
            curves: self.curves.map(|list| list.iter().map(curve).collect()).transpose()?,
            digests: self.digests.map(|list| list.iter().map(digest).collect()).transpose()?,
        })
    }
}

/// Bits of keyUsage from their names, RFC 5280 4.2.1.3.
fn key_usage(names: &[String]) -> Result<u16, String> {
    let bit = |name: &String| {
        (0..9)
            .map(|bit| 1 << bit)
            .find(|bit| KeyUsage(*bit).names() == [name.as_str()])
            .ok_or_else(|| format!("KeyUsage: expected {}, got `{name}`", KeyUsage(0x1ff).names().join(", ")))
    };
    names.iter().try_fold(0, |all, name| bit(name).map(|bit| all | bit))
}

/// `OCSP:URI` or `caIssuers:URI`.
fn access(text: &str) -> Result<Access, String> {
    let expected = || format!("AuthInfoAcc: expected OCSP:URI or caIssuers:URI, got `{text}`");
    let (method, uri) = text.split_once(':').ok_or_else(expected)?;
    let method = match method {
        "OCSP" => Method::Ocsp,
        "caIssuers" => Method::CaIssuers,
        _ => return Err(expected()),
    };
    Ok(Access { method, uri: ascii("AuthInfoAcc", uri)? })
}

/// A URI is an IA5String of printable characters, and has a scheme.
fn ascii(what: &str, uri: &str) -> Result<String, String> {
    let is_uri = uri.contains(':') && uri.chars().all(|c| c.is_ascii_graphic());
    if is_uri { Ok(uri.to_owned()) } else { Err(format!("{what}: expected a URI in US-ASCII, got `{uri}`")) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Template;

    fn with(lines: &str) -> Result<Template, super::TemplateError> {
        let head = "schema = \"sceptic/mock-ca-template/1\"\nnickname = \"t\"\ntitle = \"T\"\n";
        Template::read("t.toml", &format!("{head}{lines}"))
    }

    #[rstest]
    #[case::unknown_key("nick = \"x\"", "unknown field `nick`")]
    #[case::unknown_constant("[constants]\nNotafter = 1", "unknown field `Notafter`")]
    #[case::backwards("[constants]\nNotBefore = 9\nNotAfter = 9", "more days than NotBefore")]
    #[case::key_usage("[constants]\nKeyUsage = [\"signing\"]", "digitalSignature")]
    #[case::ext_key_usage("[constants]\nExtKeyUsage = [\"any\"]", "`any`")]
    #[case::policy("[constants]\nCertPolicies = [{ policy = \"my\" }]", "dotted identifier")]
    #[case::access("[constants]\nAuthInfoAcc = [\"http://ca\"]", "OCSP:URI")]
    #[case::critical("[constants]\nCritical = [\"AuthInfoAcc\"]", "KeyUsage, ExtKeyUsage, CertPolicies")]
    #[case::subject("[subject]\nrequired = [\"nose\"]", "`nose`")]
    #[case::within("[subject]\nwithin = \"nose\"", "within")]
    #[case::kind("[alternative_names]\nkinds = [\"dns\"]", "DNS")]
    #[case::point("[crl]\ndistribution_points = [\"h\u{e9}\"]", "US-ASCII")]
    #[case::placeholder(
        "[crl]\ndistribution_points = [\"http://ca/{number}.crl\"]",
        "no placeholder but {generation}"
    )]
    #[case::curve("[key]\ncurves = [\"P-192\"]", "P-256")]
    #[case::digest("[key]\ndigests = [\"SHA-3\"]", "SHA-256")]
    fn a_wrong_template_is_refused_with_its_mistake(#[case] lines: &str, #[case] expected: &str) {
        let error = with(lines).unwrap_err().to_string();
        assert!(error.starts_with("template t.toml: ") && error.contains(expected), "{error}");
    }
}
