//! K2: the distribution point first, GetCRL where that gives nothing, openssl judging the CRL.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use rstest::rstest;
use serde_json::Value;

use super::lab::Lab;

/// Two devices of a server whose certificates lead to a CRL: its own, or one where nobody is.
fn lab(distribution_point: Option<&str>) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    // The certificate says where the server is before the server has chosen a port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let own = format!("http://127.0.0.1:{port}/ca.crl");
    let point = distribution_point.map(|elsewhere| if elsewhere == "own" { &own } else { elsewhere });
    let points = point.map(|url| format!("[crl]\ndistribution_points = [\"{url}\"]\n")).unwrap_or_default();
    fs::create_dir(folder.path().join("templates")).unwrap();
    let template = format!(
        "schema = \"sceptic/mock-ca-template/1\"\nnickname = \"pointed\"\ntitle = \"with a distribution point\"\n\
         [subject]\nfrom = \"request\"\n{points}"
    );
    fs::write(folder.path().join("templates/pointed.toml"), template).unwrap();
    let configuration = format!(
        "listen = \"127.0.0.1:{port}\"\n[certificate]\ntemplates = \"templates\"\ntemplate = \"pointed\"\n"
    );
    let lab = Lab::in_folder(folder, &configuration);
    for (name, key) in [("dev1.crt", "dev1.key"), ("dev2.crt", "dev2.key")] {
        let ran = lab.client(&[
            "enroll",
            "--url",
            &lab.url,
            "--ca",
            "root.pem",
            "--subject",
            "CN=dev,O=lab",
            "--out",
            name,
            "--challenge",
            "secret",
            "--key-out",
            key,
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    lab
}

/// `dev2` asks about a certificate: exit code, status and source.
fn asked(lab: &Lab, of: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let args =
        ["revoked", "--json", "--timeout", "60", "--url", &lab.url, "--ca", "root.pem", "--cert", "dev2.crt"];
    let ran = lab.client(&[&args[..], &["--key", "dev2.key", "--of", of], more].concat());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    eprint!("{}{}", ran.stdout, ran.stderr); // shown when the test fails
    let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    (ran.code, text("status"), text("source"))
}

#[rstest]
#[case::its_own(Some("own"), &[], "/ca.crl")]
#[case::nobody_is_there(Some("http://127.0.0.1:1/ca.crl"), &[], "GetCRL")]
#[case::no_crl_is_there(Some("http://127.0.0.1:1"), &[], "GetCRL")]
#[case::none(None, &[], "GetCRL")]
#[case::by_query_only(Some("own"), &["--no-distribution-point"], "GetCRL")]
fn k2_a_revoked_certificate_is_found_by_its_distribution_point_else_by_getcrl(
    #[case] point: Option<&str>,
    #[case] more: &[&str],
    #[case] source: &str,
) {
    let lab = lab(point);
    let (code, status, from) = asked(&lab, "dev1.crt", more);
    assert_eq!((code, status.as_str()), (Some(0), "good"));
    assert!(from.ends_with(source), "{from}");
    lab.revoke("dev1.crt");
    let (code, status, from) = asked(&lab, "dev1.crt", more);
    assert_eq!((code, status.as_str()), (Some(9), "revoked"));
    assert!(from.ends_with(source), "{from}");
    let (code, status, _) = asked(&lab, "dev2.crt", more);
    assert_eq!((code, status.as_str()), (Some(0), "good"), "the other one still is");
}

#[test]
fn k2_the_crl_by_query_is_one_that_openssl_verifies_and_has_the_revoked_certificate() {
    let lab = lab(None);
    lab.revoke("dev1.crt");
    let args = ["getcrl", "--url", &lab.url, "--ca", "root.pem", "--cert", "dev2.crt", "--key", "dev2.key"];
    let ran = lab.client(&[&args[..], &["--of", "dev1.crt", "--out", "ca.crl"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let output = Command::new("openssl")
        .args(["crl", "-noout", "-text", "-in"])
        .arg(lab.path("ca.crl"))
        .arg("-CAfile")
        .arg(lab.path("root.pem"))
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("verify OK"), "{text}");
    assert!(text.contains(&format!("Serial Number: {}", lab.serial("dev1.crt"))), "{text}");
    assert!(!text.contains(&format!("Serial Number: {}", lab.serial("dev2.crt"))), "{text}");
}

#[test]
fn k2_a_device_learns_by_query_that_it_is_revoked_itself() {
    let lab = lab(None);
    lab.revoke("dev2.crt");
    let (code, status, source) = asked(&lab, "dev2.crt", &[]);
    assert_eq!((code, status.as_str(), source.as_str()), (Some(9), "revoked", "GetCRL"));
}
