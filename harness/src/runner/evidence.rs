//! The evidence folder of one case instance: `transcript.json`, and octets and keys as files beside it, so
//! that other programs can be pointed at them.

use std::fs;
use std::path::{Path, PathBuf};

use scep::cms::Octets;
use scep::finding::Part;
use scep::key::PrivateKey;
use scep::message::PkiMessage;

use super::Error;
use crate::transcript::{Exchange, File, Reply, Transcript};

const TRANSCRIPT: &str = "transcript.json";
const CERTIFICATE: &str = "certificate.der";
const CRL: &str = "crl.der";

/// Folder of an instance below the run folder. Brackets and commas of the id stay: they are legal in names.
#[must_use]
pub fn folder(instance: &str) -> String {
    format!("evidence/{instance}")
}

/// Writes a transcript into a folder that is made for it.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, transcript: &Transcript) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| file_error(folder, source))?;
    for (index, exchange) in transcript.exchanges.iter().enumerate() {
        write_exchange(folder, index, exchange)?;
    }
    for (step, run) in &transcript.runs {
        if let Some(certificate) = &run.certificate {
            put(folder, &format!("{step}.{CERTIFICATE}"), certificate)?;
        }
        if let Some(crl) = &run.crl {
            put(folder, &format!("{step}.{CRL}"), crl)?;
        }
    }
    let json = serde_json::to_vec_pretty(transcript)
        .map_err(|e| Error::Broken { path: TRANSCRIPT.to_owned(), detail: e.to_string() })?;
    put(folder, TRANSCRIPT, &json)
}

fn write_exchange(folder: &Path, index: usize, exchange: &Exchange) -> Result<(), Error> {
    let name = |file: File| file.name(index, &exchange.step);
    let incoming = exchange.request.incoming(&mut Vec::new());
    if let Some(message) = incoming.ok().and_then(|incoming| incoming.message) {
        put(folder, &name(File::Request), &message)?;
        let opened = exchange.message_data.clone();
        write_layers(
            folder,
            &message,
            exchange.keys.request.as_deref(),
            opened,
            &name(File::RequestContent),
            &name(File::RequestData),
        )?;
    }
    if let Reply::Answered(response) = &exchange.reply {
        put(folder, &name(File::Reply), &response.body)?;
        let key = exchange.keys.reply.as_deref();
        write_layers(folder, &response.body, key, None, &name(File::ReplyContent), &name(File::ReplyData))?;
    }
    Ok(())
}

/// Writes the inner layers of a message: chunked eContent, and messageData when a key opens it.
fn write_layers(
    folder: &Path,
    octets: &[u8],
    key: Option<&str>,
    plain: Option<Vec<u8>>,
    content_name: &str,
    data_name: &str,
) -> Result<(), Error> {
    let mut plain = plain;
    if let Ok(read) = PkiMessage::read(octets) {
        if let Some(Octets { bytes, origin: (Part::Content, _), .. }) = &read.value.signed.content {
            put(folder, content_name, bytes)?;
        }
        let key = key.and_then(|pem| PrivateKey::from_pem(pem.as_bytes()).ok());
        if let (Ok(Some(envelope)), Some(key)) = (read.value.envelope(&mut Vec::new()), key) {
            plain = plain.or_else(|| envelope.open(&key).ok());
        }
    }
    match plain {
        Some(plain) => put(folder, data_name, &plain),
        None => Ok(()),
    }
}

/// Reads a transcript back, the same value that was written.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn read(folder: &Path) -> Result<Transcript, Error> {
    let json = take(&folder.join(TRANSCRIPT))?;
    let mut transcript: Transcript = serde_json::from_slice(&json).map_err(|e| Error::Broken {
        path: folder.join(TRANSCRIPT).display().to_string(),
        detail: e.to_string(),
    })?;
    for (index, exchange) in transcript.exchanges.iter_mut().enumerate() {
        let path = |file: File| folder.join(file.name(index, &exchange.step));
        if exchange.request.is_post() {
            exchange.request.body = take(&path(File::Request))?;
        }
        let data = path(File::RequestData);
        if exchange.keys.request.is_none() && data.exists() {
            exchange.message_data = Some(take(&data)?);
        }
        if let Reply::Answered(response) = &mut exchange.reply {
            response.body = take(&path(File::Reply))?;
        }
    }
    for (step, run) in &mut transcript.runs {
        for (name, octets) in [(CERTIFICATE, &mut run.certificate), (CRL, &mut run.crl)] {
            let path = folder.join(format!("{step}.{name}"));
            if path.exists() {
                *octets = Some(take(&path)?);
            }
        }
    }
    Ok(transcript)
}

fn put(folder: &Path, name: &str, octets: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    fs::write(&path, octets).map_err(|source| file_error(&path, source))
}

fn take(path: &PathBuf) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), source }
}
