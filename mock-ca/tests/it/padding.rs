//! No padding oracle (RFC 8017 7.2.2): whatever is wrong inside an envelope, the answer is one.

use std::collections::BTreeSet;

use scep::attribute::MessageType;
use scep::cms::Effort;
use scep::fault::{Fault, Faults, Operator};
use scep::http::HttpRequest;

use crate::device::Device;
use crate::server::Server;
use crate::wire::Connection;

/// A fault that is not in the catalogue, from its operator.
fn fault(operator: &str) -> Fault {
    let operator: Operator = toml::from_str(operator).unwrap_or_else(|error| panic!("{operator}: {error}"));
    Fault { id: "test".to_owned(), title: String::new(), breaks: Vec::new(), operator }
}

/// What a client can tell about an answer: HTTP status and length, what the CertRep says; and the work that the
/// server did for it, which takes time.
type Seen = (u16, usize, String, Option<String>, Effort);

fn seen(server: &Server, device: &mut Device, faults: Faults) -> Seen {
    let (message, _) = device.faulty(&server.ca_certificate(), MessageType::PkcsReq, faults);
    let request = HttpRequest::post(message);
    let target = format!("/scep?{}", request.query);
    let reply = Connection::open(&server.url()).ask("POST", &target, "", &request.body);
    let answer = device.read(reply);
    let text = answer.message().fail_info_text().map(|text| text.lossy());
    let effort = server.take_record().pop().unwrap().effort;
    (answer.http.status, answer.http.body.len(), answer.word(), text, effort)
}

#[test]
fn whatever_is_wrong_in_an_envelope_the_answer_is_the_same() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let mut all: BTreeSet<Seen> = BTreeSet::new();
    let mut tries = 0;
    let mut tell = |operator: &str| {
        tries += 1;
        let faults = Faults::new(vec![fault(operator)]);
        all.insert(seen(&server, &mut device, faults));
    };
    for at in 0..256 {
        // Another RSA block: its padding is wrong, and in the last octets now and then the key alone.
        tell(&format!("op = \"envelope-key-xor\"\nat = {at}\nxor = 1"));
    }
    for at in 0..48 {
        // The right key, another content: no PKCS#10, or no padding.
        tell(&format!("op = \"envelope-encrypted-xor\"\nat = {at}\nxor = 128"));
        tell(&format!("op = \"envelope-encrypted-xor\"\nat = -{}\nxor = 128", at + 1));
    }
    // A right block with a key that is too short for the cipher, an RSA block of another length, a content
    // that is no whole block, one without padding.
    tell("op = \"envelope-cipher-oid\"\noid = \"aes256-cbc\"");
    tell("op = \"envelope-key-cut\"\ndrop = 1");
    tell("op = \"envelope-encrypted-cut\"\ndrop = 4");
    tell("op = \"envelope-encrypted-cut\"\ndrop = 16");
    assert_eq!(all.len(), 1, "{tries} tries: {all:#?}");
    let (status, _, word, _, effort) = all.pop_first().unwrap();
    assert_eq!((status, word.as_str()), (200, "FAILURE badRequest"));
    // The content was decrypted with a key in place of the one that there was not, as a right one would be.
    assert_eq!(effort, Effort { key_operations: 1, iterations: 0, decryptions: 1 });
    let right = seen(&server, &mut device, Faults::none());
    assert_eq!((right.2.as_str(), right.4), ("SUCCESS", effort));
}
