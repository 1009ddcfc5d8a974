//! rasn-cms, a BER decoder that is not ours, reads what we write to the same content.

use rasn::ber;
use rasn_cms::{ContentInfo, EnvelopedData, RecipientInfo, SignedData};
use scep::fault::{Faults, find};
use scep::message::PkiMessage;

use crate::ber::{Form, transform};
use crate::material::{Kind, ca, device, issued};

fn signed(bytes: &[u8]) -> SignedData {
    let info: ContentInfo = ber::decode(bytes).unwrap();
    ber::decode(info.content.as_bytes()).unwrap()
}

/// Compares what both readers make of the message.
fn check(kind: Kind, bytes: &[u8]) {
    let ours = PkiMessage::read(bytes).unwrap().value.signed;
    let theirs = signed(bytes);
    let content = theirs.encap_content_info.content.map(|content| content.to_vec());
    assert_eq!(content, ours.content.as_ref().map(|content| content.bytes.clone()), "{kind:?}");
    assert_eq!(theirs.certificates.unwrap().len(), ours.certificates.len());
    let signers = theirs.signer_infos.to_vec();
    assert_eq!((signers.len(), ours.signers.len()), (1, 1));
    assert_eq!(signers[0].signature.to_vec(), ours.signers[0].signature);
    let mut their_types: Vec<String> = signers[0]
        .signed_attrs
        .as_ref()
        .unwrap()
        .to_vec()
        .iter()
        .map(|a| a.r#type.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))
        .collect();
    let mut our_types: Vec<String> =
        ours.signers[0].signed_attributes.iter().flatten().map(|a| a.oid.to_string()).collect();
    their_types.sort();
    our_types.sort();
    assert_eq!(their_types, our_types, "{kind:?}");

    let Some(content) = content else { return };
    let info: ContentInfo = ber::decode(&content).unwrap();
    let theirs: EnvelopedData = ber::decode(info.content.as_bytes()).unwrap();
    let ours = PkiMessage::read(bytes).unwrap().value.envelope(&mut Vec::new()).unwrap().unwrap();
    let encrypted = theirs.encrypted_content_info.encrypted_content.unwrap().to_vec();
    assert_eq!(encrypted, ours.encrypted, "{kind:?}");
    let keys: Vec<Vec<u8>> = theirs
        .recipient_infos
        .to_vec()
        .iter()
        .map(|recipient| match recipient {
            RecipientInfo::KeyTransRecipientInfo(recipient) => recipient.encrypted_key.to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, [ours.recipients[0].encrypted_key.clone()]);
}

#[test]
fn it_reads_what_we_write() {
    for kind in Kind::ALL {
        check(kind, &kind.write(&mut Faults::none()));
    }
}

#[test]
fn it_reads_our_ber_form() {
    for kind in Kind::ALL {
        let mut faults = Faults::new(vec![find("message.indefinite").unwrap()]);
        let ber = kind.write(&mut faults);
        assert_ne!(ber, kind.write(&mut Faults::none()));
        check(kind, &ber);
    }
}

#[test]
fn it_reads_every_other_form_of_ber_as_we_do() {
    // Chunked strings inside the signed attributes stay out: rasn keeps attribute values undecoded.
    let form = Form { attributes: false, ..Form::everything() };
    for kind in Kind::ALL {
        check(kind, &transform(&kind.write(&mut Faults::none()), &form).bytes);
    }
}

#[test]
fn it_reads_certificates_only() {
    let certificates = [issued(&mut Faults::none()).der, ca().certificate.der, device().certificate.der];
    let signed = signed(&scep::cms::degenerate(&certificates).write());
    assert_eq!(signed.certificates.unwrap().len(), 3);
    assert!(signed.encap_content_info.content.is_none() && signed.signer_infos.to_vec().is_empty());
}
