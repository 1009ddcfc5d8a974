//! The programs `mock-client` and `mock-ca` as a user starts them: every operation of the client, with openssl
//! as the judge of what was written. That both are ours proves nothing about the protocol, so nothing here
//! is about that; `peers.rs` has other people's programs.

use std::fs;
use std::process::Command;

use rstest::rstest;
use serde_json::Value;
use tests::binaries;
use tests::peers::openssl;

use super::lab::Lab;

#[rstest]
#[case::rsa("2048")]
#[case::small("1024")]
#[case::p256("p-256")]
#[case::p384("p-384")]
fn k1_a_key_of_any_kind_is_enrolled(#[case] kind: &str) {
    let lab = Lab::new("");
    let ran = lab.enroll(&["--challenge", "secret", "--key-out", "dev1.key", "--key-bits", kind]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    lab.verify("dev1.crt", "dev1.key");
}

#[rstest]
#[case::itself("registration = \"none\"")]
#[case::single("registration = \"single\"")]
#[case::split("registration = \"split\"")]
#[case::below_a_root("hierarchy = \"intermediate\"")]
fn k3_the_ca_is_found_by_its_fingerprint_whoever_speaks_for_it(#[case] ca: &str) {
    let lab = Lab::new(&format!("[ca]\n{ca}\n"));
    let got = lab.client(&["getca", "--url", &lab.url, "--out", "ca.crt", "--json"]);
    let printed: Value = serde_json::from_str(&got.stdout).unwrap();
    let print =
        printed["certificates"].as_array().unwrap().last().unwrap()["sha256"].as_str().unwrap().to_owned();
    assert!(print.len() == 64 && print.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()));
    let args = ["enroll", "--url", &lab.url, "--ca-fingerprint", &print, "--subject", "CN=dev1,O=lab"];
    let rest = ["--out", "dev1.crt", "--challenge", "secret", "--key-out", "dev1.key"];
    let ran = lab.client(&[&args[..], &rest].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        openssl::certified_key(&lab.path("dev1.crt")).unwrap(),
        openssl::public_key(&lab.path("dev1.key")).unwrap()
    );
}

#[rstest]
#[case::negotiated("auto", "RenewalReq")]
#[case::new_form("renewalreq", "RenewalReq")]
#[case::old_form("pkcsreq", "PKCSReq")]
fn k5_a_renewal_in_either_form_is_granted(#[case] form: &str, #[case] message: &str) {
    let lab = Lab::enrolled("");
    for (key, file) in [(vec!["--key-out", "new.key"], "new.key"), (vec!["--same-key"], "dev1.key")] {
        let args =
            ["renew", "--url", &lab.url, "--ca", "root.pem", "--cert", "dev1.crt", "--cert-key", "dev1.key"];
        let ran = lab.client(&[&args[..], &["--out", "new.crt", "--form", form, "--json"], &key].concat());
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(report["request"], message);
        lab.verify("new.crt", file);
        assert_ne!(lab.serial("new.crt"), lab.serial("dev1.crt"));
        assert_eq!(
            openssl::subject(&lab.path("new.crt")).unwrap(),
            openssl::subject(&lab.path("dev1.crt")).unwrap()
        );
    }
}

#[test]
fn r2_an_enrolment_that_waits_for_approval_is_resumed() {
    let lab = Lab::new("[policy]\nmode = \"manual\"\n");
    let state =
        ["--challenge", "secret", "--key-out", "dev1.key", "--state", "dev1.state", "--max-polls", "1"];
    let ran = lab.enroll(&state);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!lab.path("dev1.crt").exists());
    lab.approve_all();
    let args = ["poll", "--url", &lab.url, "--ca", "root.pem", "--state", "dev1.state", "--out", "dev1.crt"];
    let ran = lab.client(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    lab.verify("dev1.crt", "dev1.key");
    assert!(!lab.path("dev1.state").exists(), "it is over");
}

#[test]
fn a_certificate_is_fetched_by_its_serial_number_and_an_unknown_one_refused() {
    let lab = Lab::enrolled("");
    let ask = |serial: &str| {
        let args =
            ["getcert", "--url", &lab.url, "--ca", "root.pem", "--cert", "dev1.crt", "--key", "dev1.key"];
        lab.client(&[&args[..], &["--serial", serial, "--out", "again.crt"]].concat())
    };
    let serial = format!("0x{}", lab.serial("dev1.crt"));
    assert_eq!(ask("1").code, Some(4));
    let ran = ask(&serial);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(fs::read(lab.path("again.crt")).unwrap(), fs::read(lab.path("dev1.crt")).unwrap());
}

#[test]
fn the_next_ca_is_fetched_once_there_is_one() {
    let lab = Lab::new("capabilities = [\"AES\", \"SCEPStandard\", \"GetNextCACert\", \"Renewal\"]\n");
    let ask = || lab.client(&["getnextca", "--url", &lab.url, "--ca", "root.pem", "--out", "next.crt"]);
    let none = ask();
    assert_eq!((none.code, lab.path("next.crt").exists()), (Some(0), false), "{}", none.stderr);
    lab.admin("POST", "/authority/prepare", "");
    let told = ask();
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert_ne!(
        openssl::fingerprint(&lab.path("next.crt")).unwrap(),
        openssl::fingerprint(&lab.path("root.pem")).unwrap()
    );
}

#[rstest]
#[case::triple_des("3des", "sha1")]
#[case::aes192("aes192", "sha384")]
#[case::aes256("aes256", "sha512")]
fn r10_algorithms_are_chosen(#[case] cipher: &str, #[case] digest: &str) {
    let lab = Lab::new("");
    let more = ["--challenge", "secret", "--key-out", "dev1.key", "--cipher", cipher, "--digest", digest];
    let ran = lab.enroll(&more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    lab.verify("dev1.crt", "dev1.key");
}

#[rstest]
#[case::des("des", "md5")]
#[case::declared("", "")]
fn r10_legacy_algorithms_meet_a_server_that_takes_them(#[case] cipher: &str, #[case] digest: &str) {
    let lab = Lab::new("capabilities = []\nlaxities = [\"single-des\", \"md5\"]\n");
    let mut more = vec!["--challenge", "secret", "--key-out", "dev1.key"];
    if cipher.is_empty() {
        more.push("--legacy");
    } else {
        more.extend(["--cipher", cipher, "--digest", digest]);
    }
    let ran = lab.enroll(&more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    lab.verify("dev1.crt", "dev1.key");
}

#[test]
fn r1_the_agent_enrols_a_router_and_r7_puts_the_pair_into_its_settings() {
    let lab = Lab::new("");
    let client = binaries::path_of("mock-client").unwrap();
    fs::write(lab.path("settings.ipsec"), "IPSEC_ENABLED=1\nIPSEC_LOCAL_KEY=\nIPSEC_LOCAL_CERT=\n").unwrap();
    let text = format!(
        "schema = 1\n[server]\nurl = \"{}\"\nca-certificate = \"root.pem\"\n[request]\nsubject = \"/O=lab/CN=router-SN\"\n\
         serial-number = \"5301\"\nchallenge = \"secret\"\n[store]\nkind = \"router\"\npath = \"store\"\n\
         [script]\nsuccess = \"'{}' replace-pem --key $SCEP_STORE/latest.key --cert $SCEP_STORE/latest.crt '{}' \
         IPSEC_LOCAL_KEY pkey IPSEC_LOCAL_CERT cert\"\n",
        lab.url,
        client.display(),
        lab.path("settings.ipsec").display()
    );
    fs::write(lab.path("agent.toml"), text).unwrap();
    let ran = lab.client(&["agent", "check", "--config", "agent.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    lab.verify("store/latest.crt", "store/latest.key");
    assert_eq!(openssl::subject(&lab.path("store/latest.crt")).unwrap(), "CN=router-5301,O=lab");
    let status = lab.client(&["agent", "status", "--config", "agent.toml"]);
    let expected = format!(
        "Module scepClient not running\nCertificate enrolled {}\n",
        lab.serial("store/latest.crt").trim_start_matches('0')
    );
    assert_eq!(status.stdout, expected);
    let settings = fs::read_to_string(lab.path("settings.ipsec")).unwrap();
    let key = fs::read_to_string(lab.path("store/latest.key")).unwrap();
    let certificate = fs::read_to_string(lab.path("store/latest.crt")).unwrap();
    assert_eq!(
        settings,
        format!(
            "IPSEC_ENABLED=1\nIPSEC_LOCAL_KEY=\"{}\"\nIPSEC_LOCAL_CERT=\"{}\"\n",
            key.trim_end(),
            certificate.trim_end()
        )
    );
    let again = lab.client(&["agent", "check", "--config", "agent.toml"]);
    assert!(!again.stdout.contains("done"), "{}", again.stdout);
}

#[test]
fn k4_the_agent_enrols_into_a_keystore_that_openssl_reads() {
    let lab = Lab::new("");
    let print = openssl::fingerprint(&lab.path("root.pem")).unwrap().to_lowercase();
    let text = format!(
        "schema = 1\n[server]\nurl = \"{}\"\nca-fingerprint = \"{print}\"\n[request]\nsubject = \"CN=dev1,O=lab\"\n\
         challenge = \"secret\"\n[renewal]\nsame-key = true\nbefore-hours = 24\n[store]\nkind = \"pkcs12\"\n\
         path = \"store.p12\"\npassword = \"changeit\"\n",
        lab.url
    );
    fs::write(lab.path("agent.toml"), text).unwrap();
    let ran = lab.client(&["agent", "check", "--config", "agent.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let seen = Command::new("openssl")
        .args(["pkcs12", "-nodes", "-passin", "pass:changeit", "-in"])
        .arg(lab.path("store.p12"))
        .output()
        .unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    for alias in ["scep-cacerts_0", "sce-request-key-pair", "scep-enrolled-key-pair"] {
        assert!(seen.contains(&format!("friendlyName: {alias}\n")), "{alias} in {seen}");
    }
}

#[test]
fn r9_a_script_for_sscep_enrols_unchanged() {
    let lab = Lab::new("");
    let name = lab.path("sscep");
    std::os::unix::fs::symlink(binaries::path_of("mock-client").unwrap(), &name).unwrap();
    // As in its own instructions: a key and a request by openssl, then three calls.
    let script = format!(
        "set -e\n\
         printf '[req]\\nprompt=no\\ndistinguished_name=dn\\nattributes=at\\n[dn]\\nO=lab\\nCN=dev1\\n[at]\\nchallengePassword=secret\\n' > req.cnf\n\
         openssl req -new -newkey rsa:2048 -nodes -config req.cnf -keyout local.key -out local.csr 2>/dev/null\n\
         ./sscep getca -u '{0}' -c ca.crt\n\
         ./sscep enroll -u '{0}' -c ca.crt -k local.key -r local.csr -l local.crt -E aes256 -S sha256 -t 1 -n 5\n\
         ./sscep getcrl -u '{0}' -c ca.crt -k local.key -l local.crt -w ca.crl\n",
        lab.url
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(&lab.folder).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("./sscep: pkistatus: SUCCESS\n"), "{}", text(&output.stdout));
    lab.verify("local.crt", "local.key");
}
