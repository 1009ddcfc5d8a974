//! The operations behind the options.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use scep::ca_cert::CaCertificates;
use scep::client::{Edition, Found, LookupVerdict, Trust};
use scep::message::Sender;
use scep::suite::Digest;

use super::config;
use super::enrol::enrol;
use super::exit::SscepExit;
use super::material::{authority, certificate, key, numbered, path_of, read, write};
use super::options::{Operation, Options};
use super::say::Out;
use super::stop::{Step, Stop, of_failure, of_network, of_rejection, stop};
use crate::cli::{cipher_named, digest_named, generator, serial_named};
use crate::clock::{Clock, SystemClock};
use crate::contact::{CaIdentifier, Choice, Contact};
use crate::ops::{Generations, Line, Looked, LookupConfig, Remarks, getca, getcaps, getnextca, lookup};
use crate::transport::{HttpTransport, Proxy, ServerUrl, TimeLimits, Way};

/// Seconds that one request may take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Environment variable with other seconds.
const TIMEOUT_VARIABLE: &str = "MOCK_CLIENT_TIMEOUT";
/// What names the CA when nothing does.
const IDENTIFIER: &str = "CAIdentifier";

/// Does what the options say, and prints it.
pub(super) fn operate(mut options: Options, out: &mut Out<'_, '_>) -> SscepExit {
    let ended = prepare(&mut options, out).and_then(|prepared| {
        let Prepared { operation, .. } = prepared;
        match operation {
            Operation::GetCaps => capabilities(&options, prepared, out),
            Operation::GetCa => current(&options, prepared, out),
            Operation::GetNextCa => next(&options, prepared, out),
            Operation::Enroll => enrol(&options, prepared, out),
            Operation::GetCert | Operation::GetCrl => query(&options, prepared, out),
        }
    });
    match ended {
        Ok(exit) => exit,
        Err(Stop(exit, complaint)) => {
            if !complaint.is_empty() {
                out.complain(complaint);
            }
            exit
        }
    }
}

/// What every operation has, once the options make sense.
pub(super) struct Prepared {
    pub(super) operation: Operation,
    pub(super) contact: Contact,
    pub(super) transport: HttpTransport,
}

fn prepare(options: &mut Options, out: &mut Out<'_, '_>) -> Step<Prepared> {
    let Some(operation) = options.operation else { return stop(SscepExit::General, "no operation") };
    if let Some(path) = options.config.clone() {
        let text = read(&path)?;
        let file = config::read(&String::from_utf8_lossy(&text), operation);
        match file {
            Ok(file) => options.fill_from(file),
            Err(why) => return stop(SscepExit::File, format!("{}: {why}", path.display())),
        }
    }
    (out.debug, out.verbose) = (options.debug, options.verbose || options.debug);
    out.tell(format!("starting sscep, {} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
    if options.engine.is_some() {
        return stop(SscepExit::General, "there are no cryptographic engines here (-g)");
    }
    if options.key_in_engine {
        return stop(
            SscepExit::General,
            "there are no cryptographic engines here that could hold a key (-h)",
        );
    }
    expect_options(options, operation)?;
    let url = url(options)?;
    out.tell(format!("hostname: {}", url.host));
    out.tell(format!("port: {}", url.port));
    let proxy = options.proxy.as_deref().map(Proxy::parse).transpose();
    let proxy = proxy.map_err(|why| Stop(SscepExit::General, why))?;
    let algorithm = |name: &str| Stop(SscepExit::General, format!("unsupported algorithm: {name}"));
    let digest = |name: &Option<String>| -> Step<Option<Digest>> {
        name.as_deref().map(|name| digest_named(name).map_err(|_| algorithm(name))).transpose()
    };
    let cipher = options.encryption.as_deref().map(|name| cipher_named(name).map_err(|_| algorithm(name)));
    digest(&options.fingerprint)?;
    let contact = Contact {
        trust: Trust::Anything,
        ca_identifier: Some(CaIdentifier {
            text: options.identifier.clone().unwrap_or_else(|| IDENTIFIER.to_owned()),
            with_capabilities: false,
        }),
        edition: Edition::Nourse,
        choice: Choice { cipher: cipher.transpose()?, digest: digest(&options.signature)?, post: None },
        strongest_digest: true,
        ..Contact::default()
    };
    let way = Way { limits: TimeLimits::within(timeout()?), proxy, ..Way::default() };
    let transport = HttpTransport::by(url, way).map_err(|why| Stop(SscepExit::Network, why.to_string()))?;
    if let Some(seconds) = options.wait {
        wait_for_connection(&transport, seconds, &SystemClock, out);
    }
    Ok(Prepared { operation, contact, transport })
}

/// Seconds that one request may take: sscep has no option for it.
fn timeout() -> Step<Duration> {
    let Some(text) = std::env::var_os(TIMEOUT_VARIABLE) else { return Ok(TIMEOUT) };
    let seconds = text.to_str().and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
    match seconds {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => {
            let text = text.to_string_lossy();
            stop(SscepExit::General, format!("{TIMEOUT_VARIABLE}: expected seconds, got `{text}`"))
        }
    }
}

/// Tries once a second whether the server, or the proxy, takes a connection, until it does or the time is
/// over: then whoever sends says what is wrong.
fn wait_for_connection(transport: &HttpTransport, seconds: u64, clock: &dyn Clock, out: &mut Out<'_, '_>) {
    let end = clock.now().plus(seconds);
    while let Err(error) = transport.reach() {
        let now = clock.now();
        if now >= end {
            return;
        }
        out.tell(format!("waiting for connectivity: {error}"));
        clock.wait_until(now.plus(1));
    }
}

/// Options that an operation cannot do without, in the order in which they are missed.
fn expect_options(options: &Options, operation: Operation) -> Step<()> {
    let has = |path: &Option<PathBuf>| path.is_some();
    let all = [
        ('c', "CA certificate", has(&options.ca), operation != Operation::GetCaps),
        ('C', "CA certificate chain", has(&options.chain), operation == Operation::GetNextCa),
        ('k', "private key", has(&options.key), signs(operation)),
        ('r', "certificate request", has(&options.request), operation == Operation::Enroll),
        ('l', "local certificate", has(&options.local), signs(operation)),
        ('s', "serial number", options.serial.is_some(), operation == Operation::GetCert),
        ('w', "output file", has(&options.write_to), looks_up(operation)),
        ('u', "URL", options.url.is_some(), true),
    ];
    for (letter, what, is_there, is_needed) in all {
        if is_needed && !is_there {
            return stop(SscepExit::General, format!("missing {what} (-{letter})"));
        }
    }
    if operation == Operation::Enroll && options.signer.is_some() != options.signer_key.is_some() {
        return stop(SscepExit::File, "-O also requires -K, and -K also -O");
    }
    Ok(())
}

fn looks_up(operation: Operation) -> bool {
    matches!(operation, Operation::GetCert | Operation::GetCrl)
}

fn signs(operation: Operation) -> bool {
    operation == Operation::Enroll || looks_up(operation)
}

fn url(options: &Options) -> Step<ServerUrl> {
    /// What would end the query, or the request line.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'#');
    let text = options.url.as_deref().unwrap_or_default();
    let more: String = options.monitor.iter().fold(String::new(), |all, one| {
        let separator = if all.is_empty() && !text.contains('?') { '?' } else { '&' };
        format!("{all}{separator}{}", utf8_percent_encode(one, ESCAPED))
    });
    ServerUrl::parse(&format!("{text}{more}"))
        .map_err(|why| Stop(SscepExit::General, format!("illegal URL {text}: {why}")))
}

fn capabilities(_: &Options, mut prepared: Prepared, out: &mut Out<'_, '_>) -> Step<SscepExit> {
    out.tell("SCEP_OPERATION_GETCAPS");
    let contact = prepared.contact.clone();
    let (capabilities, remarks) = with_line(&mut prepared, |line| getcaps(&contact, line))?;
    warn(&remarks, out);
    let capabilities = capabilities.map_err(of_failure)?;
    out.say(format!("scep capabilities: {}", capabilities.keywords().join(", ")));
    Ok(SscepExit::Success)
}

fn current(options: &Options, mut prepared: Prepared, out: &mut Out<'_, '_>) -> Step<SscepExit> {
    out.tell("SCEP_OPERATION_GETCA");
    let contact = prepared.contact.clone();
    let (ca, remarks) = with_line(&mut prepared, |line| getca(&contact, line))?;
    let ca = ca.map_err(of_failure)?;
    out.tell("valid response from server");
    write_all(options, &ca, ca.is_chain, out)?;
    warn(&remarks, out);
    Ok(SscepExit::Success)
}

fn next(options: &Options, mut prepared: Prepared, out: &mut Out<'_, '_>) -> Step<SscepExit> {
    out.tell("SCEP_OPERATION_GETNEXTCA");
    let chain = read(path_of(&options.chain))?;
    prepared.contact.trust = Trust::from_pem(&chain).map_err(|why| Stop(SscepExit::File, why.to_string()))?;
    let contact = prepared.contact.clone();
    let (generations, remarks) = with_line(&mut prepared, |line| getnextca(&contact, line))?;
    warn(&remarks, out);
    let Generations { next, current } = generations.map_err(of_failure)?;
    let Some(next) = next else { return stop(SscepExit::Network, "there is no next CA") };
    out.debug("valid response from server");
    write_all(options, &next, true, out)?;
    if let (Some(path), Some(signer)) = (&options.write_to, current.issuer()) {
        write(path, &signer.to_pem())?;
        out.tell(format!("certificate written as {}", path.display()));
    }
    Ok(SscepExit::Success)
}

/// Writes the certificates of a CA, a single one to the file itself unless it came in a list.
fn write_all(options: &Options, ca: &CaCertificates, is_list: bool, out: &mut Out<'_, '_>) -> Step<()> {
    let path = path_of(&options.ca);
    let digest = match options.fingerprint.as_deref().map(digest_named) {
        Some(Ok(digest)) => digest,
        // What the first versions print, and scripts compare with.
        _ => Digest::Md5,
    };
    for (index, certificate) in ca.certificates.iter().enumerate() {
        let path = if is_list { numbered(path, index) } else { path.to_owned() };
        let octets = certificate
            .fingerprint(digest)
            .map_err(|why| Stop(SscepExit::General, format!("no fingerprint: {why}")))?;
        let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        let name = digest.name().replace('-', "").to_uppercase();
        let fingerprint = format!("{name} fingerprint: {}", pairs.join(":"));
        if is_list {
            out.tell("found certificate with");
            out.detail(format!("subject: {}", scep::name::print_slash(&certificate.subject)));
            out.detail(format!("issuer: {}", scep::name::print_slash(&certificate.issuer)));
            if let Some(usage) = certificate.key_usage() {
                out.detail(format!("usage: {}", usage.names().join(", ")));
            }
            out.detail(fingerprint);
        } else {
            out.tell(fingerprint);
        }
        write(&path, &certificate.to_pem())?;
        let what = if is_list { "certificate" } else { "CA certificate" };
        out.tell(format!("{what} written as {}", path.display()));
    }
    Ok(())
}

fn query(options: &Options, mut prepared: Prepared, out: &mut Out<'_, '_>) -> Step<SscepExit> {
    let signer =
        Sender { certificate: certificate(path_of(&options.local))?, key: key(path_of(&options.key))? };
    let is_crl = prepared.operation == Operation::GetCrl;
    let wanted = if is_crl {
        Looked::CrlOfCa
    } else {
        let text = options.serial.as_deref().unwrap_or_default();
        let digits =
            if text.contains(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_digit()) && !text.contains(':') {
                format!("0x{text}")
            } else {
                text.to_owned()
            };
        let serial = serial_named(&digits)
            .map_err(|_| Stop(SscepExit::SelfSigned, format!("{text} is no serial number")))?;
        Looked::Certificate(serial)
    };
    let config = LookupConfig {
        contact: prepared.contact.clone(),
        signer,
        challenge: None,
        wanted,
        ca: Some(authority(options)?),
    };
    out.tell(if is_crl { "SCEP_OPERATION_GETCRL" } else { "SCEP_OPERATION_GETCERT" });
    out.say(if is_crl { "requesting crl" } else { "requesting certificate" });
    let looked = with_line(&mut prepared, |line| lookup(&config, line))?;
    warn(&looked.remarks, out);
    if matches!(looked.ended, Ok(LookupVerdict::Found(_) | LookupVerdict::Refused { .. })) {
        out.say("valid response from server");
    }
    let path = path_of(&options.write_to);
    match looked.ended {
        Ok(LookupVerdict::Found(found)) => {
            out.say("pkistatus: SUCCESS");
            match found {
                Found::Certificate { certificate, .. } => {
                    write(path, &certificate.to_pem())?;
                    out.tell(format!("certificate written as {}", path.display()));
                }
                Found::Crl(crl) => {
                    write(path, &crl.to_pem())?;
                    out.say(format!("CRL written as {}", path.display()));
                }
            }
            Ok(SscepExit::Success)
        }
        Ok(LookupVerdict::Refused { fail_info, .. }) => {
            out.say("pkistatus: FAILURE");
            fail_info.iter().for_each(|reason| out.say(format!("reason: {}", reason.name())));
            Ok(fail_info.map_or(SscepExit::Failure, SscepExit::FailInfo))
        }
        Ok(LookupVerdict::Rejected(error)) => stop(of_rejection(&error), error.to_string()),
        Ok(LookupVerdict::NoAnswer(why)) => stop(of_network(looked.lost), why),
        Err(failure) => Err(of_failure(failure)),
    }
}

fn with_line<T>(prepared: &mut Prepared, run: impl FnOnce(&mut Line<'_>) -> T) -> Step<T> {
    let mut rng = generator(None).map_err(|why| Stop(SscepExit::General, why.to_string()))?;
    Ok(run(&mut Line { transport: &mut prepared.transport, clock: &SystemClock, rng: &mut rng }))
}

fn warn(remarks: &Remarks, out: &mut Out<'_, '_>) {
    remarks.warnings.iter().for_each(|warning| out.debug(warning));
    remarks.findings.iter().for_each(|finding| out.debug(finding.to_string()));
}
