//! The recorded exchanges of one run of one case: all that the judge ever sees.
//!
//! `transcript.json` holds the frame (steps, HTTP heads, outcome); bodies and keys are files beside it, so
//! that `openssl` can be pointed at them. Loading gives back the same value that the runner built, and a
//! verdict is a pure function of it.

use std::collections::BTreeMap;

use scep::Finding;
use scep::http::{Incoming, Method};
use serde::{Deserialize, Serialize};

/// Schema name of `transcript.json`.
pub const SCHEMA: &str = "sceptic/transcript/1";

/// One run of one case instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Case id.
    pub case: String,
    /// Instance id (case id plus axis values).
    pub instance: String,
    /// What the runner did, in order. `ca` (discovery) first, `alive` last.
    pub exchanges: Vec<Exchange>,
    /// Runs of the client under test, by step id. Empty in server cases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<String, ClientRun>,
    /// Times each served fault was applied to a message that went out. Empty in server cases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delivered: BTreeMap<String, u32>,
    /// Why the runner could not finish, when it could not: a failure of ours, never the subject's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness_error: Option<String>,
    /// What the runner remarked: an operator who had nothing to decide, a message that could not be addressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Wall-clock milliseconds.
    pub ms: u64,
}

/// One HTTP request and its answer, whichever side we were on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Step id; several exchanges of one step (a repeat) carry the same id, in order. In client cases the
    /// id is that of the client run during which our server saw it.
    pub step: String,
    /// Request as sent or seen.
    pub request: Request,
    /// Answer, or why there is none.
    pub reply: Reply,
    /// Keys that open envelopes of this exchange: the request's (client cases: the CA key) and the reply's
    /// (server cases: the signer's key). PKCS#8 PEM. Only test keys and keys made for this run.
    #[serde(default)]
    pub keys: Keys,
    /// What we put into the request's envelope, DER. None when we did not make it.
    #[serde(skip)]
    pub message_data: Option<Vec<u8>>,
    /// Milliseconds from sending to the end of the answer.
    pub ms: u64,
}

/// Keys that open the envelopes of one exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Opens the request's envelope, PKCS#8 PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Opens the reply's envelope, PKCS#8 PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// A request as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// Body octets; kept in a file of its own.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl Request {
    /// Query and message, taken apart as a server does it.
    ///
    /// # Errors
    /// When the `message` parameter of a GET is no base64 at all.
    pub fn incoming(&self, findings: &mut Vec<Finding>) -> scep::error::Result<Incoming> {
        let method = if self.is_post() { Method::Post } else { Method::Get };
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        Incoming::read(method, query, &self.body, findings)
    }

    /// True when the message is the body.
    #[must_use]
    pub fn is_post(&self) -> bool {
        self.method == Method::Post.name()
    }
}

/// An answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// An HTTP answer.
    Answered(Response),
    /// The connection was refused, reset or closed without an answer, or the time limit passed.
    Failed {
        /// `refused`, `closed`, `timeout`, `not-http`, `unreachable`.
        kind: String,
        /// What the operating system or the HTTP reader said.
        detail: String,
    },
    /// Nothing was asked (an operator step).
    None,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// Body octets; kept in a file of its own.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// One run of the client under test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRun {
    /// Outcome by the peer file's map: `installed`, `rejected`, `pending`, `network`, `unclear`.
    pub outcome: String,
    /// True when the file that the operation was run for exists and holds what it is to hold: a certificate
    /// (of a renewal, another one than before), or a CRL.
    pub installed: bool,
    /// Exit code, when it exited.
    pub exit: Option<i32>,
    /// Signal number, when it was killed by one.
    pub signal: Option<i32>,
    /// True when the harness ended it at the time limit.
    pub timed_out: bool,
    /// Command line. The challengePassword in it was made for this run.
    pub command: Vec<String>,
    /// Standard output and error, lossily decoded, the first 64 KiB of each.
    pub stdout: String,
    /// See `stdout`.
    pub stderr: String,
    /// Output files it wrote: role (`certificate`, `ca`) to file name in the evidence folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// DER of the installed certificate.
    #[serde(skip)]
    pub certificate: Option<Vec<u8>>,
    /// DER of the CRL that was kept.
    #[serde(skip)]
    pub crl: Option<Vec<u8>>,
    /// challengePassword that the client was configured with: made for this run, worth nothing elsewhere.
    pub challenge: String,
}

/// Octets of one exchange that are a file of their own in the evidence folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The request's message: POST body, or the decoded `message` parameter.
    Request,
    /// eContent of the request, when it came in several chunks.
    RequestContent,
    /// The request's decrypted messageData.
    RequestData,
    /// The reply's body.
    Reply,
    /// eContent of the reply, when it came in several chunks.
    ReplyContent,
    /// The reply's decrypted messageData.
    ReplyData,
}

impl File {
    /// Name of the file of exchange number `index` (from 0), which belongs to `step`.
    #[must_use]
    pub fn name(self, index: usize, step: &str) -> String {
        let what = match self {
            Self::Request => "request.der",
            Self::RequestContent => "request.eContent.der",
            Self::RequestData => "request.messageData.der",
            Self::Reply => "reply.body",
            Self::ReplyContent => "reply.eContent.der",
            Self::ReplyData => "reply.messageData.der",
        };
        format!("{:02}-{step}.{what}", index + 1)
    }
}
