//! A `mock-ca` and a folder for a device: the programs as a user starts them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tests::binaries;
use tests::peers::openssl;
use tests::peers::process::Process;

/// A server with a configuration of its own, and a folder for a device.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    admin: String,
    token: String,
    _server: Process, // ends before its folder goes
}

/// What the client said.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new(configuration: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), configuration)
    }

    /// In a folder that has something already: templates, for one.
    pub(crate) fn in_folder(folder: TempDir, configuration: &str) -> Self {
        let file = folder.path().join("mock-ca.toml");
        fs::write(&file, format!("schema = \"sceptic/mock-ca/1\"\n{configuration}")).unwrap();
        let mut command = Command::new(binaries::path_of("mock-ca").unwrap());
        command.args(["serve", "--challenge", "secret", "--config"]).arg(&file);
        command.arg("--ca-out").arg(folder.path().join("root.pem"));
        let mut server = Process::start(&mut command, &folder.path().join("mock-ca.log")).unwrap();
        let started = server.wait_for(|server| {
            let output = server.output();
            // The last line of the greeting: everything before is complete.
            output.contains("for tests only: nobody").then_some(output)
        });
        let started = started.unwrap();
        let words = |line: &str| -> Vec<String> {
            let line = started.lines().find(|one| one.starts_with(line)).unwrap();
            line.split_whitespace().map(str::to_owned).collect()
        };
        let (scep, admin) = (words("scep "), words("admin "));
        Self {
            url: scep[1].clone(),
            admin: admin[1].clone(),
            token: admin[3].clone(),
            folder,
            _server: server,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the client in the folder.
    pub(crate) fn client(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(binaries::path_of("mock-client").unwrap());
        let Output { status, stdout, stderr } =
            command.args(args).current_dir(&self.folder).output().unwrap();
        let text = |octets| String::from_utf8(octets).unwrap();
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    pub(crate) fn enroll(&self, more: &[&str]) -> Ran {
        let args = [
            "enroll",
            "--url",
            &self.url,
            "--ca",
            "root.pem",
            "--subject",
            "CN=dev1,O=lab",
            "--out",
            "dev1.crt",
        ];
        self.client(&[&args, more].concat())
    }

    /// Enrols `dev1`, which has to succeed.
    pub(crate) fn enrolled(configuration: &str) -> Self {
        let lab = Self::new(configuration);
        let ran = lab.enroll(&["--challenge", "secret", "--key-out", "dev1.key"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        lab
    }

    /// Calls the administration; its answer.
    pub(crate) fn admin(&self, method: &str, target: &str, body: &str) -> Value {
        let authority = self.admin.trim_start_matches("http://").split('/').next().unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Lets everything that waits have its certificate.
    pub(crate) fn approve_all(&self) {
        for request in self.admin("GET", "/pending", "").as_array().unwrap() {
            let id =
                request.get("id").or_else(|| request.get("transactionID")).or_else(|| request.get("name"));
            let id = id.and_then(Value::as_str).unwrap_or_else(|| panic!("{request}"));
            self.admin("POST", &format!("/pending/{id}/approve"), "");
        }
    }

    /// openssl finds that the CA issued the certificate, for the key.
    pub(crate) fn verify(&self, certificate: &str, key: &str) {
        openssl::verify(&self.path(certificate), &self.path("root.pem")).unwrap();
        assert_eq!(
            openssl::certified_key(&self.path(certificate)).unwrap(),
            openssl::public_key(&self.path(key)).unwrap()
        );
    }

    pub(crate) fn serial(&self, certificate: &str) -> String {
        let output = Command::new("openssl")
            .args(["x509", "-noout", "-serial", "-in"])
            .arg(self.path(certificate))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().trim_start_matches("serial=").to_owned()
    }

    /// The operator revokes a certificate, for keyCompromise.
    pub(crate) fn revoke(&self, certificate: &str) {
        let serial = self.serial(certificate).to_lowercase();
        self.admin("POST", &format!("/certificates/{serial}/revoke"), "{\"reason\":1}");
    }
}
