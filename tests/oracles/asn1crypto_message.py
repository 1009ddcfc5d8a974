"""Reads a pkiMessage with asn1crypto, checks and opens it with cryptography.

Standard input is JSON: the message in hex and what it has to say. Every difference is a line on standard
output; the exit code is 1 when there is one.
"""

import json
import sys

from asn1crypto import cms, core, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import load_der_x509_certificate

HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512}
CIPHERS = {
    "1.2.840.113549.3.7": algorithms.TripleDES,
    "2.16.840.1.101.3.4.1.2": algorithms.AES,
    "2.16.840.1.101.3.4.1.22": algorithms.AES,
    "2.16.840.1.101.3.4.1.42": algorithms.AES,
}
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
DATA = "1.2.840.113549.1.7.1"

differences = []


def check(what, expected, actual):
    if expected != actual:
        differences.append(f"{what}: expected {expected!r}, got {actual!r}")


def attribute_rows(attributes):
    """[type, ASN.1 type, content octets in hex] of every value."""
    rows = []
    for attribute in attributes:
        values = core.SetOf.load(attribute["values"].dump(), spec=core.Any)
        check("values of " + attribute["type"].dotted, 1, len(values))
        for value in values:
            parsed = value.parse()
            rows.append([attribute["type"].dotted, type(parsed).__name__, parsed.contents.hex()])
    return rows


def names(identifier, certificate):
    """Whether issuer and serial number are those of the certificate."""
    issuer_and_serial = identifier.chosen
    return (
        identifier.name == "issuer_and_serial_number"
        and issuer_and_serial["issuer"].dump() == certificate.issuer.dump()
        and issuer_and_serial["serial_number"].native == certificate.serial_number
    )


def digest(name, octets):
    context = hashes.Hash(HASHES[name]())
    context.update(octets)
    return context.finalize()


def check_signer(signed, expected):
    check("number of SignerInfos", 1, len(signed["signer_infos"]))
    signer = signed["signer_infos"][0]
    certificate = x509.Certificate.load(bytes.fromhex(expected["signer"]))
    check("SignerInfo version", "v1", signer["version"].native)
    check("sid names the signer", True, names(signer["sid"], certificate))
    check("digestAlgorithm", expected["digest"], signer["digest_algorithm"]["algorithm"].native)
    check("digestAlgorithms", [expected["digest"]], [a["algorithm"].native for a in signed["digest_algorithms"]])
    check("unsigned attributes", 0, len(signer["unsigned_attrs"] or []))

    content = signed["encap_content_info"]["content"]
    octets = b"" if content.native is None else content.contents
    rows = attribute_rows(signer["signed_attrs"])
    message_digest = digest(signer["digest_algorithm"]["algorithm"].native, octets)
    wanted = expected["attributes"] + [
        [CONTENT_TYPE, "ObjectIdentifier", core.ObjectIdentifier(DATA).contents.hex()],
        [MESSAGE_DIGEST, "OctetString", message_digest.hex()],
    ]
    check("signed attributes", sorted(wanted), sorted(rows))

    # RFC 5652 5.4: the signature covers the attributes with the tag SET OF, in DER.
    as_sent = signer["signed_attrs"].untag().dump()
    encoded = sorted(attribute.dump() for attribute in signer["signed_attrs"])
    check("order of the signed attributes", b"".join(encoded), signer["signed_attrs"].contents)
    key = load_der_x509_certificate(certificate.dump()).public_key()
    try:
        key.verify(
            signer["signature"].native,
            as_sent,
            padding.PKCS1v15(),
            HASHES[signer["digest_algorithm"]["algorithm"].native](),
        )
    except Exception as error:  # whatever it is called in this version
        differences.append(f"the signature does not verify: {error!r}")
    return None if content.native is None else octets


def check_envelope(octets, expected):
    info = cms.ContentInfo.load(octets, strict=True)
    check("inner contentType", "enveloped_data", info["content_type"].native)
    enveloped = info["content"]
    check("EnvelopedData version", "v0", enveloped["version"].native)
    check("number of RecipientInfos", 1, len(enveloped["recipient_infos"]))
    check("kind of RecipientInfo", "ktri", enveloped["recipient_infos"][0].name)
    recipient = enveloped["recipient_infos"][0].chosen
    certificate = x509.Certificate.load(bytes.fromhex(expected["recipient"]))
    check("rid names the recipient", True, names(recipient["rid"], certificate))
    check(
        "keyEncryptionAlgorithm", "rsaes_pkcs1v15", recipient["key_encryption_algorithm"]["algorithm"].native
    )
    content = enveloped["encrypted_content_info"]
    check("inner eContentType", "data", content["content_type"].native)
    algorithm = content["content_encryption_algorithm"]
    check("content cipher", expected["cipher"], algorithm["algorithm"].dotted)

    key = serialization.load_pem_private_key(expected["key"].encode(), password=None)
    content_key = key.decrypt(recipient["encrypted_key"].native, padding.PKCS1v15())
    cipher = CIPHERS[algorithm["algorithm"].dotted](content_key)
    decryptor = Cipher(cipher, modes.CBC(algorithm["parameters"].native)).decryptor()
    padded = decryptor.update(content["encrypted_content"].native) + decryptor.finalize()
    unpadder = PKCS7(cipher.block_size).unpadder()
    plain = unpadder.update(padded) + unpadder.finalize()
    check("messageData", expected["plain"], plain.hex())


def main():
    expected = json.load(sys.stdin)
    info = cms.ContentInfo.load(bytes.fromhex(expected["message"]), strict=True)
    check("outer contentType", "signed_data", info["content_type"].native)
    signed = info["content"]
    check("SignedData version", "v1", signed["version"].native)
    check("eContentType", "data", signed["encap_content_info"]["content_type"].native)
    certificates = [c.chosen.dump().hex() for c in signed["certificates"]]
    check("certificates", expected["certificates"], certificates)
    content = check_signer(signed, expected)
    check("there is an envelope", expected["envelope"] is not None, content is not None)
    if content is not None and expected["envelope"] is not None:
        check_envelope(content, expected["envelope"])
    print("\n".join(differences))
    sys.exit(bool(differences))


main()
