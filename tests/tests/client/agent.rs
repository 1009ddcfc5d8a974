//! K7 and R8 by the program: `mock-client agent` as cron and an operator start it.

use std::fs;
use std::process::Command;

use tests::binaries;
use tests::peers::openssl;
use tests::peers::process::Process;

use super::lab::Lab;

/// Writes the settings of an agent of that server, whose CA is in `root.pem` unless `trust` says otherwise.
fn settings(lab: &Lab, url: &str, trust: &str, more: &str) {
    let text = format!(
        "schema = 1\nmodule = \"scepClient\"\n{more}[server]\nurl = \"{url}\"\n{trust}\n\
         [request]\nsubject = \"CN=dev1,O=lab\"\nchallenge = \"secret\"\n\
         [polling]\ninterval-seconds = 1\n[store]\nkind = \"router\"\npath = \"store\"\n"
    );
    fs::write(lab.path("agent.toml"), text).unwrap();
}

/// What one check did.
fn checked(lab: &Lab) -> Vec<String> {
    let ran = lab.client(&["agent", "check", "--config", "agent.toml"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let done = ran.stdout.lines().filter_map(|line| line.strip_prefix("done"));
    done.map(|task| task.trim().to_owned()).collect()
}

fn status(lab: &Lab) -> String {
    let ran = lab.client(&["agent", "status", "--config", "agent.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

/// SHA-256 of a certificate, as openssl prints it, in the form of K3.
fn fingerprint(lab: &Lab, certificate: &str) -> String {
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(lab.path(certificate))
        .output()
        .unwrap();
    let print = String::from_utf8(output.stdout).unwrap();
    print.trim().split('=').nth(1).unwrap().replace(':', "").to_lowercase()
}

#[test]
fn k7_another_endpoint_or_trust_means_a_new_bootstrap_and_enrolment() {
    let (lab, other) = (Lab::new(""), Lab::new(""));
    fs::copy(other.path("root.pem"), lab.path("other.pem")).unwrap();
    settings(&lab, &lab.url, "ca-certificate = \"root.pem\"", "");
    assert_eq!(checked(&lab), ["Bootstrap", "Enrol"]);
    lab.verify("store/latest.crt", "store/latest.key");
    assert_eq!(checked(&lab), [""; 0], "nothing is due");

    // Another endpoint, and with it another CA.
    let first = lab.serial("store/latest.crt");
    settings(&lab, &other.url, "ca-certificate = \"other.pem\"", "");
    assert_eq!(checked(&lab), ["Bootstrap", "Enrol"]);
    openssl::verify(&lab.path("store/latest.crt"), &lab.path("other.pem")).unwrap();
    assert_ne!(lab.serial("store/latest.crt"), first);

    // The same CA, known by its fingerprint from now on, is no change; another one's fingerprint is.
    settings(&lab, &other.url, &format!("ca-fingerprint = \"{}\"", fingerprint(&lab, "other.pem")), "");
    assert_eq!(checked(&lab), [""; 0]);
    settings(&lab, &lab.url, &format!("ca-fingerprint = \"{}\"", fingerprint(&lab, "root.pem")), "");
    assert_eq!(checked(&lab), ["Bootstrap", "Enrol"]);
    lab.verify("store/latest.crt", "store/latest.key");

    // A fingerprint that is nobody's: the old certificate stays.
    let kept = lab.serial("store/latest.crt");
    settings(&lab, &lab.url, &format!("ca-fingerprint = \"{}\"", "0".repeat(64)), "");
    let refused = lab.client(&["agent", "check", "--config", "agent.toml"]);
    assert_ne!(refused.code, Some(0), "{}", refused.stdout);
    assert_eq!(lab.serial("store/latest.crt"), kept);
}

#[test]
fn r8_status_says_in_the_words_of_the_router_how_far_the_agent_is() {
    let lab = Lab::new("[policy]\nmode = \"manual\"\n");
    let trust = "ca-certificate = \"root.pem\"";
    settings(&lab, &lab.url, trust, "enabled = false\n");
    assert_eq!(status(&lab), "Module scepClient disabled\nCertificate not enrolled\n");
    settings(&lab, &lab.url, trust, "");
    assert_eq!(status(&lab), "Module scepClient not running\nCertificate not enrolled\n");

    let mut command = Command::new(binaries::path_of("mock-client").unwrap());
    command.args(["agent", "run", "--config", "agent.toml"]).current_dir(&lab.folder);
    let mut agent = Process::start(&mut command, &lab.path("agent.log")).unwrap();
    let at_work = "Module scepClient running\nCertificate enrollment\n";
    agent.wait_for(|_| (status(&lab) == at_work).then_some(())).unwrap();
    // It is at work before its request has arrived.
    agent
        .wait_for(|_| lab.admin("GET", "/pending", "").as_array().filter(|all| !all.is_empty()).map(drop))
        .unwrap();
    lab.approve_all();
    let enrolled = |lab: &Lab| {
        let serial = lab.path("store/latest.crt").exists().then(|| lab.serial("store/latest.crt"))?;
        let text = format!("Module scepClient not running\nCertificate enrolled {serial}\n");
        (status(lab).to_uppercase() == text.to_uppercase()).then_some(())
    };
    agent.wait_for(|_| enrolled(&lab)).unwrap();
}
