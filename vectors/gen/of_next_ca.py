"""Answers to GetNextCACert: RFC 8894 4.7.1, and the form of drafts before 2011."""

import message as lab
import pki
from der import Node, integer, node, null, octets, oid, raw, seq, set_of
from message import CA, CA_KEY, CONTENT_TYPE, MESSAGE_DIGEST, fingerprint, issuer_and_serial
from of_http import answer
from pki import DATA, RSA, SHA256, SIGNED, algorithm

NEXT_KEY = pki.Key("ra-rsa")
NEXT = pki.certificate(lab.CA_NAME, NEXT_KEY, serial=integer(3), is_ca=True)
NEXT_CA, CA_RA = "application/x-x509-next-ca-cert", "application/x-x509-ca-ra-cert"


def signed(inside: Node | None, kind: Node, certificates: list[Node], key=CA_KEY, version: int = 1) -> Node:
    """SignedData by the current CA; `inside` is what the OCTET STRING of eContent holds."""
    plain = inside.write() if inside else b""
    attributes = [
        lab.attribute(CONTENT_TYPE, raw(kind.write())),
        lab.attribute(MESSAGE_DIGEST, octets(pki.digest_of(plain))),
    ]
    attributes.sort(key=lambda one: one.write())
    content = octets(b"")
    content.content = [inside] if inside else b""
    info = seq(
        integer(1),
        issuer_and_serial(CA),
        algorithm(SHA256, null()),
        node(0xA0, *attributes),
        algorithm(RSA, null()),
        octets(key.sign(set_of(*attributes).write())),
    )
    fields = [
        integer(version),
        set_of(algorithm(SHA256, null())),
        seq(kind, *([node(0xA0, content)] if inside else [])),
        *([node(0xA0, *certificates)] if certificates else []),
        set_of(info),
    ]
    return seq(oid(SIGNED), node(0xA0, seq(*fields)))


def one(word, title, tree, sources, form="in the content", content_type=NEXT_CA, rules=(), certificates=(NEXT,), also=(), with_signer=True, **say):
    body = tree.write()
    findings = tree.found() + [(rule, "message", element.start, element.end) for rule, element in also]
    said = {
        "form": form,
        "certificates": [fingerprint(each) for each in certificates],
        "digest": SHA256,
        "signatureAlgorithm": RSA,
        "messageDigest": True,
        "signature": "as-sent",
        "signer": fingerprint(CA) if with_signer else None,
    } | say
    expect = {key: value for key, value in said.items() if value is not None}
    vector = answer(word, title, "GetNextCACert", body, content_type, rules, sources, expect, "getnextcacert", findings)
    vector.verify_with = None if said["signer"] else "ca-rsa"
    return vector


def vectors():
    rfc = ["RFC 8894 4.7.1"]
    inside = lambda: lab.certificates_only(NEXT)  # noqa: E731
    data = lambda: oid(DATA)  # noqa: E731
    here = [raw(CA.write())]
    yield one("next-ca", "The next CA's certificate in what the current CA signed", signed(inside(), data(), list(here)), rfc)
    yield one("without-certificate-of-signer", "The certificate of the current CA is not sent: who verifies has it", signed(inside(), data(), []), rfc, with_signer=False)
    both = lab.certificates_only(NEXT, CA)
    yield one("two-certificates", "The next CA's certificate, and the current one beside it in what is signed", signed(both, data(), list(here)), rfc, certificates=(NEXT, CA))
    kind = oid(SIGNED).reporting("next-ca.content-type")
    yield one("content-type-signed-data", "eContentType is signedData, eContent a ContentInfo", signed(inside(), kind, list(here), version=3), rfc)
    kind = oid(SIGNED).reporting("next-ca.content-type")
    bare = lab.bare_certificates_only(NEXT).reporting("cms.no-content-info")
    yield one("content-is-signed-data", "eContentType is signedData, and eContent the SignedData itself", signed(bare, kind, list(here), version=3), ["RFC 5652 5.2"])
    beside = signed(None, data(), [raw(NEXT.write()), *here])
    body = beside.content[1].content[0].reporting("next-ca.uncovered")
    assert body.tag == b"\x30"
    yield one("beside-the-content", "The certificates stand beside the content, where no signature covers them", beside, ["RFC 8894 4.7.1", "drafts before 2011"], "beside the content", CA_RA, [("http.content-type", "Content-Type")])
    yield one("signed-by-the-next-ca", "Signed with the key of the next CA: not to be believed", signed(inside(), data(), list(here), key=NEXT_KEY), rfc, signature="fails")
