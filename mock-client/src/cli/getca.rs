//! `mock-client getca`: the certificates of the CA, as files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use scep::certificate::Certificate;

use super::args::GetcaArgs;
use super::report::{CertificateReport, remark_findings};
use super::{CommandError, Io};
use crate::clock::{Clock as _, SystemClock};
use crate::exit::Exit;
use crate::files;
use crate::ops::getca;
use crate::ops::getca::Remarks;

pub(super) fn run(args: &GetcaArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let (trust, conduct) = (args.trust.trust()?, args.server.conduct()?);
    let (mut transport, mut script) = (args.server.transport()?, args.server.script()?);
    let mut remarks = Remarks::default();
    let ca = getca(&trust, &conduct, SystemClock.now(), &mut transport, &mut script, &mut remarks)?;
    let named = name(&args.out, &ca.certificates);
    for (path, certificate) in &named {
        files::write_public(path, &certificate.to_pem())?;
    }
    let reports: Vec<CertificateReport> =
        named.iter().map(|(path, certificate)| CertificateReport::new(certificate, path)).collect();
    if args.server.json {
        io.say(serde_json::json!({ "certificates": reports, "warnings": remarks.warnings }).to_string());
    } else {
        reports.iter().for_each(|report| report.say(io));
    }
    remarks.warnings.iter().for_each(|warning| io.remark(format!("warning: {warning}")));
    remark_findings(&remarks.findings, io);
    Ok(Exit::Done)
}

/// A single certificate goes to the file itself, several to files with a number at the end.
fn name<'a>(out: &Path, certificates: &'a [Certificate]) -> Vec<(PathBuf, &'a Certificate)> {
    if let [single] = certificates {
        return vec![(out.to_owned(), single)];
    }
    let numbered = |index: usize| {
        let mut path = OsString::from(out);
        path.push(format!("-{index}"));
        PathBuf::from(path)
    };
    certificates.iter().enumerate().map(|(index, certificate)| (numbered(index), certificate)).collect()
}
