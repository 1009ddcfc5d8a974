//! The pages of mock-ca in a real browser, with a real client at the other end. Pictures are kept under
//! `target/artefacts`.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing browser means: ignored, failed, or not looked for.

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::Failed;
use tests::peers::browser::{self, Browser};
use tests::peers::{MockCa, mock_client, policy};
use tests::trials;

fn main() -> ExitCode {
    trials::run(|asked| {
        let missing = asked.missing(|| policy::missing_programs(browser::PROGRAMS));
        let name = "an_administrator_works_with_the_pages";
        vec![asked.trial(name, &missing, Box::new(an_administrator_works_with_the_pages))]
    })
}

/// Where a picture of that name is kept.
fn picture(name: &str) -> Result<PathBuf, std::io::Error> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/artefacts");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.png")))
}

/// One day of an administrator: preregisters a client, imports a batch with bad rows, approves the request
/// of the client, and revokes its certificate.
fn an_administrator_works_with_the_pages() -> Result<(), Failed> {
    let server = MockCa::start_with(&["--mode", "manual"])?;
    let (admin, token) = server.admin();
    let page = |path: &str| format!("{admin}/pages/{path}");
    let browser = Browser::start()?;

    browser.go(&page("preregister"))?;
    assert_eq!(browser.address()?, page("login"), "nothing is shown without login");
    browser.fill("token", "00000000000000000000000000000000")?;
    browser.press("Log in")?;
    assert_eq!(browser.text(".error")?, "The token is wrong.");
    browser.fill("token", &token)?;
    browser.press("Log in")?;
    assert_eq!(browser.text("h1")?, "Overview");

    browser.go(&page("preregister"))?;
    browser.choose("5-Year SCEP Certificate - Preregistration")?;
    browser.fill("client_name", "Router-1")?;
    browser.fill("passphrase", "open sesame")?;
    browser.fill("subject", "OU=<b>bold</b>")?;
    browser.keep_picture(&picture("preregister")?)?;
    browser.press("Preregister")?;
    assert_eq!(browser.text(".done")?, "router-1 is preregistered, with template 5YSCEPP.");
    browser.fill("client_name", "ROUTER-1")?;
    browser.fill("passphrase", "another")?;
    browser.press("Preregister")?;
    assert!(browser.text(".error")?.contains("`router-1` is taken"), "{}", browser.text(".error")?);

    browser.go(&page("import"))?;
    browser.fill("csv", "client name,passphrase\nrouter-2,two\n,three\nROUTER-2,four\n")?;
    browser.press("Import")?;
    assert_eq!(browser.text(".error")?, "Nothing was imported: 2 rows are bad.");
    let table = browser.text("table")?;
    assert!(table.contains("\n3 ") && table.contains("\n4 "), "{table}");
    browser.keep_picture(&picture("import-with-bad-rows")?)?;
    browser.fill("csv", "client name,passphrase\nrouter-2,two\nrouter-3,three\n")?;
    browser.press("Import")?;
    assert_eq!(browser.text(".done")?, "2 clients are preregistered.");
    let folder = tempfile::tempdir()?;
    let upload = |rows: &str| -> Result<(), Failed> {
        let file = folder.path().join("batch.csv");
        std::fs::write(&file, format!("client name,passphrase\n{rows}"))?;
        browser.choose_file("file", &file)?;
        browser.press("Import")?;
        Ok(())
    };
    upload("router-4,four\n,five\n")?;
    assert_eq!(browser.text(".error")?, "Nothing was imported: one row is bad.");
    assert!(browser.text("table")?.contains("\n3 "), "{}", browser.text("table")?);
    upload("router-4,four\nrouter-5,\"fi\"\"ve\"\n")?;
    assert_eq!(browser.text(".done")?, "2 clients are preregistered.");

    browser.go(&page("preregistrations"))?;
    browser.fill("contains", "ROUTER-1")?;
    browser.press("Search")?;
    let found = browser.text("table")?;
    assert!(found.contains("OU=<b>bold</b>") && !found.contains("router-2"), "a text stays a text: {found}");
    browser.keep_picture(&picture("preregistrations")?)?;

    let (url, ca) = (server.url().to_owned(), server.ca_certificate());
    let client = std::thread::spawn(move || {
        let enrolled = mock_client::enrol(&url, "open sesame", "Router-1", &["--poll-interval", "1"]);
        enrolled.and_then(|device| device.is_certified_by(&ca)).map_err(|error| error.to_string())
    });
    let mut reloads = 0;
    loop {
        browser.go(&page("pending"))?;
        if browser.text("main")?.contains("Router-1") {
            break;
        }
        reloads += 1;
        assert!(reloads < 500 && !client.is_finished(), "the request never came");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    browser.keep_picture(&picture("pending")?)?;
    browser.press("Approve")?;
    assert!(browser.text("main")?.contains("No request waits."));
    assert_eq!(client.join().map_err(|_| "the client panicked")?, Ok(true), "the client has its certificate");

    browser.go(&page("certificates"))?;
    assert!(browser.text("table")?.contains("preregistration of router-1"), "{}", browser.text("table")?);
    browser.choose("keyCompromise")?;
    browser.press("Revoke")?;
    assert!(browser.text("table")?.contains("since "), "{}", browser.text("table")?);
    browser.keep_picture(&picture("revoked")?)?;

    browser.go(&page("devices"))?;
    for (name, text) in [("manufacturer", "Acme"), ("type", "router"), ("model", "R-1"), ("id", "FTX-1")] {
        browser.fill(name, text)?;
    }
    browser.press("Register")?;
    assert_eq!(browser.text("#challenge")?.len(), 20, "shown");
    browser.keep_picture(&picture("device")?)?;
    browser.go(&page("devices"))?;
    assert!(browser.text("#challenge").is_err(), "once");

    browser.go(&page("rollover"))?;
    browser.press("Prepare the next CA")?;
    assert!(browser.text("table")?.contains("next"));
    browser.go(&page("transcript"))?;
    browser.keep_picture(&picture("transcript")?)?;
    assert!(browser.text("main")?.contains("SUCCESS"));
    browser.go(&page("audit"))?;
    let audit = browser.text("table")?;
    for event in ["preregister", "import", "approve", "revoke", "register-device", "prepare-next-ca"] {
        assert!(audit.contains(event), "{event} is not in {audit}");
    }
    browser.keep_picture(&picture("audit")?)?;
    browser.press("Log out")?;
    browser.go(&page("audit"))?;
    assert_eq!(browser.address()?, page("login"));
    Ok(())
}
