//! What is printed: status lines on standard output, complaints on standard error, each behind the name of
//! the program.

use crate::cli::{Io, printable};

/// Where lines go, and how many of them.
pub(super) struct Out<'a, 'b> {
    name: &'a str,
    io: &'a mut Io<'b>,
    pub(super) verbose: bool,
    pub(super) debug: bool,
}

impl<'a, 'b> Out<'a, 'b> {
    pub(super) fn new(name: &'a str, io: &'a mut Io<'b>) -> Self {
        Self { name, io, verbose: false, debug: false }
    }

    /// A line that is always there.
    pub(super) fn say(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.io.stdout, "{}: {}", self.name, printable(line.as_ref()));
    }

    /// A line with `-v`.
    pub(super) fn tell(&mut self, line: impl AsRef<str>) {
        if self.verbose {
            self.say(line);
        }
    }

    /// A line below another one, with `-v`.
    pub(super) fn detail(&mut self, line: impl AsRef<str>) {
        if self.verbose {
            let _ = writeln!(self.io.stdout, "  {}", printable(line.as_ref()));
        }
    }

    /// A line with `-d`.
    pub(super) fn debug(&mut self, line: impl AsRef<str>) {
        if self.debug {
            self.say(line);
        }
    }

    /// A complaint.
    pub(super) fn complain(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.io.stderr, "{}: {}", self.name, printable(line.as_ref()));
    }

    pub(super) fn usage(&mut self) {
        let _ = write!(self.io.stdout, "Usage: {} OPERATION [OPTIONS]\n{USAGE}", self.name);
    }

    pub(super) fn flush(&mut self) {
        self.io.flush();
    }
}

/// Operations and options.
const USAGE: &str = "
Operations:
  getca       fetch the certificates of the CA
  getnextca   fetch the certificates of the next CA
  enroll      enrol, or renew with -O and -K
  getcert     fetch a certificate
  getcrl      fetch the CRL
  getcaps     show the capabilities

For all operations:
  -u URL        the SCEP server
  -p HOST:PORT  an HTTP proxy
  -g ENGINE     refused: there are no cryptographic engines here
  -f FILE       configuration file
  -c FILE       certificate of the CA, or FILE-0, FILE-1, ...; written by getca and getnextca
  -E NAME       encryption: des, 3des, blowfish, aes (aes128), aes192, aes256
  -S NAME       signature: md5, sha1, sha224, sha256, sha384, sha512
  -M TEXT       NAME=VALUE&... to go along with every request
  -W SECONDS    for which is waited until the server takes a connection
  -h            refused: there is no engine that could hold a key
  -H, -m TEXT   taken, and without meaning
  -v            more lines
  -d            still more

For getca and getnextca:
  -i TEXT       identifier of the CA
  -F NAME       fingerprint: md5, sha1, sha224, sha256, sha384, sha512
  -C FILE       certificates that verify the next CA (getnextca)

For enroll:
  -k FILE       private key
  -r FILE       certificate request
  -K FILE       key that signs, with -O
  -O FILE       certificate that signs, instead of a self-signed one
  -l FILE       where the certificate is written
  -e FILE       certificate to encrypt to, if it is not that of -c
  -L FILE       where the self-signed certificate is written
  -t SECONDS    between two polls
  -T SECONDS    for which is polled
  -n NUMBER     of polls
  -R            go on with an interrupted enrolment

For getcert and getcrl:
  -k FILE       private key
  -l FILE       certificate of that key
  -s NUMBER     serial number (getcert)
  -w FILE       where the certificate or the CRL is written
";
