//! A real browser without a screen: Chromium, driven by WebDriver (W3C). Only what the tests of pages need.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::PeerError;
use super::process::{LIMIT, Process};

/// The programs that it needs.
pub const PROGRAMS: &[&str] = &["chromium", "chromedriver"];

/// What is told apart from its elements' identifiers, by the standard.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window, and an empty profile of its own. Ends when dropped.
#[derive(Debug)]
pub struct Browser {
    port: u16,
    session: String,
    _driver: Process, // ends before its folder goes
    _folder: TempDir,
}

/// Pause between two looks at a page that is still loading.
const PAUSE: Duration = Duration::from_millis(50);

impl Browser {
    /// Starts it.
    ///
    /// # Errors
    /// When driver or browser do not come up; the error has what they said.
    pub fn start() -> Result<Self, PeerError> {
        let folder = tempfile::tempdir().map_err(PeerError::io("folder for chromium"))?;
        let mut command = Command::new("chromedriver");
        command.args(["--port=0"]).env("HOME", folder.path());
        let mut driver = Process::start(&mut command, &folder.path().join("chromedriver.log"))?;
        let port = driver.wait_for(|driver| {
            let output = driver.output();
            output.split("successfully on port ").nth(1)?.split('.').next()?.trim().parse().ok()
        })?;
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1200,1000",
            &profile,
        ];
        let options = json!({ "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = ask(port, "POST", "/session", Some(&wanted))?;
        let session = made["sessionId"].as_str().unwrap_or_default().to_owned();
        Ok(Self { port, session, _driver: driver, _folder: folder })
    }

    /// Goes to a page.
    ///
    /// # Errors
    /// When it does not load.
    pub fn go(&self, url: &str) -> Result<(), PeerError> {
        self.command("POST", "/url", Some(&json!({ "url": url }))).map(drop)
    }

    /// The address of the page that is shown.
    ///
    /// # Errors
    /// What the driver says.
    pub fn address(&self) -> Result<String, PeerError> {
        Ok(self.command("GET", "/url", None)?.as_str().unwrap_or_default().to_owned())
    }

    /// Text of the first element that the CSS selector matches, as a person sees it.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, selector: &str) -> Result<String, PeerError> {
        let element = self.find("css selector", selector)?;
        let text = self.command("GET", &format!("/element/{element}/text"), None)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Types into the field of that name, in place of what is in it.
    ///
    /// # Errors
    /// When there is none.
    pub fn fill(&self, name: &str, text: &str) -> Result<(), PeerError> {
        let element = self.find("css selector", &format!("main [name={name}]"))?;
        self.command("POST", &format!("/element/{element}/clear"), Some(&json!({})))?;
        self.command("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text }))).map(drop)
    }

    /// Chooses a file for the field of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn choose_file(&self, name: &str, file: &Path) -> Result<(), PeerError> {
        let element = self.find("css selector", &format!("main [name={name}]"))?;
        let text = file.display().to_string();
        self.command("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text }))).map(drop)
    }

    /// Chooses the option with that text.
    ///
    /// # Errors
    /// When there is none.
    pub fn choose(&self, text: &str) -> Result<(), PeerError> {
        self.click(&format!("//main//option[normalize-space()='{text}']"))
    }

    /// Presses the first button with that text, and waits for the page that follows.
    ///
    /// # Errors
    /// When there is none, or no page follows.
    pub fn press(&self, text: &str) -> Result<(), PeerError> {
        let before = self.find("css selector", "html")?;
        self.click(&format!("//button[normalize-space()='{text}']"))?;
        let start = Instant::now();
        // The old page's root is stale once the next page is there.
        while self.find("css selector", "html").is_ok_and(|root| root == before) {
            if start.elapsed() > LIMIT {
                return Err(failed(format!("no page follows the button `{text}`")));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Keeps a picture of the page under that name.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub fn keep_picture(&self, path: &Path) -> Result<(), PeerError> {
        use base64::Engine as _;
        let picture = self.command("GET", "/screenshot", None)?;
        let octets = base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().unwrap_or_default())
            .map_err(|error| failed(error.to_string()))?;
        fs::write(path, octets).map_err(PeerError::io(path.display().to_string()))
    }

    fn click(&self, xpath: &str) -> Result<(), PeerError> {
        let element = self.find("xpath", xpath)?;
        self.command("POST", &format!("/element/{element}/click"), Some(&json!({}))).map(drop)
    }

    fn find(&self, using: &str, value: &str) -> Result<String, PeerError> {
        let found = self.command("POST", "/element", Some(&json!({ "using": using, "value": value })))?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    fn command(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, PeerError> {
        ask(self.port, method, &format!("/session/{}{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is a child of the driver, and ends with its session.
        let _ = self.command("DELETE", "", None);
    }
}

/// A command to the driver, and the value that it answers with.
fn ask(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value, PeerError> {
    let answer = exchange(port, method, path, body).map_err(PeerError::io("chromedriver"))?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|error| failed(error.to_string()))?;
    let value = &answer["value"];
    match value["error"].as_str() {
        Some(error) => Err(failed(format!("{error}: {}", value["message"].as_str().unwrap_or_default()))),
        None => Ok(value.clone()),
    }
}

fn exchange(port: u16, method: &str, path: &str, body: Option<&Value>) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let body = body.map(ToString::to_string).unwrap_or_default();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut octets = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        if let Some(body) = whole_body(&octets) {
            return Ok(body);
        }
        match stream.read(&mut chunk)? {
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the driver hung up")),
            count => octets.extend_from_slice(&chunk[..count]),
        }
    }
}

/// The body of an answer, once all of it is there. The driver may leave the connection open.
fn whole_body(octets: &[u8]) -> Option<Vec<u8>> {
    let end = octets.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&octets[..end]).ok()?.to_ascii_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    octets.get(end + 4..end + 4 + length).map(<[u8]>::to_vec)
}

fn failed(detail: String) -> PeerError {
    PeerError::io("browser")(io::Error::other(detail))
}

#[cfg(test)]
mod tests {
    use super::whole_body;

    #[test]
    fn a_body_is_there_when_its_length_is() {
        assert_eq!(whole_body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"), None);
        assert_eq!(whole_body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Some(b"{}".to_vec()));
    }
}
