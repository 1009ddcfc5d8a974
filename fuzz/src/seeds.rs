//! Inputs to start from: what our own writer writes, with public keys and fixed seeds, the same each time.

use std::collections::BTreeMap;

use scep::fault::Faults;
use scep::http::HttpRequest;
use scep::message::PkiMessage;
use scep::next_ca::NextCa;
use scep::suite::Digest;
use scep::{alt_name, oid};
use scep_vectors::data;

use crate::ber::{Form, transform};
use crate::material::{Kind, ca, crl, csr, device, issued, poll};
use crate::readers;

/// Seeds by target. Whatever is a seed of one reader of ASN.1 is one of each: what is valid to the one is
/// the nearest miss of another. The vectors go to the readers of their kind.
///
/// # Errors
/// When a vector cannot be read.
pub fn all() -> Result<BTreeMap<&'static str, Vec<Vec<u8>>>, data::Error> {
    let (asn1, text) = (asn1(), text());
    let mut seeds: BTreeMap<&'static str, Vec<Vec<u8>>> = readers::ALL
        .iter()
        .map(|(name, _)| {
            let seeds = match *name {
                "caps" | "http_query" | "http_answer" => text.clone(),
                "name" | "alt_name" => [names(), text.clone()].concat(),
                // The first octet says of which type the request is.
                "server_content" => asn1
                    .iter()
                    .zip((0..5).cycle())
                    .map(|(der, kind)| [&[kind], der.as_slice()].concat())
                    .collect(),
                _ => asn1.clone(),
            };
            (*name, seeds)
        })
        .collect();
    for vector in data::read(&data::folder())? {
        let octets = match vector.about.kind {
            // The request line and the fields are read by an HTTP library: the body is what comes to us.
            data::Kind::HttpRequest | data::Kind::HttpResponse => body(&vector.octets),
            _ => &vector.octets,
        };
        if vector.about.kind == data::Kind::HttpRequest {
            seeds.entry("http_query").or_default().extend(query(&vector.octets));
        }
        for target in targets(vector.about.kind) {
            seeds.entry(target).or_default().push(octets.to_vec());
        }
    }
    Ok(seeds)
}

fn targets(kind: data::Kind) -> &'static [&'static str] {
    match kind {
        data::Kind::PkiMessage => &["pki_message", "server_receive", "client_answer"],
        data::Kind::CertificatesOnly => &["certificates_only", "ca_cert", "client_discovery"],
        data::Kind::Csr => &["csr"],
        data::Kind::Crl => &["crl"],
        data::Kind::HttpRequest => &["server_receive", "http_query"],
        data::Kind::HttpResponse => {
            &["caps", "ca_cert", "next_ca", "client_discovery", "client_answer", "http_answer"]
        }
    }
}

fn body(exchange: &[u8]) -> &[u8] {
    let end = exchange.windows(4).position(|window| window == b"\r\n\r\n");
    end.and_then(|end| exchange.get(end + 4..)).unwrap_or(exchange)
}

fn query(request: &[u8]) -> Option<Vec<u8>> {
    let line = request.split(|octet| *octet == b'\r').next()?;
    let start = line.iter().position(|octet| *octet == b'?')? + 1;
    let rest = line.get(start..)?;
    Some(rest.split(|octet| *octet == b' ').next()?.to_vec())
}

fn asn1() -> Vec<Vec<u8>> {
    let none = Faults::none;
    let mut seeds: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| kind.write(&mut none())).collect();
    let forms: Vec<Vec<u8>> = seeds.iter().map(|der| transform(der, &Form::everything()).bytes).collect();
    let content = seeds
        .iter()
        .filter_map(|message| PkiMessage::read(message).ok()?.value.signed.content)
        .map(|content| content.bytes);
    seeds.extend(content.collect::<Vec<_>>());
    seeds.extend(forms);
    seeds.extend(Kind::ALL.iter().filter_map(|kind| kind.message_data()));
    let (ca, device) = (ca(), device());
    seeds.extend([csr(&mut none()), issued(&mut none()).der, crl().der, poll().write()]);
    let next = [issued(&mut none()).der];
    for write in [NextCa::write, NextCa::write_beside] {
        seeds.extend(write(&next, &ca, Digest::Sha256).map(|(_, body)| body));
    }
    seeds.extend([ca.certificate.to_pem().into_bytes(), ca.certificate.der.clone()]);
    seeds.extend([device.certificate.spki.clone(), device.certificate.subject.clone()]);
    seeds.extend(names());
    let next = [device.certificate.der.clone()];
    let signed = scep::next_ca::NextCa::write(&next, &ca, scep::suite::Digest::Sha256);
    seeds.extend(signed.into_iter().map(|(_, body)| body));
    seeds.push(scep::cms::degenerate(&[ca.certificate.der, device.certificate.der]).write());
    seeds
}

fn names() -> Vec<Vec<u8>> {
    let names = ["CN=router-1,O=lab", "C=DE+CN=a\\,b,2.5.4.5=#1301aa", "/DC=com/DC=example/CN=\u{e4}"];
    let alternative =
        ["DNS:r1.lab,IP:10.0.0.1,IP:fe80::1,email:a@lab", "URI:urn:x\\,y,RID:1.2.3,dirName:/CN=a"];
    let encoded = names.iter().filter_map(|text| scep::name::parse(text).ok());
    let lists = alternative.iter().filter_map(|text| alt_name::parse(text).ok());
    let encoded: Vec<Vec<u8>> = encoded.chain(lists.map(|names| alt_name::write(&names))).collect();
    encoded.into_iter().chain(names.iter().chain(&alternative).map(|text| text.as_bytes().to_vec())).collect()
}

fn text() -> Vec<Vec<u8>> {
    let queries = [
        HttpRequest::get(&[0xfb, 0xff, 0xbe, 1]).query,
        "operation=GetCACaps&message=ca".to_owned(),
        "message=MIIB-_8&operation=PKIOperation".to_owned(),
        "operation=PKIOperation&message=MII+/w==%0A".to_owned(),
    ];
    let rest = [
        "AES\nDES3\nGetNextCACert\nPOSTPKIOperation\nRenewal\nSHA-1\nSHA-256\nSHA-512\nSCEPStandard\n",
        "aes\r\n SHA-1 \r\n\r\nPOSTPKIOperation",
        "application/x-x509-ca-ra-cert; charset=utf-8",
    ];
    queries
        .into_iter()
        .map(String::into_bytes)
        .chain(rest.iter().map(|text| text.as_bytes().to_vec()))
        .collect()
}

/// Words for the dictionary of libFuzzer, in its own form: every object identifier that we know, tags with
/// lengths of all forms, keywords.
#[must_use]
pub fn dictionary() -> String {
    let identifiers = oid::all().map(|(identifier, name)| (name.to_owned(), scep::write::oid(identifier)));
    let elements = [
        ("indefinite", vec![0x30, 0x80]),
        ("indefinite-string", vec![0x24, 0x80]),
        ("indefinite-context", vec![0xa0, 0x80]),
        ("end", vec![0, 0]),
        ("long", vec![0x30, 0x84, 0, 0, 0, 1]),
        ("huge", vec![0x04, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("set", vec![0x31, 0x82]),
        ("null", vec![5, 0]),
    ];
    let elements = elements.map(|(name, octets)| (name.to_owned(), octets));
    let words = [
        "operation=",
        "message=",
        "PKIOperation",
        "&",
        "%2B",
        "%0A",
        "SCEPStandard",
        "-----BEGIN CERTIFICATE-----",
        "CN=",
        "2.5.4.3=",
        "DNS:",
        "IP:",
        "dirName:",
        "otherName:",
        "raw:",
    ];
    let words = words.map(|word| ("word".to_owned(), word.as_bytes().to_vec()));
    identifiers.chain(elements).chain(words).map(|(name, octets)| line(&name, &octets)).collect()
}

fn line(name: &str, octets: &[u8]) -> String {
    let escaped: String = octets.iter().map(|octet| format!("\\x{octet:02x}")).collect();
    format!("# {name}\n\"{escaped}\"\n")
}
