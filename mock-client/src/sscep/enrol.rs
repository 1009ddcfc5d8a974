//! `enroll`: the request, its polls, and the lines that are printed meanwhile.

use std::path::Path;

use scep::attribute::{MessageType, TransactionId};
use scep::client::{BackOff, PollPolicy, Recovery, RequestForm, Verdict};
use scep::csr::Csr;
use scep::http::HttpResponse;
use scep::message::Sender;
use scep::suite::Digest;

use super::exit::SscepExit;
use super::material::{authority, certificate, key, path_of, read, write};
use super::options::Options;
use super::run::Prepared;
use super::say::Out;
use super::stop::{Step, Stop, of_failure, of_network, of_rejection, of_request, stop};
use crate::cli::generator;
use crate::clock::{Clock as _, SystemClock};
use crate::failure::Failure;
use crate::files;
use crate::ops::{EnrolConfig, Event, Form, Identifier, Journal, Line, Progress, Signer, Wanted, enroll};

/// Seconds between two polls, for which is polled, and number of polls, when nothing is said.
const POLLING: (u64, u64, u64) = (300, 28_800, 256);

pub(super) fn enrol(options: &Options, mut prepared: Prepared, out: &mut Out<'_, '_>) -> Step<SscepExit> {
    let ca = authority(options)?;
    let key = key(path_of(&options.key))?;
    let csr_file = path_of(&options.request);
    let csr = Csr::from_pem(&read(csr_file)?).map_err(|why| {
        Stop(SscepExit::File, format!("cannot read the request {}: {why}", csr_file.display()))
    })?;
    let local = path_of(&options.local);
    files::expect_folder_of(local).map_err(|why| Stop(SscepExit::File, why.to_string()))?;
    let signer = match (&options.signer, &options.signer_key) {
        (Some(certificate), Some(key_file)) => Signer::Given(Box::new(Sender {
            certificate: self::certificate(certificate)?,
            key: self::key(key_file)?,
        })),
        _ => {
            out.tell("generating selfsigned certificate");
            Signer::SelfSigned
        }
    };
    let transaction_id = TransactionId::of_key(&csr.spki, Digest::Md5)
        .map_err(|why| Stop(SscepExit::General, why.to_string()))?;
    out.tell(format!("transaction id: {transaction_id}"));
    let (interval, max_seconds, max_polls) = (
        options.interval.unwrap_or(POLLING.0),
        options.max_seconds.unwrap_or(POLLING.1),
        options.max_polls.unwrap_or(POLLING.2),
    );
    out.tell("SCEP_OPERATION_ENROLL");
    if options.resume && max_polls == 0 {
        return Ok(SscepExit::Success);
    }
    // The nth poll goes out while n intervals are less than the time for which is polled.
    let in_time = max_seconds.saturating_sub(1).checked_div(interval).unwrap_or(u64::MAX);
    let now = SystemClock.now();
    let config = EnrolConfig {
        contact: prepared.contact.clone(),
        key,
        wanted: Wanted::Csr(csr.der),
        challenge: None,
        signer,
        form: Form::Always(RequestForm::PkcsReq),
        identifier: if options.resume {
            Identifier::Resumed { transaction_id, started: now }
        } else {
            Identifier::Given(transaction_id)
        },
        ca: Some(ca),
        poll: PollPolicy {
            interval,
            max_polls: u32::try_from(in_time.min(max_polls)).unwrap_or(u32::MAX),
            max_seconds: u64::MAX,
            back_off: BackOff::NONE,
        },
        recovery: Recovery::End,
    };
    let enrolled = {
        let mut lines =
            Lines { self_signed: options.self_signed.as_deref(), interval, polls: 0, out: &mut *out };
        let mut rng = generator(None).map_err(|why| Stop(SscepExit::General, why.to_string()))?;
        let line = &mut Line { transport: &mut prepared.transport, clock: &SystemClock, rng: &mut rng };
        enroll(&config, &mut lines, line)
    };
    enrolled.warnings.iter().for_each(|warning| out.debug(warning));
    enrolled.findings.iter().for_each(|finding| out.debug(finding.to_string()));
    match enrolled.ended {
        Ok(Verdict::Issued { certificate, .. }) => {
            write(local, &certificate.to_pem())?;
            out.tell(format!("certificate written as {}", local.display()));
            Ok(SscepExit::Success)
        }
        Ok(Verdict::Refused { fail_info, text }) => {
            text.iter().for_each(|text| out.tell(format!("failInfoText: {text}")));
            Ok(fail_info.map_or(SscepExit::Failure, SscepExit::FailInfo))
        }
        Ok(Verdict::StillPending { .. }) => Ok(SscepExit::Pending),
        Ok(Verdict::Rejected(error)) => stop(of_rejection(&error), error.to_string()),
        Ok(Verdict::NoAnswer(why)) => stop(of_network(enrolled.lost), why),
        Err(Failure::Request(error)) => stop(of_request(&error), error.to_string()),
        Err(failure) => Err(of_failure(failure)),
    }
}

/// Prints status lines as the enrolment goes along, and writes the self-signed certificate before anything
/// is sent.
struct Lines<'a, 'b, 'c> {
    self_signed: Option<&'a Path>,
    interval: u64,
    polls: u32,
    out: &'a mut Out<'b, 'c>,
}

impl Journal for Lines<'_, '_, '_> {
    fn note(&mut self, progress: &Progress) -> Result<(), String> {
        if let Some(path) = self.self_signed.take() {
            files::write_public(path, &progress.signer.to_pem()).map_err(|why| why.to_string())?;
            self.out.say(format!("selfsigned certificate written as {}", path.display()));
        }
        Ok(())
    }

    fn watch(&mut self, event: Event<'_>) {
        match event {
            Event::Sending(MessageType::CertPoll) => {
                self.polls += 1;
                self.out.say(format!("requesting certificate (#{})", self.polls));
            }
            Event::Sending(_) => self.out.say("sending certificate request"),
            Event::Answered(response) => answered(response, self.out),
            Event::Pending => {
                self.out.say("pkistatus: PENDING");
                self.out.tell(format!("waiting for {} secs", self.interval));
            }
            Event::Over(Verdict::StillPending { .. }) => self.out.say("pkistatus: PENDING"),
            Event::Over(Verdict::Issued { .. }) => self.out.say("pkistatus: SUCCESS"),
            Event::Over(Verdict::Refused { fail_info, .. }) => {
                self.out.say("pkistatus: FAILURE");
                fail_info.iter().for_each(|reason| self.out.say(format!("reason: {}", reason.name())));
            }
            Event::Over(Verdict::Rejected(_) | Verdict::NoAnswer(_)) => {}
        }
    }
}

fn answered(response: &HttpResponse, out: &mut Out<'_, '_>) {
    let content_type = response.content_type.as_deref().unwrap_or("none");
    out.tell(format!("server response status code: {}, MIME header: {content_type}", response.status));
    if response.status == 200 {
        out.say("valid response from server");
    }
}
