"""Departures in the structure of SignedData and EnvelopedData."""

import message as lab
import pki
from der import Node, bits, integer, leaf, node, null, octets, oid, printable, raw, seq, set_of
from message import CA, CA_KEY, DEVICE, DEVICE_KEY, DEVICE_NAME, ISSUED, OTHER_KEY, fingerprint, pkcs_req, reply
from pki import RSA, SHA1, SHA256, algorithm
from vector import Vector, of_message, signed_data, signer_info

NDES = ["https://github.com/certnanny/sscep/issues/59"]
SORTING = ["RFC 5652 5.4", "https://github.com/openxpki/openxpki/commit/517687af95ae782e5955e7078d5698262168c292"]


def with_serial(serial: Node) -> dict:
    certificate = pki.certificate(DEVICE_NAME, DEVICE_KEY, serial=serial)
    return {"signer": (certificate, DEVICE_KEY), "certificates": [certificate]}


def content_of_failures():
    for status in ("FAILURE", "PENDING"):
        word = status.lower()
        yield of_message(f"cms/{word}-content-omitted", f"A {status} as the RFC has it: no eContent", reply(status), ["RFC 8894 3.3.2"])
        empty = octets(b"").reporting("content.empty")
        yield of_message(f"cms/{word}-content-empty", f"A {status} with an eContent of no octets", reply(status, content=empty), ["RFC 8894 3.3.2"])
        one = octets(b"\0").reporting("content.unwanted")
        vendor = lab.attribute("1.3.6.1.4.1.311.21.33", leaf(0x0C, b"0x80094004"))
        yield of_message(f"cms/{word}-content-one-zero-octet", f"A {status} with one zero octet as eContent and a vendor's attribute, as NDES sends it", reply(status, content=one, extra=[vendor]), NDES)


def certificates():
    missing = "https://github.com/micromdm/scep/commit/20d9e05cfc619371229f091af4721825b04e30ae"
    for which, parts, source in (
        ("reply", reply("SUCCESS", certificates=None), [missing]),
        ("request", pkcs_req(certificates=None), ["RFC 8894 2.3"]),
    ):
        say = {"signer": None, "certificates": []}
        vector = of_message(f"cms/certificates-missing-{which}", f"A {which} without any certificate", parts, source, say=say)
        info = signer_info(tree_of(parts))
        vector.findings.append(("certificates.no-signer", "message", info.start, info.end))
        yield vector
    order = ["https://github.com/OmniTrustILM/core/commit/bb2b167aa12e581854a15f569f13e2f455225088"]
    yield of_message("cms/certificates-signer-last", "The certificate of the signer is the last of three", reply("SUCCESS", certificates=[raw(ISSUED.write()), raw(DEVICE.write()), raw(CA.write())]), order)
    twice = raw(CA.write()).reporting("certificates.duplicate")
    yield of_message("cms/certificate-twice", "The same certificate twice", reply("PENDING", certificates=[raw(CA.write()), twice]), ["RFC 5652 5.1"])
    holder = node(0xA1, leaf(0x82, b"router-1.lab"))
    times = seq(leaf(0x18, b"20260101000000Z"), leaf(0x18, b"20360101000000Z"))
    issuer = node(0xA0, seq(node(0xA4, raw(lab.CA_NAME.write()))))
    info = seq(integer(1), seq(holder), issuer, algorithm(pki.DIGESTS[SHA256][1], null()), integer(7), times, seq())
    signed = seq(info, algorithm(pki.DIGESTS[SHA256][1], null()), bits(CA_KEY.sign(info.write())))
    others = {
        "attribute-certificate": Node(b"\xa2", signed.content),
        "attribute-certificate-of-version-1": Node(b"\xa1", signed.content),
        "certificate-of-another-format": node(0xA3, oid("1.3.6.1.4.1.32473.5"), octets(b"card-verifiable")),
    }
    for word, other in others.items():
        other.reporting("certificates.other-choice")
        parts = reply("SUCCESS", certificates=[other, raw(CA.write())])
        yield of_message(f"cms/{word}", f"An {word.replace('-', ' ')} before the certificate of the signer".replace("An certificate", "A certificate"), parts, ["RFC 5652 10.2.2"], say={"certificates": [fingerprint(other), fingerprint(CA)]}, strict=word == "certificate-of-another-format")


def tree_of(parts) -> Node:
    tree = parts.build()
    tree.write()
    return tree


def serials():
    windows = ["https://github.com/smallstep/certificates/pull/1994"]
    cisco = ["https://quickview.cloudapps.cisco.com/quickview/bug/CSCuw41120"]
    for word, content, source in (
        ("negative", bytes.fromhex("9c"), cisco),
        ("negative-of-16-octets", bytes.fromhex("b7") + bytes(range(15)), windows),
        ("of-21-octets", bytes(range(1, 22)), ["RFC 5280 4.1.2.2"]),
        ("zero", b"\0", ["RFC 5280 4.1.2.2"]),
        ("with-superfluous-zeros", b"\0\0\x05", ["X.690 8.3.2"]),
    ):
        serial = leaf(0x02, content).reporting("serial-number")
        title = f"The signer's certificate has a serial number {word.replace('-', ' ')}".replace("number negative", "number that is negative").replace("number zero", "number that is zero")
        strict = word != "with-superfluous-zeros"
        yield of_message(f"cms/serial-{word}", title, pkcs_req(**with_serial(serial)), source, strict=strict)


def signers():
    for signs, over in (("as-sent", "their order as sent"), ("sorted", "their DER order")):
        parts = reply("FAILURE", order="reverse", signs=signs)
        vector = of_message(f"cms/attributes-unsorted-signed-{signs}", f"The signed attributes are not in DER order; the signature is over {over}", parts, SORTING)
        field = signer_info(tree_of(parts)).content[3]
        vector.findings.append(("der.unsorted-set", "message", field.start, field.end))
        yield vector
    parts = pkcs_req(signers=2)
    vector = of_message("cms/two-signers", "Two SignerInfos; the first counts", parts, ["RFC 8894 3"])
    body = signed_data(tree_of(parts))
    vector.findings.append(("signer.several", "message", body.start, body.end))
    yield vector
    sid = leaf(0x80, DEVICE_KEY.identifier).reporting("signer.key-identifier")
    yield of_message("cms/signer-by-key-identifier", "The signer is named by its subjectKeyIdentifier, versions are 3", pkcs_req(sid=sid, signer_version=integer(3), version=integer(3)), ["RFC 5652 5.3"])
    sid = leaf(0x80, DEVICE_KEY.identifier).reporting("signer.key-identifier")
    one = integer(1).reporting("cms.version")
    outer = integer(1).reporting("cms.version")
    yield of_message("cms/signer-by-key-identifier-version-1", "The signer is named by its subjectKeyIdentifier, but versions are 1", pkcs_req(sid=sid, signer_version=one, version=outer), ["RFC 5652 5.1", "RFC 5652 5.3"])
    yield of_message("cms/version-3-without-need", "SignedData says version 3 where 1 belongs", reply("PENDING", version=integer(3).reporting("cms.version")), ["RFC 5652 5.1"])

    def none(tree: Node) -> None:
        signed_data(tree).content[-1].content.clear()

    said = {key: None for key in ("messageType", "transactionID", "senderNonce", "digest", "signatureAlgorithm", "messageDigest", "signature", "signer")}
    parts = pkcs_req()
    vector = of_message("cms/no-signer", "A request with an envelope and no SignerInfo", parts, ["RFC 8894 3.1"], none, {**said, "signers": 0})
    tree = parts.build()
    none(tree)
    tree.write()
    body = signed_data(tree)
    vector.verify_with = None
    vector.findings.append(("signer.none", "message", body.start, body.end))
    yield vector


def key_usages():
    # keyEncipherment, keyCertSign: enough to issue and to be written to.
    ca = pki.certificate(lab.CA_NAME, CA_KEY, is_ca=True, usage=bytes([2, 0x24]))
    parts = reply("FAILURE", signer=(ca, CA_KEY), certificates=[raw(ca.write())])
    vector = of_message("cms/signer-may-not-sign", "The keyUsage of the CA that signed the CertRep has no digitalSignature", parts, ["RFC 8894 2.1.2"])
    info = signer_info(tree_of(parts))
    vector.findings.append(("signer.key-usage", "message", info.start, info.end))
    yield vector


def algorithms():
    dogtag = ["https://github.com/yiyuanzhong/scep/commit/dbb266239da90cd3f3d33dead91f7e426913f7e2"]
    swan = ["https://github.com/strongswan/strongswan/pull/1615"]
    with_digest = pki.DIGESTS[SHA256][1]
    yield of_message("cms/signature-algorithm-rsa-encryption", "signatureAlgorithm is rsaEncryption, which goes with any digest", pkcs_req(), dogtag)
    yield of_message("cms/signature-algorithm-with-digest", "signatureAlgorithm is sha256WithRSAEncryption", reply("FAILURE", signature_algorithm=algorithm(with_digest, null())), swan, say={"signatureAlgorithm": with_digest})
    other = algorithm(pki.DIGESTS[SHA1][1], null()).reporting("signature.digest-mismatch")
    yield of_message("cms/signature-algorithm-with-another-digest", "signatureAlgorithm names SHA-1, digestAlgorithm SHA-256; the signature is over SHA-256", reply("FAILURE", signature_algorithm=other), ["RFC 5652 5.3"], say={"signatureAlgorithm": pki.DIGESTS[SHA1][1], "signature": "fails"})
    for field, say in (("absent", None), ("of-another-type", "cms")):
        parameters = [] if field == "absent" else [seq()]
        parts = reply("PENDING", signature_algorithm=algorithm(RSA, *parameters).reporting("algorithm.parameters"))
        yield of_message(f"cms/rsa-parameters-{field}", f"The parameters of rsaEncryption are {field.replace('-', ' ')}", parts, ["RFC 3370 3.2"])
    yield of_message("cms/digest-parameters-absent", "The digest algorithms have no parameters, as RFC 5754 prefers", reply("PENDING", digests=[algorithm(SHA256)]), ["RFC 5754 2"], lambda tree: signer_info(tree).content.__setitem__(2, algorithm(SHA256)))
    odd = algorithm(SHA256, seq()).reporting("algorithm.parameters")
    yield of_message("cms/digest-parameters-of-another-type", "The parameters of a digest are an empty SEQUENCE", reply("PENDING", digests=[odd]), ["RFC 5754 2"])
    empty = set_of().reporting("digest.not-announced")

    def without(tree: Node) -> None:
        signed_data(tree).content[1] = empty

    yield of_message("cms/digest-algorithms-empty", "digestAlgorithms is empty", pkcs_req(), ["RFC 5652 5.1"], without)
    wrong = set_of(algorithm(SHA1, null())).reporting("digest.not-announced")
    yield of_message("cms/digest-algorithms-of-another", "digestAlgorithms has SHA-1 only, the signer uses SHA-256", pkcs_req(), dogtag, lambda tree: signed_data(tree).content.__setitem__(1, wrong))
    for digest, word in ((pki.MD5, "md5"), (SHA1, "sha-1"), (pki.SHA512, "sha-512")):
        yield of_message(f"cms/digest-{word}", f"Signed with {word.upper()}: read, whatever is done about it", pkcs_req(digest=digest), ["RFC 8894 2.9"])


def envelopes():
    two = [(lab.issuer_and_serial(ISSUED), OTHER_KEY), *lab.to_ca()]
    yield of_message("cms/two-recipients-ours-second", "Two recipients; the CA is the second", pkcs_req(recipients=two), ["https://github.com/mosen/SCEPy/commit/0bc7c0063ac72f7dec55d901ad22cc470d91d63b"])
    by_key = [(leaf(0x80, CA_KEY.identifier), CA_KEY)]
    yield of_message("cms/recipient-by-key-identifier", "The recipient is named by its subjectKeyIdentifier", pkcs_req(recipients=by_key), ["RFC 5652 6.2.1"])
    request = pkcs_req()
    envelope = request.envelope().reporting("cms.unexpected-structure")
    parts = pkcs_req(data=None, content=envelope)
    vector = of_message("cms/content-not-in-octet-string", "The envelope stands in eContent itself, without an OCTET STRING: PKCS#7 1.5", parts, ["RFC 2315 9.1"], say={"content": "envelope", "envelope": lab.envelope_of(request)})
    vector.open_with = "ca-rsa"
    yield vector


def only():
    nested = ["https://github.com/jscep/jscep/commit/77d4a9c91dd896a7d92856fc694c05337ddc184c", "https://github.com/xipki/xipki/commit/a243b5d601e99c4cf937168603a862462483ad66"]
    empty = octets(b"").reporting("content.empty")
    mod_scep = ["https://github.com/cryptlib/cryptlib/blob/43be4583f0d09543a765d09c7bd1293a061acddd/test/s_scep.c"]
    rows = (
        ("certificates-only", "Certificates only, as the RFC has it", lab.certificates_only(ISSUED, CA), ["RFC 8894 3.4"], True),
        ("certificates-only-leaf-last", "The issued certificate comes last", lab.certificates_only(CA, ISSUED), ["https://github.com/mosen/SCEPy/issues/2"], True),
        ("certificates-only-bare", "A SignedData without ContentInfo", lab.bare_certificates_only(ISSUED, CA).reporting("cms.no-content-info"), nested, True),
        ("certificates-only-empty-content", "eContent is there, with no octets", lab.certificates_only(ISSUED, content=empty), mod_scep, True),
        ("certificates-only-without-any", "Certificates only, and none of them", lab.certificates_only(), ["RFC 8894 3.4"], True),
    )
    for word, title, tree, sources, strict in rows:
        octets_of = tree.write()
        body = tree if tree.tag == b"\x30" and tree.content[0].tag == b"\x02" else signed_data(tree)
        field = [one for one in body.content if one.tag == b"\xa0"]
        expect = {"certificates": [fingerprint(one) for one in (field[0].content if field else [])]}
        yield Vector(f"cms/{word}", title, "certificates-only", octets_of, expect, tree.found(), sources)


def vectors():
    for some in (content_of_failures, certificates, serials, signers, key_usages, algorithms, envelopes, only):
        yield from some()
