//! The pages of the admin port, without a browser: who sees them, and what no page may do.

use rstest::rstest;
use scep::name;

use crate::device::Device;
use crate::server::{CHALLENGE, Server};
use crate::wire::{Connection, Reply};

/// A login: its cookie, and the key of its forms.
struct Login<'s> {
    server: &'s Server,
    cookie: String,
    key: String,
}

pub(crate) fn ask(server: &Server, method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let headers = format!("{form}{headers}");
    Connection::open(&server.admin_url()).ask(method, target, &headers, body.as_bytes())
}

impl<'s> Login<'s> {
    fn new(server: &'s Server) -> Self {
        let reply = ask(server, "POST", "/pages/login", "", &format!("token={}", server.admin_token()));
        assert_eq!((reply.status, reply.header("location")), (303, Some("/pages")));
        let set = reply.header("set-cookie").unwrap();
        assert!(
            set.contains("HttpOnly")
                && set.contains("SameSite=Strict")
                && !set.contains(server.admin_token())
        );
        let cookie = format!("Cookie: other=1; {}\r\n", set.split(';').next().unwrap());
        let page = ask(server, "GET", "/pages/preregister", &cookie, "").text();
        let key = page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Self { server, cookie, key }
    }

    fn get(&self, page: &str) -> Reply {
        ask(self.server, "GET", page, &self.cookie, "")
    }

    fn post(&self, page: &str, body: &str) -> Reply {
        ask(self.server, "POST", page, &self.cookie, &format!("{body}&key={}", self.key))
    }
}

const PAGES: &[&str] = &[
    "/pages",
    "/pages/preregister",
    "/pages/import",
    "/pages/preregistrations",
    "/pages/devices",
    "/pages/challenge",
    "/pages/pending",
    "/pages/certificates",
    "/pages/rollover",
    "/pages/behaviour",
    "/pages/transcript",
    "/pages/audit",
];

#[test]
fn pages_are_for_who_logged_in_and_run_no_script() {
    let server = Server::start();
    let login = Login::new(&server);
    for page in PAGES {
        let stranger = ask(&server, "GET", page, "", "");
        assert_eq!((stranger.status, stranger.header("location")), (303, Some("/pages/login")), "{page}");
        let reply = login.get(page);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{page}"
        );
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!reply.text().contains("<script") && !reply.text().contains(server.admin_token()), "{page}");
    }
    assert_eq!(login.get("/pages/nothing").status, 404);
    assert_eq!(ask(&server, "POST", "/pages/login", "", "token=wrong").status, 401);
}

#[rstest]
#[case::none("")]
#[case::wrong("key=0000")]
fn a_form_without_its_key_does_nothing(#[case] key: &str) {
    let server = Server::start();
    let login = Login::new(&server);
    let body = format!("client_name=r1&passphrase=p&template=5YSCEPP&{key}");
    let reply = ask(&server, "POST", "/pages/preregister", &login.cookie, &body);
    assert_eq!(reply.status, 403);
    assert!(!login.get("/pages/preregistrations").text().contains("r1"));
    let reply = ask(&server, "POST", "/pages/preregister", "", &format!("{body}&key={}", login.key));
    assert_eq!(reply.status, 303, "nor does the key without the login");
}

#[test]
fn a_cookie_is_no_token_of_the_api() {
    let server = Server::start();
    let login = Login::new(&server);
    assert_eq!(ask(&server, "PUT", "/faults", &login.cookie, r#"{"faults":[]}"#).status, 401);
}

#[test]
fn what_comes_from_the_network_is_text_on_every_page() {
    let server = Server::start();
    let login = Login::new(&server);
    let evil = "<script>alert(1)</script>\"'";
    let mut device = Device::without_challenge("pool-00");
    device.subject = name::Name::parse("CN=x", name::Strings::default()).unwrap().write();
    let subject = format!("/CN={}", evil.replace('/', "\\/"));
    device.subject = name::parse(&subject).unwrap();
    device.enrol(&server);
    let mut granted = Device { subject: device.subject.clone(), ..Device::new("pool-01") };
    granted.enrol(&server);
    let form = "client_name=%3Cscript%3E&passphrase=p&template=5YSCEPP&subject=O%3D%3Cscript%3E";
    assert_eq!(login.post("/pages/preregister", form).status, 200);
    let device =
        "manufacturer=%3Cscript%3E&type=t&model=m&id=%3Cscript%3E%2F..%2F&description=%22%3E%3Cscript%3E";
    assert_eq!(login.post("/pages/devices", device).status, 200);
    let mut seen = 0;
    for page in PAGES {
        let text = login.get(page).text();
        assert!(!text.contains("<script"), "{page}");
        seen += usize::from(text.contains("&lt;script"));
    }
    assert!(seen >= 5, "{seen} pages show it as text");
}

#[test]
fn a_form_with_a_mistake_is_shown_again_as_it_was_filled_in() {
    let server = Server::start();
    let login = Login::new(&server);
    let reply =
        login.post("/pages/preregister", "client_name=Router+1&passphrase=&template=5YSCEPP&subject=O%3Dlab");
    let text = reply.text();
    assert_eq!(reply.status, 400);
    assert!(
        text.contains("passphrase: expected one, got none") && text.contains("value=\"Router 1\""),
        "{text}"
    );
    let reply = login.post("/pages/behaviour/faults", "fault=http.status-500&nth=x");
    assert_eq!(reply.status, 400);
}

#[test]
fn faults_and_laxities_are_switched_on_a_page() {
    let server = Server::start();
    let login = Login::new(&server);
    assert_eq!(
        login.post("/pages/behaviour/faults", "fault=http.status-500&message=CertRep&nth=2").status,
        200
    );
    let first = Device::new("pool-00").enrol(&server).http.status;
    assert_eq!((first, Device::new("pool-01").enrol(&server).http.status), (200, 500));
    login.post("/pages/behaviour/faults/clear", "");
    login.post("/pages/behaviour/faults", "fault=http.status-500&message=CertRep&to=CertPoll");
    let mut device = Device::new("pool-04");
    assert_eq!((device.enrol(&server).http.status, device.poll(&server).http.status), (200, 500));
    login.post("/pages/behaviour/faults/clear", "");
    assert_eq!(server.delivered().len(), 0);
    login.post("/pages/behaviour/laxities", "laxity=challenge-value&laxity=possession");
    let wrong = Device { challenge: Some("wrong"), ..Device::new("pool-02") }.enrol(&server);
    assert_eq!(wrong.word(), "SUCCESS");
    login.post("/pages/behaviour/laxities", "");
    let wrong = Device { challenge: Some("wrong"), ..Device::new("pool-03") }.enrol(&server);
    assert_eq!(wrong.word(), "FAILURE badRequest");
}

#[test]
fn the_transcript_shows_messages_decoded_and_no_challenge() {
    let server = Server::start();
    let login = Login::new(&server);
    Device::new("pool-00").enrol(&server);
    let text = login.get("/pages/transcript").text();
    for word in ["PKCSReq", "CN=pool-00,O=lab", "DNS:device.example.org", "SUCCESS", "aes128-cbc", "sha-256"]
    {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains(CHALLENGE));
}

#[test]
fn one_time_passwords_are_handed_out_as_ndes_does() {
    let server = Server::start();
    let asked = |password: &str| {
        let basic = openssl::base64::encode_block(format!("admin:{password}").as_bytes());
        ask(&server, "GET", "/certsrv/mscep_admin/", &format!("Authorization: Basic {basic}\r\n"), "")
    };
    assert_eq!(asked("wrong").status, 401);
    assert!(asked("wrong").header("www-authenticate").unwrap().starts_with("Basic"));
    let text = asked(server.admin_token()).text();
    let password =
        text.split("challenge password is: <b id=\"challenge\">").nth(1).unwrap().split('<').next().unwrap();
    let password: &'static str = Box::leak(password.to_owned().into_boxed_str());
    assert!(
        text.contains("This password can be used only once and will expire within 60 minutes."),
        "{text}"
    );
    let enrol = |key| Device { challenge: Some(password), ..Device::new(key) }.enrol(&server).word();
    assert_eq!((enrol("pool-00"), enrol("pool-01")), ("SUCCESS".to_owned(), "FAILURE badRequest".to_owned()));
}

#[test]
fn metrics_count_what_was_answered() {
    let server = Server::start();
    Device::new("pool-00").enrol(&server);
    Device::without_challenge("pool-01").enrol(&server);
    let token = format!("Authorization: Bearer {}\r\n", server.admin_token());
    let reply = ask(&server, "GET", "/metrics", &token, "");
    let text = reply.text();
    assert!(reply.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for line in [
        "mock_ca_answers_total{message=\"CertRep\",pki_status=\"SUCCESS\",http_status=\"200\"} 1",
        "mock_ca_answers_total{message=\"CertRep\",pki_status=\"PENDING\",http_status=\"200\"} 1",
        "mock_ca_envelope_key_operations_total 2",
        "mock_ca_envelope_decryptions_total 2",
        "mock_ca_pending_requests 1",
        "# TYPE mock_ca_answers_total counter",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in {text}");
    }
    assert_eq!(ask(&server, "GET", "/metrics", "", "").status, 401);
}
