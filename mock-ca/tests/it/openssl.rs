//! The openssl command line as an independent judge of what the server writes.

use std::path::Path;
use std::process::Command;

use scep::certificate::pem;

use crate::device::Device;
use crate::server::Server;

/// Runs openssl in the folder; its standard output, when it succeeds.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn openssl_takes_the_answer_and_the_certificate() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let answer = device.enrol(&server);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    write("certrep.der", &answer.http.body);
    write("ca.pem", server.ca_certificate().to_pem().as_bytes());
    write("key.pem", device.signer.key.to_pem().unwrap().as_bytes());
    write("signer.pem", device.signer.certificate.to_pem().as_bytes());
    let run = |line: &str| openssl(folder.path(), &line.split(' ').collect::<Vec<_>>());

    // The signature is checked with the certificate that the message carries.
    run("cms -verify -noverify -binary -inform DER -in certrep.der -out envelope.der");
    run(
        "cms -decrypt -binary -inform DER -in envelope.der -inkey key.pem -recip signer.pem -out degenerate.der",
    );
    write(
        "degenerate.pem",
        pem("PKCS7", &std::fs::read(folder.path().join("degenerate.der")).unwrap()).as_bytes(),
    );
    let certificates = run("pkcs7 -in degenerate.pem -print_certs");
    write("device.pem", certificates.as_bytes());
    // The server's clock stands still: so does openssl's.
    let at = crate::server::NOW.0;
    assert!(run(&format!("verify -x509_strict -attime {at} -CAfile ca.pem device.pem")).contains("OK"));
    assert!(run("x509 -noout -ext subjectAltName -in device.pem").contains("DNS:device.example.org"));
    assert!(
        run("x509 -noout -ext keyUsage -in ca.pem")
            .contains("Digital Signature, Key Encipherment, Certificate Sign, CRL Sign")
    );
}
