//! The configuration file of `-f`, in both of its forms: keys and values between blanks, as the first
//! versions had it, and sections with `Key = Value`.

use super::options::{Operation, Options};

/// One key: the letter of the option that it stands for, and the operations that read it (None: all).
struct Key {
    name: &'static str,
    letter: char,
    only: Option<&'static [Operation]>,
}

const fn key(name: &'static str, letter: char) -> Key {
    Key { name, letter, only: None }
}

const KEYS: &[Key] = &[
    key("URL", 'u'),
    key("Proxy", 'p'),
    key("CACertFile", 'c'),
    key("ChainRootCACertFile", 'C'),
    key("EncAlgorithm", 'E'),
    key("SigAlgorithm", 'S'),
    key("MonitorInformation", 'M'),
    key("CAIdentifier", 'i'),
    key("FingerPrint", 'F'),
    key("PrivateKeyFile", 'k'),
    key("CertReqFile", 'r'),
    key("SignKeyFile", 'K'),
    key("SignCertFile", 'O'),
    key("LocalCertFile", 'l'),
    key("EncCertFile", 'e'),
    key("SelfSignedFile", 'L'),
    key("PollInterval", 't'),
    key("MaxPollTime", 'T'),
    key("MaxPollCount", 'n'),
    key("GetCertSerial", 's'),
    key("engine", 'g'),
    Key { name: "GetCertFile", letter: 'w', only: Some(&[Operation::GetCert]) },
    Key { name: "GetCrlFile", letter: 'w', only: Some(&[Operation::GetCrl]) },
    Key { name: "SignerCertificateFile", letter: 'w', only: Some(&[Operation::GetNextCa]) },
];

/// Keys that switch something on.
const SWITCHES: [&str; 3] = ["Verbose", "Debug", "Resume"];

/// Reads a configuration file for an operation. What is no key is overlooked, as are other sections.
pub(super) fn read(text: &str, operation: Operation) -> Result<Options, String> {
    let mut options = Options::default();
    let mut section: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name.trim().to_owned());
            continue;
        }
        if section.as_deref().is_some_and(|section| !is_read(section, operation)) {
            continue;
        }
        let (name, value) = split(line, section.is_some())
            .ok_or_else(|| format!("line {}: expected a key and a value", number + 1))?;
        apply(&mut options, operation, &name, value);
    }
    Ok(options)
}

fn is_read(section: &str, operation: Operation) -> bool {
    let own = match operation {
        Operation::GetCa => "sscep_getca",
        Operation::GetNextCa => "sscep_getnextca",
        Operation::Enroll => "sscep_enroll",
        Operation::GetCert => "sscep_getcert",
        Operation::GetCrl => "sscep_getcrl",
        Operation::GetCaps => "sscep_getcaps",
    };
    section == "sscep" || section == own
}

fn apply(options: &mut Options, operation: Operation, name: &str, value: String) {
    if SWITCHES.contains(&name) {
        let is_on = ["yes", "true"].iter().any(|word| value.starts_with(word));
        match name {
            "Verbose" => options.verbose |= is_on,
            "Debug" => options.debug |= is_on,
            _ => options.resume |= is_on,
        }
        return;
    }
    let known = KEYS
        .iter()
        .find(|key| key.name == name && key.only.is_none_or(|operations| operations.contains(&operation)));
    // A key without a value is one that nobody filled in.
    if let Some(key) = known.filter(|_| !value.is_empty()) {
        options.set(key.letter, value);
    }
}

/// Key and value of a line, without quotation marks.
fn split(line: &str, with_sign: bool) -> Option<(String, String)> {
    let (name, rest) = word(line);
    let rest = rest.trim_start();
    let rest = if with_sign {
        let rest = rest.strip_prefix('=').or_else(|| name.contains('=').then_some(rest))?;
        rest.trim_start()
    } else {
        rest
    };
    // `Key=Value` in one word.
    if with_sign && let Some((name, value)) = name.split_once('=') {
        let value = if value.is_empty() { word(rest).0 } else { format!("{value}{rest}") };
        return Some((name.to_owned(), value));
    }
    let value = if rest.starts_with('"') || !with_sign { word(rest).0 } else { rest.to_owned() };
    (with_sign || !value.is_empty()).then_some((name, value))
}

/// The first word, which quotation marks may hold together, and what follows. `\"` is a quotation mark.
fn word(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text.get(..end).unwrap_or_default().to_owned(), text.get(end..).unwrap_or_default());
    };
    let (mut value, mut is_escaped) = (String::new(), false);
    for (at, c) in inner.char_indices() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            '"' if !is_escaped => return (value, inner.get(at + 1..).unwrap_or_default()),
            '"' => {
                value.push('"');
                is_escaped = false;
            }
            _ => {
                if std::mem::take(&mut is_escaped) {
                    value.push('\\');
                }
                value.push(c);
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::options::{Operation, Options};
    use super::read;

    #[test]
    fn r9_the_first_form_has_keys_and_values_between_blanks() {
        let text = "# comment\n\nURL   http://ca.example/scep\n\"CACertFile\" \"./my \\\"own\\\" ca.crt\"\n\
                    PollInterval\t60\nMaxPollCount 5\nMaxPollTime 600\nVerbose yes\nDebug no\n\
                    GetCertFile ./cert.crt\nGetCrlFile ./crl.crl\nNoSuchKey 1\n";
        let options = read(text, Operation::GetCrl).unwrap();
        let expected = Options {
            url: Some("http://ca.example/scep".to_owned()),
            ca: Some("./my \"own\" ca.crt".into()),
            interval: Some(60),
            max_polls: Some(5),
            max_seconds: Some(600),
            verbose: true,
            write_to: Some("./crl.crl".into()),
            ..Options::default()
        };
        assert_eq!(options, expected);
        assert_eq!(read(text, Operation::GetCert).unwrap().write_to, Some("./cert.crt".into()));
    }

    #[test]
    fn r9_the_other_form_has_sections_of_which_that_of_the_operation_counts() {
        let text = "[sscep]\nURL = http://ca.example/scep\nCACertFile=ca.crt\nVerbose = true\n\
                    [sscep_getca]\nCAIdentifier = \"my CA\"\nFingerPrint = sha256\n\
                    [sscep_enroll]\nPrivateKeyFile = local.key\nResume =\nMaxPollCount = 3\n\
                    [sscep_engine_capi]\nURL = http://other.example/\n";
        let options = read(text, Operation::Enroll).unwrap();
        let expected = Options {
            url: Some("http://ca.example/scep".to_owned()),
            ca: Some("ca.crt".into()),
            verbose: true,
            key: Some("local.key".into()),
            max_polls: Some(3),
            ..Options::default()
        };
        assert_eq!(options, expected);
        let options = read(text, Operation::GetCa).unwrap();
        assert_eq!(options.identifier.as_deref(), Some("my CA"));
        assert_eq!((options.fingerprint.as_deref(), options.key), (Some("sha256"), None));
    }

    #[rstest]
    #[case::first_form("URL", "line 1")]
    #[case::section("[sscep]\nURL http://a/", "line 2")]
    fn a_line_without_a_value_is_named(#[case] text: &str, #[case] says: &str) {
        assert!(read(text, Operation::GetCa).unwrap_err().starts_with(says));
    }

    #[test]
    fn r9_an_option_goes_before_the_file() {
        let mut options = Options { url: Some("mine".to_owned()), ..Options::default() };
        options.fill_from(read("URL theirs\nCACertFile ca.crt", Operation::GetCa).unwrap());
        assert_eq!((options.url.as_deref(), options.ca), (Some("mine"), Some("ca.crt".into())));
    }
}
