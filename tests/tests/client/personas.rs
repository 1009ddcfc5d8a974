//! Every operation of the client against every persona of mock-ca, by the persona's own way of authorisation:
//! what the client ends with, as a table.

use rstest::rstest;
use serde_json::Value;
use tests::peers::openssl;

use super::lab::Lab;

/// How a device comes by its challengePassword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// That of the server.
    Challenge,
    /// One for a single transaction, made by the administration.
    OneTime,
    /// The passphrase of a preregistered client.
    Preregistered,
    /// One made for a registered device.
    Device,
}

/// The challengePassword for `dev1`.
fn challenge(lab: &Lab, way: Way) -> String {
    let made = match way {
        Way::Challenge => return "secret".to_owned(),
        Way::OneTime => lab.admin("POST", "/challenges", ""),
        Way::Preregistered => {
            let form = r#"{"clientName":"dev1","passphrase":"passphrase of dev1","template":"5YSCEPP","subject":"O=lab"}"#;
            lab.admin("POST", "/preregistrations", form);
            return "passphrase of dev1".to_owned();
        }
        Way::Device => {
            let form = r#"{"id":"dev1","manufacturer":"lab","type":"router","model":"one","description":""}"#;
            lab.admin("POST", "/devices", form)
        }
    };
    let find = |value: &Value| {
        value["challenge"].as_str().or_else(|| value["challengePassword"].as_str()).map(str::to_owned)
    };
    find(&made).unwrap_or_else(|| panic!("{made}"))
}

/// Exit codes of the operations. `renew` has that of the negotiated form, RenewalReq and the old form.
struct Row {
    persona: &'static str,
    way: Way,
    /// What the client is told beside it.
    more: &'static [&'static str],
    getcaps: i32,
    getca: i32,
    getnextca: i32,
    enroll: i32,
    renew: [i32; 3],
    getcert: i32,
    getcrl: i32,
    revoked: i32,
}

/// What a server does that holds to the RFC.
const EVERYTHING: Row = Row {
    persona: "rfc8894",
    way: Way::Challenge,
    more: &[],
    getcaps: 0,
    getca: 0,
    getnextca: 0,
    enroll: 0,
    renew: [0, 0, 0],
    getcert: 0,
    getcrl: 0,
    revoked: 0,
};

/// Renewal is off: the server refuses.
const NO_RENEWAL: [i32; 3] = [4, 4, 4];

#[rstest]
#[case::rfc8894(EVERYTHING)]
#[case::tolerant(Row { persona: "tolerant", ..EVERYTHING })]
#[case::openxpki(Row { persona: "openxpki", ..EVERYTHING })]
#[case::ndes(Row { persona: "ndes", way: Way::OneTime, ..EVERYTHING })]
#[case::cisco(Row { persona: "cisco-ios-ca", way: Way::OneTime, ..EVERYTHING })]
#[case::ejbca(Row { persona: "ejbca", way: Way::Preregistered, ..EVERYTHING })]
#[case::emca(Row { persona: "emca", way: Way::Device, ..EVERYTHING })]
#[case::ibm(Row { persona: "ibm-pki-services", way: Way::Preregistered, renew: NO_RENEWAL, ..EVERYTHING })]
// GetCACaps is an error there: nothing is announced, and everything else goes on.
#[case::legacy(Row { persona: "legacy-draft", getcaps: 5, more: &["--legacy"], renew: NO_RENEWAL, ..EVERYTHING })]
fn every_operation_ends_as_the_persona_lets_it(#[case] row: Row) {
    let lab = Lab::new(&format!("persona = \"{}\"\n", row.persona));
    let run = |args: &[&str], expected: i32| {
        let ran = lab.client(&[args, &["--url", &lab.url], row.more].concat());
        let operation = args.first().unwrap_or(&"");
        assert_eq!(ran.code, Some(expected), "{} {operation}: {}{}", row.persona, ran.stdout, ran.stderr);
    };
    let trust = ["--ca", "root.pem"];
    run(&["getcaps"], row.getcaps);
    run(&["getca", "--out", "ca.crt"], row.getca);
    let way = challenge(&lab, row.way);
    let enroll = ["enroll", "--subject", "CN=dev1,O=lab", "--out", "dev1.crt", "--key-out", "dev1.key"];
    // A password on the command line is for tests.
    run(&[&enroll[..], &trust, &["--challenge", &way]].concat(), row.enroll);
    let key = |file: &str| openssl::public_key(&lab.path(file)).unwrap();
    assert_eq!(openssl::certified_key(&lab.path("dev1.crt")).unwrap(), key("dev1.key"));
    for (index, (form, expected)) in ["auto", "renewalreq", "pkcsreq"].iter().zip(row.renew).enumerate() {
        let (file, key_file) = (format!("new{index}.crt"), format!("new{index}.key"));
        let pair = ["--cert", "dev1.crt", "--cert-key", "dev1.key", "--key-out", &key_file, "--out", &file];
        run(&[&["renew", "--form", form], &pair[..], &trust].concat(), expected);
        assert_eq!(lab.path(&file).exists(), expected == 0);
        if expected == 0 {
            assert_eq!(openssl::certified_key(&lab.path(&file)).unwrap(), key(&key_file));
            assert_ne!(lab.serial(&file), lab.serial("dev1.crt"));
        }
    }
    let asker = ["--cert", "dev1.crt", "--key", "dev1.key"];
    let serial = format!("0x{}", lab.serial("dev1.crt"));
    run(&[&["getcert", "--serial", &serial, "--out", "again.crt"], &asker[..], &trust].concat(), row.getcert);
    run(&[&["getcrl", "--out", "ca.crl"], &asker[..], &trust].concat(), row.getcrl);
    run(&[&["revoked"], &asker[..], &trust].concat(), row.revoked);
    lab.admin("POST", "/authority/prepare", "");
    run(&[&["getnextca", "--out", "next.crt"], &trust[..]].concat(), row.getnextca);
}
