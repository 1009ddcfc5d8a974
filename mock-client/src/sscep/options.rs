//! The options, by the rules of getopt: one letter each, values attached or separate, flags in one word, any
//! order.

use std::path::PathBuf;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// GetCACert.
    GetCa,
    /// GetNextCACert.
    GetNextCa,
    /// PKCSReq and polls.
    Enroll,
    /// GetCert.
    GetCert,
    /// GetCRL.
    GetCrl,
    /// GetCACaps.
    GetCaps,
}

/// The operations by the beginnings of their names: what follows is overlooked.
const OPERATIONS: &[(&str, Operation)] = &[
    ("getcaps", Operation::GetCaps),
    ("getca", Operation::GetCa),
    ("enroll", Operation::Enroll),
    ("getcert", Operation::GetCert),
    ("getcrl", Operation::GetCrl),
    ("getnextca", Operation::GetNextCa),
];

/// Everything that can be set, by option or in the configuration file. Options go before the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The operation; None before it is known.
    pub operation: Option<Operation>,
    /// `-u`
    pub url: Option<String>,
    /// `-p`
    pub proxy: Option<String>,
    /// `-g`
    pub engine: Option<String>,
    /// `-f`
    pub config: Option<PathBuf>,
    /// `-c`
    pub ca: Option<PathBuf>,
    /// `-C`
    pub chain: Option<PathBuf>,
    /// `-E`
    pub encryption: Option<String>,
    /// `-S`
    pub signature: Option<String>,
    /// `-M`, each time.
    pub monitor: Vec<String>,
    /// `-W`
    pub wait: Option<u64>,
    /// `-h`: the private key is named by an identifier of the engine.
    pub key_in_engine: bool,
    /// `-v`
    pub verbose: bool,
    /// `-d`
    pub debug: bool,
    /// `-i`
    pub identifier: Option<String>,
    /// `-F`
    pub fingerprint: Option<String>,
    /// `-k`
    pub key: Option<PathBuf>,
    /// `-r`
    pub request: Option<PathBuf>,
    /// `-K`
    pub signer_key: Option<PathBuf>,
    /// `-O`
    pub signer: Option<PathBuf>,
    /// `-l`
    pub local: Option<PathBuf>,
    /// `-e`
    pub encrypt_to: Option<PathBuf>,
    /// `-L`
    pub self_signed: Option<PathBuf>,
    /// `-t`
    pub interval: Option<u64>,
    /// `-T`
    pub max_seconds: Option<u64>,
    /// `-n`
    pub max_polls: Option<u64>,
    /// `-R`
    pub resume: bool,
    /// `-s`
    pub serial: Option<String>,
    /// `-w`
    pub write_to: Option<PathBuf>,
}

/// What came of the words of the command line.
pub(super) enum Parsed {
    Options(Box<Options>),
    /// The usage is printed, after a complaint if there is one.
    Usage(Option<String>),
}

/// Options with a value.
/// `m` is taken, as `H` is, and means nothing.
const WITH_VALUE: &str = "upgfcCESMiFkrKOleLtTnswWm";
/// Options without.
const FLAGS: &str = "vdRhH";

impl Options {
    pub(super) fn parse(args: &[String]) -> Parsed {
        let Some((first, rest)) = args.split_first() else { return Parsed::Usage(None) };
        let Some((_, operation)) = OPERATIONS.iter().find(|(name, _)| first.starts_with(name)) else {
            return Parsed::Usage(Some(format!("missing or illegal operation parameter: {first}")));
        };
        let mut options = Self { operation: Some(*operation), ..Self::default() };
        match options.take(rest) {
            Ok(()) => Parsed::Options(Box::new(options)),
            Err(complaint) => Parsed::Usage(Some(complaint)),
        }
    }

    fn take(&mut self, args: &[String]) -> Result<(), String> {
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                continue;
            };
            let mut rest = letters.chars();
            while let Some(letter) = rest.next() {
                if FLAGS.contains(letter) {
                    self.flag(letter);
                } else if WITH_VALUE.contains(letter) {
                    let attached: String = rest.by_ref().collect();
                    let value = if attached.is_empty() { words.next().cloned() } else { Some(attached) };
                    let value = value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?;
                    self.set(letter, value);
                } else {
                    return Err(format!("invalid option -- '{letter}'"));
                }
            }
        }
        Ok(())
    }

    fn flag(&mut self, letter: char) {
        match letter {
            'v' => self.verbose = true,
            'd' => self.debug = true,
            'R' => self.resume = true,
            'h' => self.key_in_engine = true,
            _ => {}
        }
    }

    /// Sets what a letter stands for. The last one counts, as with getopt.
    pub(super) fn set(&mut self, letter: char, value: String) {
        match letter {
            'u' => self.url = Some(value),
            'p' => self.proxy = Some(value),
            'g' => self.engine = Some(value),
            'f' => self.config = Some(value.into()),
            'c' => self.ca = Some(value.into()),
            'C' => self.chain = Some(value.into()),
            'E' => self.encryption = Some(value),
            'S' => self.signature = Some(value),
            'M' => self.monitor.push(value),
            'i' => self.identifier = Some(value),
            'F' => self.fingerprint = Some(value),
            'k' => self.key = Some(value.into()),
            'r' => self.request = Some(value.into()),
            'K' => self.signer_key = Some(value.into()),
            'O' => self.signer = Some(value.into()),
            'l' => self.local = Some(value.into()),
            'e' => self.encrypt_to = Some(value.into()),
            'L' => self.self_signed = Some(value.into()),
            't' => self.interval = Some(leading_number(&value)),
            'T' => self.max_seconds = Some(leading_number(&value)),
            'n' => self.max_polls = Some(leading_number(&value)),
            's' => self.serial = Some(value),
            'W' => self.wait = Some(leading_number(&value)),
            'w' => self.write_to = Some(value.into()),
            _ => {}
        }
    }

    /// Takes over what a configuration file says and the command line does not.
    pub(super) fn fill_from(&mut self, file: Self) {
        macro_rules! fill {
            ($($field:ident)*) => { $(if self.$field.is_none() { self.$field = file.$field; })* };
        }
        fill!(url proxy engine ca chain encryption signature identifier fingerprint key request signer_key
            signer local encrypt_to self_signed interval max_seconds max_polls serial write_to wait);
        if self.monitor.is_empty() {
            self.monitor = file.monitor;
        }
        self.verbose |= file.verbose;
        self.debug |= file.debug;
        self.resume |= file.resume;
    }
}

/// The number at the beginning of a text, 0 when there is none, as atoi has it.
fn leading_number(text: &str) -> u64 {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Operation, Options, Parsed};

    fn parse(line: &str) -> Result<Options, Option<String>> {
        let words: Vec<String> = line.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
        match Options::parse(&words) {
            Parsed::Options(options) => Ok(*options),
            Parsed::Usage(complaint) => Err(complaint),
        }
    }

    #[rstest]
    #[case::url("-u x", |o: &Options| o.url.as_deref() == Some("x"))]
    #[case::proxy("-p x", |o: &Options| o.proxy.as_deref() == Some("x"))]
    #[case::engine("-g x", |o: &Options| o.engine.as_deref() == Some("x"))]
    #[case::config("-f x", |o: &Options| o.config.as_deref() == Some("x".as_ref()))]
    #[case::ca("-c x", |o: &Options| o.ca.as_deref() == Some("x".as_ref()))]
    #[case::chain("-C x", |o: &Options| o.chain.as_deref() == Some("x".as_ref()))]
    #[case::encryption("-E x", |o: &Options| o.encryption.as_deref() == Some("x"))]
    #[case::signature("-S x", |o: &Options| o.signature.as_deref() == Some("x"))]
    #[case::monitor("-M a=1 -M b=2", |o: &Options| o.monitor == ["a=1", "b=2"])]
    #[case::verbose("-v", |o: &Options| o.verbose)]
    #[case::debug("-d", |o: &Options| o.debug)]
    #[case::identifier("-i x", |o: &Options| o.identifier.as_deref() == Some("x"))]
    #[case::fingerprint("-F x", |o: &Options| o.fingerprint.as_deref() == Some("x"))]
    #[case::key("-k x", |o: &Options| o.key.as_deref() == Some("x".as_ref()))]
    #[case::request("-r x", |o: &Options| o.request.as_deref() == Some("x".as_ref()))]
    #[case::signer_key("-K x", |o: &Options| o.signer_key.as_deref() == Some("x".as_ref()))]
    #[case::signer("-O x", |o: &Options| o.signer.as_deref() == Some("x".as_ref()))]
    #[case::local("-l x", |o: &Options| o.local.as_deref() == Some("x".as_ref()))]
    #[case::encrypt_to("-e x", |o: &Options| o.encrypt_to.as_deref() == Some("x".as_ref()))]
    #[case::self_signed("-L x", |o: &Options| o.self_signed.as_deref() == Some("x".as_ref()))]
    #[case::interval("-t 5", |o: &Options| o.interval == Some(5))]
    #[case::interval_of_letters("-t x", |o: &Options| o.interval == Some(0))]
    #[case::interval_with_tail("-t 5s", |o: &Options| o.interval == Some(5))]
    #[case::max_seconds("-T 60", |o: &Options| o.max_seconds == Some(60))]
    #[case::max_polls("-n 7", |o: &Options| o.max_polls == Some(7))]
    #[case::resume("-R", |o: &Options| o.resume)]
    #[case::serial("-s 12", |o: &Options| o.serial.as_deref() == Some("12"))]
    #[case::write_to("-w x", |o: &Options| o.write_to.as_deref() == Some("x".as_ref()))]
    #[case::wait("-W 30", |o: &Options| o.wait == Some(30))]
    #[case::key_in_engine("-h", |o: &Options| o.key_in_engine)]
    #[case::without_meaning("-H -m x -u y", |o: &Options| o.url.as_deref() == Some("y"))]
    #[case::attached("-ux", |o: &Options| o.url.as_deref() == Some("x"))]
    #[case::together("-vdux", |o: &Options| o.verbose && o.debug && o.url.as_deref() == Some("x"))]
    #[case::last_counts("-u y -u x", |o: &Options| o.url.as_deref() == Some("x"))]
    #[case::between_words("word -u x", |o: &Options| o.url.as_deref() == Some("x"))]
    #[case::end("-u x -- -u y", |o: &Options| o.url.as_deref() == Some("x"))]
    fn r9_every_option_is_known(#[case] words: &str, #[case] holds: fn(&Options) -> bool) {
        let options = parse(&format!("enroll {words}")).unwrap();
        assert_eq!(options.operation, Some(Operation::Enroll));
        assert!(holds(&options), "{options:?}");
    }

    #[rstest]
    #[case::getca("getca", Operation::GetCa)]
    #[case::getcaps("getcaps", Operation::GetCaps)]
    #[case::getnextca("getnextca", Operation::GetNextCa)]
    #[case::enroll("enroll", Operation::Enroll)]
    #[case::enrollment("enrollment", Operation::Enroll)]
    #[case::getcert("getcert", Operation::GetCert)]
    #[case::getcrl("getcrl", Operation::GetCrl)]
    fn r9_every_operation_is_known_by_its_beginning(#[case] word: &str, #[case] operation: Operation) {
        assert_eq!(parse(word).unwrap().operation, Some(operation));
    }

    #[rstest]
    #[case::nothing("", None)]
    #[case::operation("enrol", Some("missing or illegal operation parameter: enrol"))]
    #[case::option("enroll -x", Some("invalid option -- 'x'"))]
    #[case::value("enroll -u", Some("option requires an argument -- 'u'"))]
    fn what_makes_no_sense_ends_in_the_usage(#[case] line: &str, #[case] complaint: Option<&str>) {
        assert_eq!(parse(line).unwrap_err().as_deref(), complaint);
    }
}
