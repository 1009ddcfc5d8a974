//! Every fault, applied to something it is for: what differs afterwards, and only that.

mod asn1;
mod attributes;
mod envelope;
mod http;
mod payload;
mod signed;

use std::collections::BTreeSet;

use scep::attribute::FailInfo;
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::{CertificateParts, Extension, KeyUsage};
use scep::fault::asn1::Form;
use scep::fault::attributes::Attribute;
use scep::fault::signature::Signer;
use scep::fault::{Fault, Faults, Operator, catalogue, read};
use scep::http::{HttpRequest, HttpResponse, Operation, PKI_MESSAGE};
use scep::message::Outcome;
use scep::suite::Digest;

use super::saying::Saying;
use crate::material::{Kind, NOW, ca, device, issued, rng};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Message(Kind),
    /// A CertRep FAILURE for that reason.
    Failure(FailInfo),
    /// A PKCSReq signed with another digest than the default.
    Signed(Digest),
    /// A PKCSReq with the CA's certificate after the signer's.
    TwoCertificates,
    /// A CA certificate.
    Certificate,
    /// A GetCACert answer with two certificates.
    Chain,
    /// The answer to GetCACaps.
    Caps,
    /// An answer with octets that are no text.
    Binary,
    GetCaCaps,
    GetCaCert,
    GetNextCaCert,
    Get,
    Post,
}

const TARGETS: &[Target] = &[
    Target::Message(Kind::PkcsReq),
    Target::Message(Kind::CertPoll),
    Target::Message(Kind::GetCert),
    Target::Message(Kind::Success),
    Target::Message(Kind::SuccessCrl),
    Target::Message(Kind::Failure),
    Target::Message(Kind::Pending),
    Target::Failure(FailInfo::BadAlg),
    Target::Failure(FailInfo::BadRequest),
    Target::Failure(FailInfo::BadTime),
    Target::Failure(FailInfo::BadCertId),
    Target::Signed(Digest::Md5),
    Target::Signed(Digest::Sha512),
    Target::TwoCertificates,
    Target::Certificate,
    Target::Chain,
    Target::Caps,
    Target::Binary,
    Target::GetCaCaps,
    Target::GetCaCert,
    Target::GetNextCaCert,
    Target::Get,
    Target::Post,
];

impl Target {
    /// Written with the faults: everything that goes out, and what it says.
    fn write(self, faults: &mut Faults) -> (String, Saying) {
        match self {
            Self::Message(kind) => {
                let bytes = kind.write(faults);
                (format!("{bytes:02x?}"), Saying::of_message(kind, &bytes))
            }
            Self::Failure(reason) => {
                let mut parts = Kind::Failure.parts();
                parts.outcome = Some(Outcome::Failure(reason, None));
                let bytes = parts.write(&ca(), faults, &mut rng(1)).unwrap();
                (format!("{bytes:02x?}"), Saying::of_message(Kind::Failure, &bytes))
            }
            Self::Signed(digest) => {
                let mut parts = Kind::PkcsReq.parts();
                parts.digest = digest;
                let bytes = parts.write(&device(), faults, &mut rng(1)).unwrap();
                (format!("{bytes:02x?}"), Saying::of_message(Kind::PkcsReq, &bytes))
            }
            Self::TwoCertificates => {
                let mut parts = Kind::PkcsReq.parts();
                parts.certificates.push(ca().certificate.der);
                let bytes = parts.write(&device(), faults, &mut rng(1)).unwrap();
                (format!("{bytes:02x?}"), Saying::of_message(Kind::PkcsReq, &bytes))
            }
            Self::Certificate => {
                let (ca, subject) = (ca(), scep::name::parse("CN=Root").unwrap());
                let mut parts = CertificateParts::self_signed(&subject, ca.key.public(), vec![7], NOW);
                let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
                let ca_usage = usage | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
                parts.extensions = vec![
                    Extension::basic_constraints(true),
                    Extension::key_usage(ca_usage),
                    Extension::subject_key_id(&ca.key.public().identifier().unwrap()),
                ];
                let der = parts.write(&ca.key, faults).unwrap();
                (format!("{der:02x?}"), Saying::of_certificate(&der))
            }
            Self::Chain => {
                let chain = [issued(&mut Faults::none()).der, ca().certificate.der];
                let (_, body) = CaCertificates::write(&chain, faults);
                (format!("{body:02x?}"), Saying::of_ca_certificates(&body))
            }
            Self::Caps => {
                let keywords = Capabilities::new(&["POSTPKIOperation", "SHA-256", "SCEPStandard", "Renewal"]);
                response(HttpResponse::ok("text/plain", keywords.write()), faults)
            }
            Self::Binary => {
                response(HttpResponse::ok(PKI_MESSAGE, vec![0x30, 0x82, 0xff, 0xfe, 0x80]), faults)
            }
            Self::GetCaCaps => request(HttpRequest::query(Operation::GetCaCaps), faults),
            Self::GetCaCert => request(HttpRequest::query(Operation::GetCaCert), faults),
            Self::GetNextCaCert => request(HttpRequest::query(Operation::GetNextCaCert), faults),
            Self::Get => request(HttpRequest::get(&[0xfb, 0xff, 0xbe, 0x01]), faults),
            Self::Post => request(HttpRequest::post(vec![0xfb, 0xff, 0xbe, 0x01]), faults),
        }
    }
}

fn response(mut response: HttpResponse, faults: &mut Faults) -> (String, Saying) {
    faults.response(&mut response);
    (format!("{response:?}"), Saying::of_response(&response))
}

fn request(mut request: HttpRequest, faults: &mut Faults) -> (String, Saying) {
    faults.request(&mut request);
    (format!("{request:?}"), Saying::of_request(&request))
}

/// Fault, what it is applied to, the facts that differ, and the rules that the reader then finds broken.
type Row = (&'static str, Target, &'static [&'static str], &'static [&'static str]);

/// All rows, by the file of the catalogue.
const EFFECTS: &[&[Row]] =
    &[attributes::ROWS, signed::ROWS, envelope::ROWS, payload::ROWS, asn1::ROWS, http::ROWS];

fn one(fault: &Fault) -> Faults {
    Faults::new(vec![fault.clone()]).at(NOW)
}

fn rows() -> impl Iterator<Item = &'static Row> {
    EFFECTS.iter().copied().flatten()
}

#[test]
fn every_fault_changes_what_it_names_and_nothing_else() {
    let (all, mut wrong) = (catalogue().unwrap(), Vec::new());
    for (id, target, facts, rules) in rows() {
        let Some(fault) = all.iter().find(|fault| fault.id == *id) else {
            wrong.push(format!("{id}: no such fault"));
            continue;
        };
        let mut faults = one(fault);
        let clean = target.write(&mut Faults::none()).1;
        let (differ, broken) = clean.differences(&target.write(&mut faults).1);
        if faults.applied() != [*id] {
            wrong.push(format!("{id} on {target:?}: not applied"));
        }
        if differ != *facts || broken != *rules {
            wrong.push(format!("{id} on {target:?}: {differ:?}, {broken:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_has_its_effect_written_down() {
    let ids = catalogue().unwrap().iter().map(|fault| fault.id.as_str());
    let missing: Vec<&str> = ids.filter(|id| !rows().any(|row| row.0 == *id)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_operator_is_one_of_a_fault_of_the_catalogue() {
    let files = all_files();
    let used: BTreeSet<String> =
        files.split("op = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    let mut known = BTreeSet::new();
    for stage in Operator::STAGES {
        // The reader says which operators a stage has.
        let layer = if *stage == "asn1" { ", layer = \"message\"" } else { "" };
        let text = format!(
            "schema = \"sceptic/faults/1\"\n[[fault]]\nid = \"x\"\ntitle = \"x\"\nbreaks = []\ndo = {{ op = \"{stage}-?\"{layer} }}"
        );
        let error = read("x", &text).unwrap_err().to_string();
        let names = error.split_once("expected").unwrap().1;
        known.extend(names.split('`').skip(1).step_by(2).map(|name| format!("{stage}-{name}")));
    }
    assert!(known.len() > 80, "{known:?}");
    assert_eq!(known.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "without a test");
    assert_eq!(used.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "unknown");
    let documented: BTreeSet<String> = include_str!("../../../../docs/faults.md")
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, known, "the table of docs/faults.md");
}

fn all_files() -> String {
    super::catalogue::files("scep/faults")
        .into_iter()
        .map(|(path, _)| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn a_fault_is_applied_exactly_when_it_changed_what_goes_out() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        let clean = target.write(&mut Faults::none()).0;
        for fault in catalogue().unwrap() {
            let mut faults = one(fault);
            let changed = target.write(&mut faults).0 != clean;
            if faults.applied().contains(&fault.id) != changed {
                wrong.push(format!("{} on {target:?}: changed {changed}", fault.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_seed_gives_the_same_random_octets_and_another_one_others() {
    let by_chance = |fault: &&Fault| match &fault.operator {
        Operator::Attribute(operator) => matches!(operator, Attribute::Random { .. }),
        Operator::Signer(operator) => matches!(operator, Signer::SignatureRandom {}),
        Operator::Asn1(operator) => matches!(operator.form, Form::Random { .. }),
        _ => false,
    };
    let (all, mut count) = (catalogue().unwrap(), 0);
    for fault in all.iter().filter(by_chance) {
        let written = |seed| {
            let kind = Kind::PkcsReq;
            kind.parts().write(&kind.sender(), &mut one(fault), &mut rng(seed)).unwrap()
        };
        assert_eq!(written(1), written(1), "{}", fault.id);
        assert_ne!(written(1), written(2), "{}", fault.id);
        count += 1;
    }
    assert_eq!(count, 3);
}
