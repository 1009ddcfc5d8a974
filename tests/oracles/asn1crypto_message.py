"""Reads pkiMessages with asn1crypto, checks and opens them with cryptography.

Standard input is a JSON list: each message in hex, or an envelope alone, and what it has to say. Every difference is a line on
standard output; the exit code is 1 when there is one.
"""

import functools
import json
import sys

from asn1crypto import cms, core, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import load_der_x509_certificate

HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
# One key three times is what makes single DES of triple DES.
CIPHERS = {
    "1.3.14.3.2.7": lambda key: algorithms.TripleDES(key * 3),
    "1.3.6.1.4.1.3029.1.2": algorithms.Blowfish,
    "1.2.840.113549.3.7": algorithms.TripleDES,
    "2.16.840.1.101.3.4.1.2": algorithms.AES,
    "2.16.840.1.101.3.4.1.22": algorithms.AES,
    "2.16.840.1.101.3.4.1.42": algorithms.AES,
}
GCM = ("2.16.840.1.101.3.4.1.6", "2.16.840.1.101.3.4.1.26", "2.16.840.1.101.3.4.1.46")
# RFC 5753 7.1.4
AGREEMENTS = {
    "1.3.133.16.840.63.0.2": "sha1",
    "1.3.132.1.11.0": "sha224",
    "1.3.132.1.11.1": "sha256",
    "1.3.132.1.11.2": "sha384",
    "1.3.132.1.11.3": "sha512",
}
WRAPS = {
    "2.16.840.1.101.3.4.1.5": 16,
    "2.16.840.1.101.3.4.1.25": 24,
    "2.16.840.1.101.3.4.1.45": 32,
}
PWRI_KEK = "1.2.840.113549.1.9.16.3.9"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
DATA = "1.2.840.113549.1.7.1"

differences = []
message_name = ""


def check(what, expected, actual):
    if expected != actual:
        differences.append(f"{message_name}: {what}: expected {expected!r}, got {actual!r}")


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


def verify(key, signer, octets, expected):
    """Raises when the signature is not of the expected kind over the octets."""
    signature = signer["signature"].native
    algorithm = signer["signature_algorithm"]
    hash_name = signer["digest_algorithm"]["algorithm"].native
    if expected["scheme"] == "ecdsa":
        check("signatureAlgorithm", f"{hash_name}_ecdsa", algorithm["algorithm"].native)
        check("its parameters", None, algorithm["parameters"].native)
        key.verify(signature, octets, ec.ECDSA(HASHES[hash_name]()))
    elif expected["scheme"] == "pss":
        check("signatureAlgorithm", "rsassa_pss", algorithm["algorithm"].native)
        parameters = algorithm["parameters"].native
        check("digest of PSS", hash_name, parameters["hash_algorithm"]["algorithm"])
        check("mask of PSS", hash_name, parameters["mask_gen_algorithm"]["parameters"]["algorithm"])
        mask = padding.MGF1(HASHES[hash_name]())
        salted = padding.PSS(mask, parameters["salt_length"])
        key.verify(signature, octets, salted, HASHES[hash_name]())
    else:
        check("signatureAlgorithm", "rsassa_pkcs1v15", algorithm["algorithm"].native)
        key.verify(signature, octets, padding.PKCS1v15(), HASHES[hash_name]())


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
        verify(key, signer, as_sent, expected)
    except Exception as error:  # whatever it is called in this version
        differences.append(f"{message_name}: the signature does not verify: {error!r}")
    return None if content.native is None else octets


def cbc(oid, key, iv):
    return Cipher(CIPHERS[oid](key), modes.CBC(iv))


@functools.cache
def private_key(pem):
    """Loading checks the primes, which takes longer than everything else."""
    return serialization.load_pem_private_key(pem.encode(), password=None)


def by_key_transport(recipient, expected):
    check("RecipientInfo version", "v0", recipient["version"].native)
    certificate = x509.Certificate.load(bytes.fromhex(expected["recipient"]))
    check("rid names the recipient", True, names(recipient["rid"], certificate))
    algorithm = recipient["key_encryption_algorithm"]
    key = private_key(expected["key"])
    if expected["oaep"] is None:
        check("keyEncryptionAlgorithm", "rsaes_pkcs1v15", algorithm["algorithm"].native)
        scheme = padding.PKCS1v15()
    else:
        check("keyEncryptionAlgorithm", "rsaes_oaep", algorithm["algorithm"].native)
        parameters = algorithm["parameters"].native
        check("digest of OAEP", expected["oaep"], parameters["hash_algorithm"]["algorithm"])
        mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"]
        check("mask of OAEP", expected["oaep"], mask)
        scheme = padding.OAEP(padding.MGF1(HASHES[mask]()), HASHES[expected["oaep"]](), None)
    return key.decrypt(recipient["encrypted_key"].native, scheme)


def by_key_agreement(recipient, expected):
    check("RecipientInfo version", "v3", recipient["version"].native)
    check("number of keys", 1, len(recipient["recipient_encrypted_keys"]))
    encrypted = recipient["recipient_encrypted_keys"][0]
    certificate = x509.Certificate.load(bytes.fromhex(expected["recipient"]))
    check("rid names the recipient", True, names(encrypted["rid"], certificate))
    check("kind of originator", "originator_key", recipient["originator"].name)
    scheme, wrap = core.SequenceOf.load(recipient["key_encryption_algorithm"].dump(), spec=core.Any)
    hash_name = AGREEMENTS[scheme.parse(spec=core.ObjectIdentifier).dotted]
    check("digest of the key derivation", expected["agreement"], hash_name)
    wrap = wrap.dump()
    length = WRAPS[core.SequenceOf.load(wrap, spec=core.Any)[0].parse(spec=core.ObjectIdentifier).dotted]
    key = private_key(expected["key"])
    # originatorKey holds AlgorithmIdentifier and BIT STRING; the curve is the recipient's.
    originator = core.SequenceOf.load(b"\x30" + recipient["originator"].chosen.dump()[1:], spec=core.Any)
    point = originator[1].parse(spec=core.BitString).contents[1:]
    peer = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point)
    supplement = core.OctetString((length * 8).to_bytes(4, "big"), explicit=2).dump()
    shared_info = core.Sequence(contents=wrap + supplement).dump()
    secret = key.exchange(ec.ECDH(), peer)
    kek = X963KDF(HASHES[hash_name](), length, shared_info).derive(secret)
    return aes_key_unwrap(kek, encrypted["encrypted_key"].native)


def by_password(recipient, expected):
    check("RecipientInfo version", "v0", recipient["version"].native)
    derivation = recipient["key_derivation_algorithm"]
    check("keyDerivationAlgorithm", "pbkdf2", derivation["algorithm"].native)
    parameters = derivation["parameters"].native
    hash_name = parameters["prf"]["algorithm"]
    check("prf", expected["password"][1], hash_name)
    algorithm, kek = core.SequenceOf.load(recipient["key_encryption_algorithm"].dump(), spec=core.Any)
    check("keyEncryptionAlgorithm", PWRI_KEK, algorithm.parse(spec=core.ObjectIdentifier).dotted)
    kek_oid, iv = core.SequenceOf.load(kek.dump(), spec=core.Any)
    kek_oid, iv = kek_oid.parse(spec=core.ObjectIdentifier).dotted, iv.parse(spec=core.OctetString).native
    check("cipher of the key encryption", "2.16.840.1.101.3.4.1.2", kek_oid)
    derived = PBKDF2HMAC(HASHES[hash_name](), 16, parameters["salt"], parameters["iteration_count"])
    key = derived.derive(expected["password"][0].encode())

    def decrypt(iv, octets):
        decryptor = cbc(kek_oid, key, iv).decryptor()
        return decryptor.update(octets) + decryptor.finalize()

    # RFC 3211 2.3.2
    wrapped = recipient["encrypted_key"].native
    inner = decrypt(decrypt(wrapped[-32:-16], wrapped[-16:]), wrapped)
    plain = decrypt(iv, inner)
    check("check octets", plain[1:4], bytes(255 - octet for octet in plain[4:7]))
    return plain[4 : 4 + plain[0]]


OPENERS = {"ktri": by_key_transport, "kari": by_key_agreement, "pwri": by_password}
VERSIONS = {"ktri": "v0", "kari": "v2", "pwri": "v3"}


def check_envelope(octets, expected):
    info = cms.ContentInfo.load(octets, strict=True)
    is_gcm = expected["cipher"] in GCM
    kind = "authenticated_enveloped_data" if is_gcm else "enveloped_data"
    check("inner contentType", kind, info["content_type"].native)
    enveloped = info["content"]
    version = "v0" if is_gcm else VERSIONS[expected["kind"]]
    check("EnvelopedData version", version, enveloped["version"].native)
    check("number of RecipientInfos", 1, len(enveloped["recipient_infos"]))
    check("kind of RecipientInfo", expected["kind"], enveloped["recipient_infos"][0].name)
    content_key = OPENERS[expected["kind"]](enveloped["recipient_infos"][0].chosen, expected)

    content = enveloped["auth_encrypted_content_info" if is_gcm else "encrypted_content_info"]
    check("inner eContentType", "data", content["content_type"].native)
    algorithm = content["content_encryption_algorithm"]
    check("content cipher", expected["cipher"], algorithm["algorithm"].dotted)
    encrypted = content["encrypted_content"].native
    if is_gcm:
        nonce, *length = core.SequenceOf.load(algorithm["parameters"].dump(), spec=core.Any)
        nonce = nonce.parse(spec=core.OctetString).native
        mac = enveloped["mac"].native
        stated = [element.parse(spec=core.Integer).native for element in length]
        check("length of the nonce", 12, len(nonce))
        wanted = expected.get("mac_length", 16)
        check("length of the mac", wanted, len(mac))
        # RFC 5084 3.2: 12 is the default, which DER does not write.
        check("icvLen", [] if wanted == 12 else [wanted], stated)
        check("authAttrs", None, enveloped["auth_attrs"].native)
        decryptor = Cipher(algorithms.AES(content_key), modes.GCM(nonce, mac, 12)).decryptor()
        plain = decryptor.update(encrypted) + decryptor.finalize()
    else:
        iv = core.OctetString.load(algorithm["parameters"].dump()).native
        cipher = cbc(algorithm["algorithm"].dotted, content_key, iv)
        decryptor = cipher.decryptor()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        unpadder = PKCS7(cipher.algorithm.block_size).unpadder()
        plain = unpadder.update(padded) + unpadder.finalize()
    check("messageData", expected["plain"], plain.hex())


def check_message(expected):
    if "octets" in expected:
        check_envelope(bytes.fromhex(expected["octets"]), expected["envelope"])
        return
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


def main():
    global message_name
    for expected in json.load(sys.stdin):
        message_name = expected["name"]
        try:
            check_message(expected)
        except Exception as error:  # a message that it cannot read is one difference, not the end
            differences.append(f"{message_name}: {error!r}")
    print("\n".join(differences))
    sys.exit(bool(differences))


main()
