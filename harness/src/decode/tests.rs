//! Messages made with a fixed seed and the public test keys, decoded in every form.

mod http;
mod layers;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::UnixTime;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, pem};
use scep::csr::CsrParts;
use scep::fault::{self, Faults};
use scep::http::HttpRequest;
use scep::key::PrivateKey;
use scep::message::{MessageParts, Outcome, Sender};
use scep::suite::{Cipher, Digest};

use super::{Decoded, Error, Form, Options, decode};

const NOW: UnixTime = UnixTime(1_795_219_200);

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn sender(name: &str, subject: &str) -> Sender {
    let key = key(name);
    let subject = scep::name::parse(subject).unwrap();
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let der = parts.write(&key, &mut Faults::none()).unwrap();
    Sender { certificate: Certificate::from_der(&der).unwrap(), key }
}

fn client() -> Sender {
    sender("pool-00", "CN=router-1,O=lab")
}

fn ca() -> Sender {
    sender("ca-rsa", "CN=Lab CA")
}

fn faults(ids: &[&str]) -> Faults {
    Faults::new(ids.iter().map(|id| fault::find(id).unwrap()).collect())
}

fn message(
    kind: MessageType,
    outcome: Option<Outcome>,
    data: Option<Vec<u8>>,
    faults: &mut Faults,
) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (from, to) = if kind == MessageType::CertRep { (ca(), client()) } else { (client(), ca()) };
    let parts = MessageParts {
        message_type: kind,
        transaction_id: TransactionId::parse(b"transaction-1").unwrap(),
        sender_nonce: Some(Nonce(vec![0xaa; 16])),
        recipient_nonce: outcome.is_some().then(|| Nonce(vec![0xbb; 16])),
        outcome,
        message_data: data,
        recipient: Some(to.certificate.into()),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        certificates: vec![from.certificate.der.clone()],
    };
    parts.write(&from, faults, &mut rng).unwrap()
}

fn csr() -> Vec<u8> {
    let Sender { certificate, key } = client();
    let mut parts = CsrParts::new(&certificate.subject, key.public(), Some("open-sesame"));
    parts.extensions = vec![Extension::dns_names(&["router-1.lab", "r1.lab"]), Extension::key_usage(0b101)];
    parts.write(&key, &mut Faults::none()).unwrap()
}

fn request(ids: &[&str]) -> Vec<u8> {
    message(MessageType::PkcsReq, None, Some(csr()), &mut faults(ids))
}

fn granted() -> Vec<u8> {
    let issued = scep::cms::degenerate(&[client().certificate.der, ca().certificate.der]).write();
    message(MessageType::CertRep, Some(Outcome::Success), Some(issued), &mut Faults::none())
}

fn shown(input: &[u8], key: Option<&PrivateKey>) -> Decoded {
    decode(input, Options { keys: key.map(std::slice::from_ref).unwrap_or_default(), ..Options::default() })
        .unwrap()
}

fn hex(octets: &[u8], between: &str) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(between)
}

fn base64(octets: &[u8]) -> String {
    pem("X", octets).lines().filter(|line| !line.starts_with('-')).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_request_is_shown_layer_by_layer() {
    insta::assert_snapshot!(shown(&request(&[]), Some(&ca().key)), @"
    read as: DER of 2403 bytes

    @0+2403              ContentInfo  signedData
    @19+2384               SignedData
    @23+3                    version  1
    @26+17                   digestAlgorithms  sha-256
    @43+1129                 encapContentInfo
    @47+11                     eContentType  data
    @62+1110                   eContent  1106 octets
    @66+1106                     ContentInfo  envelopedData
    @85+1087                       EnvelopedData
    @89+3                            version  0
    @96+306                          recipientInfos[0]  ktri
    @103+24                            rid  CN=Lab CA, serialNumber 01
    @127+15                            keyEncryptionAlgorithm  rsaEncryption
    @142+260                           encryptedKey  256 octets
    @402+770                         encryptedContentInfo
    @406+11                            contentType  data
    @417+31                            contentEncryptionAlgorithm  aes128-cbc, IV 3e077b0a96bef58ba7760779e544546e
    @448+724                           encryptedContent  720 octets
    messageData@0+712                messageData  712 octets, opened with the key
    messageData@0+712                  CertificationRequest  CN=router-1,O=lab
    messageData@11+35                    subject  CN=router-1,O=lab
    messageData@46+294                   subjectPublicKeyInfo  RSA 2048 bits
    messageData@340+96                   attributes  2
    messageData@342+28                     challengePassword  PrintableString, redacted (--show-secrets)
    messageData@370+66                     extensionRequest  2
    messageData@387+33                       subjectAltName  DNS:router-1.lab, DNS:r1.lab
    messageData@420+16                       keyUsage  critical, digitalSignature, keyEncipherment
    messageData@451+261                  signature  verifies with the key of the request
    @1176+723                certificates[0]  CN=router-1,O=lab
    @1189+3                    serialNumber  01
    @1207+35                   issuer  CN=router-1,O=lab
    @1242+32                   validity  2026-11-20T00:00:00Z to 2026-11-28T00:00:00Z
    @1274+35                   subject  CN=router-1,O=lab
    @1309+294                  subjectPublicKeyInfo  RSA 2048 bits
    @1603+20                   extensions  1
    @1607+16                     keyUsage  critical, digitalSignature, keyEncipherment
    @1638+261                  signatureValue  verifies with its own key
                               fingerprint  sha-256 c7b9dc86654c06debcbc395c1e552048bfe9214dd00dbb5f16d1117941273227
    @1903+500                signerInfos[0]
    @1910+40                   sid  CN=router-1,O=lab, serialNumber 01 = certificates[0]
    @1950+15                   digestAlgorithm  sha-256
    @1965+163                  signedAttrs  5
    @1968+20                     messageType  19 PKCSReq
    @1988+26                     contentType  data
    @2014+31                     transactionID  transaction-1
    @2045+34                     senderNonce  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (16 octets)
    @2079+49                     messageDigest  18e7c23f5a642fc13ab733fae4a22bb7cbc49ad2b8074b24485f4b45ed9b5b1e holds
    @2128+15                   signatureAlgorithm  rsaEncryption
    @2143+260                  signature  verifies with the certificate in the message

    findings: none
    ");
}

#[test]
fn a_granted_answer_is_opened_with_the_key_of_its_request() {
    insta::assert_snapshot!(shown(&granted(), Some(&client().key)), @"
    read as: DER of 3175 bytes

    @0+3175               ContentInfo  signedData
    @19+3156                SignedData
    @23+3                     version  1
    @26+17                    digestAlgorithms  sha-256
    @43+1897                  encapContentInfo
    @47+11                      eContentType  data
    @62+1878                    eContent  1874 octets
    @66+1874                      ContentInfo  envelopedData
    @85+1855                        EnvelopedData
    @89+3                             version  0
    @96+322                           recipientInfos[0]  ktri
    @103+40                             rid  CN=router-1,O=lab, serialNumber 01
    @143+15                             keyEncryptionAlgorithm  rsaEncryption
    @158+260                            encryptedKey  256 octets
    @418+1522                         encryptedContentInfo
    @422+11                             contentType  data
    @433+31                             contentEncryptionAlgorithm  aes128-cbc, IV 3e077b0a96bef58ba7760779e544546e
    @464+1476                           encryptedContent  1472 octets
    messageData@0+1461                messageData  1461 octets, opened with the key
    messageData@0+1461                  ContentInfo  signedData
    messageData@19+1442                   SignedData
    messageData@23+3                        version  1
    messageData@26+2                        digestAlgorithms  none
    messageData@28+13                       encapContentInfo
    messageData@30+11                         eContentType  data
                                              eContent  omitted
    messageData@45+723                      certificates[0]  CN=router-1,O=lab
    messageData@58+3                          serialNumber  01
    messageData@76+35                         issuer  CN=router-1,O=lab
    messageData@111+32                        validity  2026-11-20T00:00:00Z to 2026-11-28T00:00:00Z
    messageData@143+35                        subject  CN=router-1,O=lab
    messageData@178+294                       subjectPublicKeyInfo  RSA 2048 bits
    messageData@472+20                        extensions  1
    messageData@476+16                          keyUsage  critical, digitalSignature, keyEncipherment
    messageData@507+261                       signatureValue  verifies with its own key
                                              fingerprint  sha-256 c7b9dc86654c06debcbc395c1e552048bfe9214dd00dbb5f16d1117941273227
    messageData@768+691                     certificates[1]  CN=Lab CA
    messageData@781+3                         serialNumber  01
    messageData@799+19                        issuer  CN=Lab CA
    messageData@818+32                        validity  2026-11-20T00:00:00Z to 2026-11-28T00:00:00Z
    messageData@850+19                        subject  CN=Lab CA
    messageData@869+294                       subjectPublicKeyInfo  RSA 2048 bits
    messageData@1163+20                       extensions  1
    messageData@1167+16                         keyUsage  critical, digitalSignature, keyEncipherment
    messageData@1198+261                      signatureValue  verifies with its own key
                                              fingerprint  sha-256 0b080a3a608976856fcc07daa8b9ff1d4b7c5145cc963312aeec6f80868af242
                                            signerInfos  none (certificates only)
    @1944+691                 certificates[0]  CN=Lab CA
    @1957+3                     serialNumber  01
    @1975+19                    issuer  CN=Lab CA
    @1994+32                    validity  2026-11-20T00:00:00Z to 2026-11-28T00:00:00Z
    @2026+19                    subject  CN=Lab CA
    @2045+294                   subjectPublicKeyInfo  RSA 2048 bits
    @2339+20                    extensions  1
    @2343+16                      keyUsage  critical, digitalSignature, keyEncipherment
    @2374+261                   signatureValue  verifies with its own key
                                fingerprint  sha-256 0b080a3a608976856fcc07daa8b9ff1d4b7c5145cc963312aeec6f80868af242
    @2639+536                 signerInfos[0]
    @2646+24                    sid  CN=Lab CA, serialNumber 01 = certificates[0]
    @2670+15                    digestAlgorithm  sha-256
    @2685+215                   signedAttrs  7
    @2688+19                      messageType  3 CertRep
    @2707+19                      pkiStatus  0 SUCCESS
    @2726+26                      contentType  data
    @2752+31                      transactionID  transaction-1
    @2783+34                      senderNonce  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (16 octets)
    @2817+34                      recipientNonce  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb (16 octets)
    @2851+49                      messageDigest  e25577c2b48f75637e74055cdd05b31937e84150cc5ecf809e624343f51c786b holds
    @2900+15                    signatureAlgorithm  rsaEncryption
    @2915+260                   signature  verifies with the certificate in the message

    findings: none
    ");
}

#[test]
fn a_refusal_names_its_reason() {
    let refused = Outcome::Failure(FailInfo::BadRequest, Some("no \u{1b}[31mentry".to_owned()));
    let text =
        shown(&message(MessageType::CertRep, Some(refused), None, &mut Faults::none()), None).to_string();
    for line in ["pkiStatus  2 FAILURE", "failInfo  2 badRequest", "no \\u{1b}[31mentry", "eContent  omitted"]
    {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[rstest]
#[case::der(Form::Der, |m: &[u8]| m.to_vec())]
#[case::pem(Form::Pem, |m: &[u8]| format!("Subject: x\n{}", pem("PKCS7", m)).into_bytes())]
#[case::base64(Form::Base64, |m: &[u8]| base64(m).into_bytes())]
#[case::one_line(Form::Base64, |m: &[u8]| base64(m).replace('\n', "").into_bytes())]
#[case::url_safe(Form::Base64, |m: &[u8]| base64(m).replace('+', "-").replace('/', "_").into_bytes())]
#[case::hex(Form::Hex, |m: &[u8]| hex(m, "").into_bytes())]
#[case::colons(Form::Hex, |m: &[u8]| hex(m, ":").into_bytes())]
#[case::blanks(Form::Hex, |m: &[u8]| format!("0x{}\n", hex(m, " \n")).into_bytes())]
#[case::url(Form::Url, |m: &[u8]| format!("http://ca/scep?{}", HttpRequest::get(m).query).into_bytes())]
#[case::line(Form::Url, |m: &[u8]| format!("GET /?{} HTTP/1.1\r\n", HttpRequest::get(m).query).into_bytes())]
#[case::query(Form::Url, |m: &[u8]| HttpRequest::get(m).query.into_bytes())]
fn every_form_gives_the_same_tree(#[case] form: Form, #[case] write: fn(&[u8]) -> Vec<u8>) {
    let message = request(&[]);
    let (plain, decoded) = (shown(&message, None), shown(&write(&message), None));
    assert_eq!((decoded.form, decoded.octets), (form, message.len()));
    assert_eq!(
        (&decoded.items[0].tree, &decoded.items[0].findings),
        (&plain.items[0].tree, &plain.items[0].findings)
    );
    let forced = decode(&write(&message), Options { form: Some(form), ..Options::default() }).unwrap();
    assert_eq!(forced, decoded);
}

#[test]
fn every_block_of_a_pem_file_is_shown_and_a_private_key_is_not() {
    let file = [client().certificate.to_pem(), client().key.to_pem().unwrap(), pem("X", &csr())].concat();
    let decoded = shown(file.as_bytes(), None);
    let names: Vec<_> = decoded.items.iter().map(|item| item.tree.name.as_str()).collect();
    assert_eq!(names, ["Certificate", "private key", "CertificationRequest"]);
    assert!(decoded.items[1].tree.children.is_empty());
    let pem = client().key.to_traditional_pem().unwrap();
    let der = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    assert_eq!(shown(der.as_bytes(), None).items[0].tree.value.as_deref(), Some("not shown"));
}

#[test]
fn a_capability_list_is_text_and_its_odd_lines_are_findings() {
    insta::assert_snapshot!(shown(b"aes\nSCEPStandard\nX-Lab\n", None), @"
    read as: text of 23 bytes

    @0+23  GetCACaps answer  3 keywords
             aes  RFC 8894 Table 7
             SCEPStandard  RFC 8894 Table 7
             X-Lab  not in RFC 8894 Table 7
             POSTPKIOperation  implied by SCEPStandard
             SHA-256  implied by SCEPStandard

    findings: 1
      caps.case @0+3
        expected `AES`, got `aes`
        rule: RFC 8894 3.5.2; requirement: 8894-3.5.2-exact-case
    ");
}

#[test]
fn a_loose_query_is_a_finding_in_the_input() {
    let query = format!("/scep?message={}&operation=PKIOperation", base64(&request(&[])).replace('\n', ""));
    let found = &shown(query.as_bytes(), None).items[0].findings;
    let rules: Vec<_> = found.iter().map(|finding| (finding.rule, finding.at.unwrap().part)).collect();
    assert_eq!(rules, [("http.query-order", "input"), ("http.unescaped", "input")]);
    assert_eq!(found[1].at.unwrap().offset, "/scep?message=".len());
}

#[rstest]
#[case::duplicate("attr.messageType.duplicate", "attribute.duplicate", "messageType")]
#[case::ber("message.indefinite", "ber.indefinite-length", "0x30")]
#[case::type_("attr.messageType.utf8", "attribute.type", "messageType")]
#[case::missing("attr.transactionID.remove", "attribute.missing", "transactionID")]
#[case::undefined("attr.messageType.99", "attribute.undefined-value", "messageType")]
#[case::digest("attr.messageDigest.flip", "verify.message-digest", "")]
#[case::signature("signer.signature.flip-bit", "verify.signature", "")]
#[case::no_certificate("certificates.remove", "certificates.no-signer", "")]
fn a_departure_is_a_finding_at_its_place(#[case] fault: &str, #[case] rule: &str, #[case] name: &str) {
    let message = request(&[fault]);
    let decoded = shown(&message, None);
    let finding = decoded.items[0].findings.iter().find(|finding| finding.rule == rule);
    let finding = finding.unwrap_or_else(|| panic!("{decoded}"));
    let at = finding.at.unwrap();
    // What stands there is one whole element, and the one that the rule is about.
    let place = &message[at.offset..at.offset + at.length];
    assert!(scep::tlv::Tlv::read(scep::tlv::Source::message(place), 0).is_ok(), "{finding}");
    assert!(finding.detail.contains(name), "{finding}");
}

#[test]
fn indefinite_lengths_are_findings_where_they_stand() {
    let message = request(&[]);
    // The outermost SEQUENCE with indefinite length: two octets for its header, two zeros at the end.
    let header = 4;
    let ber = [&[0x30, 0x80], &message[header..], &[0, 0]].concat();
    let decoded = shown(&ber, None);
    let finding = decoded.items[0].findings.first().unwrap();
    assert_eq!(
        (finding.rule, &finding.requirements[..]),
        ("ber.indefinite-length", &["8894-4.3-ber-accepted"][..])
    );
    assert_eq!(finding.at.unwrap().to_string(), format!("@0+{}", ber.len()));
}

#[test]
fn a_challenge_is_shown_only_on_demand_and_never_when_the_request_is_broken() {
    let ca = ca().key;
    let text = |input: &[u8], show_secrets| {
        let options = Options { keys: std::slice::from_ref(&ca), show_secrets, ..Options::default() };
        let decoded = decode(input, options).unwrap();
        format!("{decoded}{}", serde_json::to_string(&decoded).unwrap())
    };
    assert!(!text(&request(&[]), false).contains("open-sesame"));
    assert!(text(&request(&[]), true).contains("PrintableString open-sesame"));
    // The version becomes no INTEGER: the reader refuses the request, its elements are listed.
    let mut broken = csr();
    let version = broken.windows(3).position(|octets| octets == [2, 1, 0]).unwrap();
    broken[version] = 0x04;
    assert!(!text(&broken, false).contains("open-sesame") && text(&broken, false).contains("not read"));
    assert!(text(&broken, true).contains("open-sesame"));
}

#[test]
fn json_has_the_same_tree() {
    let decoded = shown(&granted(), Some(&client().key));
    let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&decoded).unwrap()).unwrap();
    assert_eq!((&json["schema"], &json["form"]), (&"sceptic/decode/2".into(), &"der".into()));
    let tree = &json["items"][0]["tree"];
    assert_eq!((&tree["name"], &tree["at"]["offset"]), (&"ContentInfo".into(), &0.into()));
    assert_eq!(json["items"][0]["findings"], serde_json::json!([]));
}

#[rstest]
#[case::empty(b" \n", "it is empty")]
#[case::words(b"hello, world", "it is no ASN.1")]
#[case::text_with_a_length(
    b"-----END-----, and more of a text that begins like an element",
    "it is no ASN.1"
)]
#[case::cut(&[0x30, 0x82, 0x10, 0x00, 0x02], "says 4096 content bytes, 1 are left")]
#[case::cut_base64(b"MIIQAAI=", "base64 of 5 bytes, it is no ASN.1")]
fn what_is_no_asn1_is_an_error_that_says_where(#[case] input: &[u8], #[case] words: &str) {
    let error = decode(input, Options::default()).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

#[rstest]
#[case(Form::Hex, b"30 8g", 4)]
#[case(Form::Hex, b"308", 3)]
#[case(Form::Base64, b"MII!", 3)]
#[case(Form::Pem, b"-----BEGIN X-----\nMII*\n-----END X-----\n", 21)]
#[case(Form::Pem, b"MII", 0)]
#[case(Form::Url, b"/?operation=PKIOperation&message=!", 33)]
fn a_forced_form_says_where_the_text_is_none(#[case] form: Form, #[case] input: &[u8], #[case] place: usize) {
    match decode(input, Options { form: Some(form), ..Options::default() }) {
        Err(Error::Form { at, .. }) => assert_eq!(at, place),
        other => panic!("{other:?}"),
    }
}

fn survives(input: &[u8], form: Option<Form>, key: &PrivateKey) {
    let keys = std::slice::from_ref(key);
    let options = Options { form, keys, show_secrets: true, ..Options::default() };
    if let Ok(decoded) = decode(input, options) {
        assert!(decoded.to_string().starts_with("read as: "));
        serde_json::to_string(&decoded).unwrap();
    }
}

fn any_form() -> impl Strategy<Value = Option<Form>> {
    prop::option::of(prop::sample::select(Form::ALL.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_octets_make_it_panic(octets: Vec<u8>, form in any_form()) {
        survives(&octets, form, &client().key);
        survives(&[&[0x30, 0x80][..], &octets, &[0, 0]].concat(), form, &client().key);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", form in any_form()) {
        survives(text.as_bytes(), form, &client().key);
        survives(format!("-----BEGIN {text}-----").as_bytes(), form, &client().key);
        survives(format!("?operation={text}&message={text}").as_bytes(), form, &client().key);
        survives(format!("HTTP/1.1 200 OK\r\n{text}: x\r\n\r\n{text}").as_bytes(), form, &client().key);
        let chunked = format!("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n{text}\r\n{text}");
        survives(chunked.as_bytes(), form, &client().key);
    }

    #[test]
    fn no_edit_of_a_message_makes_it_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        which in 0..4usize,
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut octets = vec![request(&[]), granted(), csr(), client().certificate.der].swap_remove(which);
        for (index, octet) in edits {
            let at = index.index(octets.len());
            octets[at] = octet;
        }
        if let Some(cut) = cut {
            octets.truncate(cut.index(octets.len()));
        }
        survives(&octets, None, &client().key);
    }
}
