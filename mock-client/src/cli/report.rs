//! What is printed about certificates, findings and enrolments: text for people, or one JSON object.

use std::collections::BTreeMap;
use std::path::Path;

use scep::attribute::FailInfo;
use scep::certificate::Certificate;
use scep::client::Verdict;
use scep::finding::Finding;
use scep::suite::Digest;
use serde::Serialize;

use super::Io;
use crate::exit::Exit;
use crate::ops::{Enrolled, Remarks};

/// A certificate that was written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateReport {
    subject: String,
    serial: String,
    not_after: Option<String>,
    sha256: Option<String>,
    file: String,
}

impl CertificateReport {
    pub(super) fn new(certificate: &Certificate, file: &Path) -> Self {
        let hex = hex::encode::<Vec<u8>>;
        Self {
            subject: certificate.subject_text(),
            serial: certificate.serial_hex(),
            not_after: certificate.not_after.map(|at| at.to_string()),
            sha256: certificate.fingerprint(Digest::Sha256).ok().map(hex),
            file: file.display().to_string(),
        }
    }

    pub(super) fn say(&self, io: &mut Io<'_>) {
        io.say(format!("subject    {}", self.subject));
        io.say(format!("serial     {}", self.serial));
        self.not_after.iter().for_each(|at| io.say(format!("not after  {at}")));
        self.sha256.iter().for_each(|hex| io.say(format!("sha-256    {hex}")));
        io.say(format!("file       {}", self.file));
    }
}

/// The JSON form of an enrolment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnrolmentReport<'a> {
    outcome: &'static str,
    exit: u8,
    #[serde(rename = "transactionID", skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_info: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_info_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    polls: u32,
    delivered: &'a BTreeMap<String, u32>,
    warnings: &'a [String],
    findings: Vec<String>,
}

impl<'a> EnrolmentReport<'a> {
    /// `exit` is what the program really ends with.
    pub(super) fn new(enrolled: &'a Enrolled, exit: Exit, out: &Path) -> Self {
        let (fail_info, fail_info_text) = match &enrolled.ended {
            Ok(Verdict::Refused { fail_info, text }) => (fail_info.map(|f| f.name()), text.as_deref()),
            _ => (None, None),
        };
        Self {
            outcome: outcome(enrolled),
            exit: exit.code(),
            transaction_id: enrolled.transaction_id.as_ref().map(ToString::to_string),
            request: enrolled.form.map(|form| form.message_type().name()),
            cipher: enrolled.suite.map(|suite| suite.cipher.name()),
            digest: enrolled.suite.map(|suite| suite.digest.name()),
            certificate: enrolled
                .certificate
                .as_ref()
                .map(|certificate| CertificateReport::new(certificate, out)),
            fail_info,
            fail_info_text,
            reason: reason(enrolled),
            polls: enrolled.polls,
            delivered: &enrolled.delivered,
            warnings: &enrolled.warnings,
            findings: enrolled.findings.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Tells people how it ended.
pub(super) fn say_enrolled(enrolled: &Enrolled, out: &Path, io: &mut Io<'_>) {
    enrolled.warnings.iter().for_each(|warning| io.remark(format!("warning: {warning}")));
    remark_findings(&enrolled.findings, io);
    if let Some(certificate) = &enrolled.certificate {
        CertificateReport::new(certificate, out).say(io);
    }
    reason(enrolled).iter().for_each(|reason| io.remark(reason));
}

/// Tells people what was remarked along the way.
pub(super) fn remark(remarks: &Remarks, io: &mut Io<'_>) {
    remarks.warnings.iter().for_each(|warning| io.remark(format!("warning: {warning}")));
    remark_findings(&remarks.findings, io);
}

/// FAILURE in words.
pub(super) fn text_of_refusal(fail_info: Option<FailInfo>, text: Option<&str>) -> String {
    let fail_info = fail_info.map_or("without a defined failInfo", |fail_info| fail_info.name());
    let text = text.map(|text| format!(": {text}")).unwrap_or_default();
    format!("the server refused the request: FAILURE {fail_info}{text}")
}

fn remark_findings(findings: &[Finding], io: &mut Io<'_>) {
    findings.iter().for_each(|finding| io.remark(format!("finding: {finding}")));
}

fn outcome(enrolled: &Enrolled) -> &'static str {
    match &enrolled.ended {
        Ok(Verdict::Issued { .. }) => "issued",
        Ok(Verdict::Refused { .. }) => Exit::Refused.word(),
        Ok(Verdict::Rejected(_)) => Exit::Rejected.word(),
        Ok(Verdict::NoAnswer(_)) => Exit::Network.word(),
        Ok(Verdict::StillPending { .. }) => Exit::Pending.word(),
        Err(failure) => failure.exit().word(),
    }
}

/// Why there is no certificate; None after SUCCESS.
fn reason(enrolled: &Enrolled) -> Option<String> {
    match &enrolled.ended {
        Ok(Verdict::Issued { .. }) => None,
        Ok(Verdict::Refused { fail_info, text }) => Some(text_of_refusal(*fail_info, text.as_deref())),
        Ok(Verdict::Rejected(error)) => Some(format!("failed to accept the answer: {error}")),
        Ok(Verdict::NoAnswer(why)) => Some(format!("failed to reach the server: {why}")),
        Ok(Verdict::StillPending { polls }) => Some(format!("still pending after {polls} polls")),
        Err(failure) => Some(format!("failed to {failure}")),
    }
}
