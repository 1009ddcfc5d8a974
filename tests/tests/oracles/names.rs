//! Names, alternative names and requested extensions: `openssl` writes the same octets from the same text,
//! and prints the same text from our octets; Python's asn1crypto reads what `openssl` has no words for.

use std::fs::File;
use std::process::Command;

use libtest_mimic::Failed;
use scep::alt_name;
use scep::attribute::AttributeParts;
use scep::certificate::{Extension, KeyUsage, write_extensions};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::name::{self, Name, Strings};
use scep::oid;
use scep::text::{StringType, Text};
use scep::tlv::Source;
use serde_json::{Value, json};
use tests::peers::process::run;

use crate::command::{Folder, python, script};
use crate::material::LAB;
use crate::{Claim, Run};

/// Name, and what is done: with `openssl`.
pub(crate) fn tests() -> Vec<(String, Run)> {
    let mut tests: Vec<(String, Run)> = Vec::new();
    for (label, text) in SUBJECTS {
        tests.push((format!("openssl_writes_the_same_name::{label}"), Box::new(|| same_subject(text))));
    }
    for (label, text, words) in ALT_NAMES {
        tests.push((
            format!("openssl_writes_the_same_alternative_names::{label}"),
            Box::new(|| same_alt_names(text, words)),
        ));
    }
    // It takes no VisibleString in a name.
    for kind in STRING_TYPES.into_iter().filter(|kind| *kind != StringType::Visible) {
        tests
            .push((format!("openssl_prints_the_same_name::{kind}"), Box::new(move || prints_as_we_do(kind))));
    }
    let others: [(&str, Claim); 4] = [
        ("openssl_refuses_what_we_refuse_in_a_name", refuses_the_same),
        ("openssl_prints_every_requested_extension", prints_extensions),
        ("openssl_reads_extensions_under_microsofts_attribute", reads_microsofts_attribute),
        ("openssl_prints_a_challenge_in_every_string_type", prints_challenges),
    ];
    tests.extend(others.map(|(name, run)| (name.to_owned(), Box::new(run) as Run)));
    tests
}

/// The same with Python.
pub(crate) fn python_tests() -> Vec<(String, Run)> {
    vec![
        ("asn1crypto_reads_every_requested_extension".to_owned(), Box::new(python_reads_request) as Run),
        ("asn1crypto_refuses_another_request".to_owned(), Box::new(python_refuses_another_request)),
    ]
}

/// Subjects that `openssl req -subj` and we take, in slash form. It compares octets, so string types count.
const SUBJECTS: &[(&str, &str)] = &[
    ("plain", "/C=DE/ST=Bavaria/L=Munich/O=lab/OU=net/CN=router-1"),
    ("long-names", "/countryName=DE/stateOrProvinceName=x/localityName=y/commonName=z"),
    ("dotted", "/2.5.4.10=lab/2.5.4.3=router-1"),
    ("slash", "/CN=a\\/b"),
    ("backslash", "/CN=a\\\\b\\c"),
    ("plus", "/CN=a\\+b"),
    ("blanks", "/CN= a  b "),
    ("comma", "/CN=a, b; <c> \"d\" #e"),
    ("hash", "/CN=#1"),
    ("equals", "/CN=a=b"),
    ("multi-valued", "/O=lab+OU=net+serialNumber=7/CN=x"),
    ("multi-valued-last", "/O=lab/CN=x+UID=y"),
    ("accent", "/O=M\u{fc}ller/CN=caf\u{e9}"),
    ("beyond-bmp", "/CN=\u{1f512}"),
    ("email-and-dc", "/DC=lab/DC=example/emailAddress=a@b.lab"),
    ("person", "/SN=Doe/GN=Jane/title=Dr/initials=J/generationQualifier=II/pseudonym=x/name=y"),
    ("place", "/street=Main 1/postalCode=80331/businessCategory=x/description=y"),
    ("device", "/serialNumber=ABC123/unstructuredName=r1.lab/unstructuredAddress=10.0.0.1/UID=r1"),
    ("qualified", "/dnQualifier=q/organizationIdentifier=VATDE-1/role=r/mail=a@b"),
];

/// The subject as `openssl req` writes it, DER.
fn openssl_subject(folder: &Folder, text: &str) -> Result<Vec<u8>, Failed> {
    folder.write("key.pem", LAB.device.key.to_pem()?)?;
    let mut command = Command::new("openssl");
    command.args(["req", "-new", "-utf8", "-multivalue-rdn", "-key", "key.pem", "-outform", "DER"]);
    command.args(["-out", "request.der", "-subj", text]).current_dir(folder.path("."));
    run(&mut command)?;
    Ok(Csr::read(Source::message(&folder.read("request.der")?))?.value.subject)
}

fn same_subject(text: &str) -> Result<(), Failed> {
    let folder = Folder::new()?;
    let theirs = openssl_subject(&folder, text)?;
    assert_eq!(name::parse(text)?, theirs, "{}", name::print_slash(&theirs));
    // What it prints is what we print, and reads back.
    let printed =
        folder.openssl("req -inform DER -in request.der -noout -subject -nameopt RFC2253,-esc_msb")?;
    let printed = printed.trim_start_matches("subject=").trim_end_matches(['\r', '\n']);
    assert_eq!(printed, name::print(&theirs));
    assert_eq!(name::parse(printed)?, theirs);
    // With every octet beyond US-ASCII in hex it reads back too.
    let printed = folder.openssl("req -inform DER -in request.der -noout -subject -nameopt RFC2253")?;
    let printed = printed.trim_start_matches("subject=").trim_end_matches(['\r', '\n']);
    assert_eq!(name::parse(printed)?, theirs);
    Ok(())
}

fn refuses_the_same() -> Result<(), Failed> {
    let folder = Folder::new()?;
    for text in ["/CN=a/b", "/CN=http://x", "/CN=a\\", "/C=\u{e9}", "router-1", "/emailAddress=\u{e9}@b"] {
        assert!(openssl_subject(&folder, text).is_err(), "openssl takes {text}");
        assert!(name::parse(text).is_err(), "we take {text}");
    }
    Ok(())
}

const STRING_TYPES: [StringType; 7] = [
    StringType::Printable,
    StringType::T61,
    StringType::Ia5,
    StringType::Visible,
    StringType::Universal,
    StringType::Bmp,
    StringType::Utf8,
];

/// A request of ours, as a file.
fn write_request(folder: &Folder, change: impl FnOnce(&mut CsrParts)) -> Result<Vec<u8>, Failed> {
    let device = &LAB.device;
    let mut parts = CsrParts::new(&device.certificate.subject, device.key.public(), None);
    change(&mut parts);
    let der = parts.write(&device.key, &mut Faults::none())?;
    folder.write("request.der", &der)?;
    Ok(der)
}

fn prints_as_we_do(kind: StringType) -> Result<(), Failed> {
    let text = "/O=a, b+OU=Net 1/CN= #x ".replace('#', if kind == StringType::Printable { "" } else { "#" });
    let subject = Name::parse(&text, Strings::Forced(kind))?;
    let folder = Folder::new()?;
    write_request(&folder, |parts| parts.subject = subject.write())?;
    let printed = folder.openssl("req -inform DER -in request.der -noout -subject -nameopt RFC2253")?;
    assert_eq!(printed.trim_end_matches(['\r', '\n']), format!("subject={}", subject.rfc4514()));
    Ok(())
}

/// Lists that `subjectAltName=` of openssl takes as we do, and how it prints them.
const ALT_NAMES: &[(&str, &str, &str)] = &[
    ("dns", "DNS:r1.lab,DNS:*.lab", "DNS:r1.lab, DNS:*.lab"),
    ("address", "IP:10.0.0.1,IP:2001:db8::1", "IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1"),
    ("email", "email:a@b.lab", "email:a@b.lab"),
    ("uri", "URI:http://r1.lab/x?y=z", "URI:http://r1.lab/x?y=z"),
    ("rid", "RID:1.2.3.4", "Registered ID:1.2.3.4"),
    ("other-utf8", "otherName:1.2.3.4;UTF8:some text", "othername: 1.2.3.4::some text"),
    ("other-upn", "otherName:msUPN;UTF8:r1@lab", "othername: UPN::r1@lab"),
    ("other-ia5", "otherName:1.2.3.4;IA5:x", "othername: 1.2.3.4::x"),
    ("other-int", "otherName:1.2.3.4;INT:-129", "othername: 1.2.3.4"),
    ("other-bool", "otherName:1.2.3.4;BOOL:TRUE", "othername: 1.2.3.4"),
    ("other-null", "otherName:1.2.3.4;NULL", "othername: 1.2.3.4"),
    ("other-oid", "otherName:1.2.3.4;OID:1.2.840", "othername: 1.2.3.4"),
    ("other-octets", "otherName:1.2.3.4;OCT:ab", "othername: 1.2.3.4"),
    ("mixed", "DNS:a.lab, IP:10.0.0.1 ,email: a@b", "DNS:a.lab, IP Address:10.0.0.1, email:a@b"),
    // How it prints a name inside depends on its version.
    ("directory", "dirName:/C=DE/O=lab/CN=r1", "DirName:"),
];

/// In a configuration file, `dirName:` names a section.
fn same_alt_names(text: &str, words: &str) -> Result<(), Failed> {
    let folder = Folder::new()?;
    folder.write("key.pem", LAB.device.key.to_pem()?)?;
    let theirs = if text.starts_with("dirName:") { "dirName:dn" } else { text };
    folder.write(
        "req.cnf",
        format!(
            "[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\nC=DE\nO=lab\nCN=r1\n\
             [ext]\nsubjectAltName={theirs}\n"
        ),
    )?;
    folder.openssl("req -new -utf8 -config req.cnf -key key.pem -outform DER -out request.der")?;
    let csr = Csr::read(Source::message(&folder.read("request.der")?))?;
    assert_eq!(csr.findings, []);
    let ours = alt_name::parse(text)?;
    assert_eq!(csr.value.alt_names(), ours);
    assert_eq!(csr.value.extensions, [Extension::alt_names(&ours)]);
    // And ours, as it prints them.
    write_request(&folder, |parts| parts.extensions = vec![Extension::alt_names(&ours)])?;
    let printed = folder.openssl("req -inform DER -in request.der -noout -text")?;
    assert!(printed.contains(words), "no {words:?} in:\n{printed}");
    Ok(())
}

/// A request with every extension that devices ask for.
fn extensions() -> Result<Vec<Extension>, Failed> {
    Ok(vec![
        Extension::alt_names(&alt_name::parse("DNS:r1.lab,IP:10.0.0.1,dirName:CN=r1\\,O=lab")?),
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT),
        Extension::ext_key_usage(&scep::extension::parse_purposes("serverAuth,clientAuth,1.2.3.4")?),
        Extension::template_name("Router")?,
        Extension::template(oid::parse("1.3.6.1.4.1.311.21.8.7").ok_or("no oid")?, 100, 4),
    ])
}

fn prints_extensions() -> Result<(), Failed> {
    let folder = Folder::new()?;
    let wanted = extensions()?;
    write_request(&folder, |parts| parts.extensions = wanted)?;
    let printed = folder.openssl("req -verify -inform DER -in request.der -noout -text -nameopt RFC2253")?;
    for text in [
        "DNS:r1.lab, IP Address:10.0.0.1, DirName:",
        "Digital Signature, Key Encipherment",
        "TLS Web Server Authentication, TLS Web Client Authentication, 1.2.3.4",
        "1.3.6.1.4.1.311.20.2",
        "1.3.6.1.4.1.311.21.7",
    ] {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    Ok(())
}

fn reads_microsofts_attribute() -> Result<(), Failed> {
    let folder = Folder::new()?;
    write_request(&folder, |parts| {
        parts.extensions = vec![Extension::dns_names(&["r1.lab"])];
        parts.extension_request = oid::MS_EXTENSION_REQUEST;
    })?;
    let printed = folder.openssl("req -inform DER -in request.der -noout -text")?;
    assert!(printed.contains("DNS:r1.lab"), "{printed}");
    Ok(())
}

fn prints_challenges() -> Result<(), Failed> {
    for kind in STRING_TYPES {
        let folder = Folder::new()?;
        let text = Text::new(kind, "Pass 1")?;
        let der = write_request(&folder, |parts| parts.challenge = Some((text.tag, text.octets)))?;
        let read = Csr::read(Source::message(&der))?.value.challenge.ok_or("no challenge")?;
        assert_eq!((read.kind(), read.lossy().as_str()), (Some(kind), "Pass 1"));
        let parsed = folder.openssl("asn1parse -inform DER -in request.der")?;
        let line = parsed.lines().skip_while(|line| !line.contains("challengePassword")).nth(2);
        let named = match kind {
            StringType::Ia5 => "IA5STRING".to_owned(),
            kind => kind.name().to_uppercase(),
        };
        assert!(line.is_some_and(|line| line.contains(&named)), "{named}:\n{parsed}");
    }
    Ok(())
}

/// What Python is to find in the request, from its parts.
fn expectation() -> Result<Value, Failed> {
    let folder = Folder::new()?;
    let wanted = extensions()?;
    let der = write_request(&folder, |parts| {
        parts.subject = name::parse("/C=DE/O=a+OU=b/1.2.3.4=x/CN=caf\u{e9}").unwrap_or_default();
        parts.challenge = Some((StringType::T61.tag(), b"secret".to_vec()));
        parts.extensions = wanted;
        parts.attributes = vec![AttributeParts {
            oid: oid::OLD_EXTENSION_REQUEST,
            values: vec![write_extensions(&[Extension::dns_names(&["old.lab"])])],
        }];
    })?;
    Ok(json!({
        "request": hex::encode(&der),
        "subject": [
            [["2.5.4.6", "PrintableString", "DE"]],
            [["2.5.4.10", "UTF8String", "a"], ["2.5.4.11", "UTF8String", "b"]],
            [["1.2.3.4", "UTF8String", "x"]],
            [["2.5.4.3", "UTF8String", "caf\u{e9}"]],
        ],
        "challenge": ["TeletexString", "secret"],
        "alt_names": [["dns_name", "r1.lab"], ["ip_address", "10.0.0.1"], ["directory_name", "Common Name: r1, Organization: lab"]],
        "key_usage": ["digital_signature", "key_encipherment"],
        "ext_key_usage": ["server_auth", "client_auth", "1.2.3.4"],
        "template_name": "Router",
        "template": ["1.3.6.1.4.1.311.21.8.7", 100, 4],
        "old_alt_names": [["dns_name", "old.lab"]],
    }))
}

fn ask(expectation: &Value) -> Result<(), Failed> {
    let folder = Folder::new()?;
    let input = folder.write("expected.json", expectation.to_string())?;
    let asked = Command::new(python().ok_or("no python")?)
        .arg(script("asn1crypto_request.py"))
        .stdin(File::open(input)?)
        .output()?;
    if asked.status.success() {
        return Ok(());
    }
    let said = [asked.stdout, asked.stderr].concat();
    Err(format!("ended with {}:\n{}", asked.status, String::from_utf8_lossy(&said)).into())
}

fn python_reads_request() -> Result<(), Failed> {
    ask(&expectation()?)
}

/// The oracle above can say no to each thing that it looks at.
fn python_refuses_another_request() -> Result<(), Failed> {
    let right = expectation()?;
    let keys: Vec<String> = right.as_object().ok_or("no object")?.keys().cloned().collect();
    for key in keys.iter().filter(|key| *key != "request") {
        let mut wrong = right.clone();
        wrong[key] = json!(["other"]);
        assert!(ask(&wrong).is_err(), "{key}");
    }
    Ok(())
}
