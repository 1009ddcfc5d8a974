"""Writes envelopes and signed messages with cryptography, in the forms that the openssl command cannot write.

Standard input is a JSON list of wishes, standard output a JSON list: a ContentInfo in hex for each. Nothing is
random: equal wishes give equal octets.
"""

import hashlib
import json
import sys

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import load_der_x509_certificate

HASHES = {
    # Name: class, its identifier, HMAC with it, the key derivation of RFC 5753 7.1.4.
    "md5": (hashes.MD5, "1.2.840.113549.2.5", None, None),
    "sha1": (hashes.SHA1, "1.3.14.3.2.26", "1.2.840.113549.2.7", "1.3.133.16.840.63.0.2"),
    "sha224": (hashes.SHA224, "2.16.840.1.101.3.4.2.4", "1.2.840.113549.2.8", "1.3.132.1.11.0"),
    "sha256": (hashes.SHA256, "2.16.840.1.101.3.4.2.1", "1.2.840.113549.2.9", "1.3.132.1.11.1"),
    "sha384": (hashes.SHA384, "2.16.840.1.101.3.4.2.2", "1.2.840.113549.2.10", "1.3.132.1.11.2"),
    "sha512": (hashes.SHA512, "2.16.840.1.101.3.4.2.3", "1.2.840.113549.2.11", "1.3.132.1.11.3"),
}
CIPHERS = {
    # One key three times is what makes single DES of triple DES.
    "1.3.14.3.2.7": (8, 8, lambda key: algorithms.TripleDES(key * 3)),
    "1.3.6.1.4.1.3029.1.2": (16, 8, algorithms.Blowfish),
    "1.2.840.113549.3.7": (24, 8, algorithms.TripleDES),
    "2.16.840.1.101.3.4.1.2": (16, 16, algorithms.AES),
    "2.16.840.1.101.3.4.1.22": (24, 16, algorithms.AES),
    "2.16.840.1.101.3.4.1.42": (32, 16, algorithms.AES),
}
GCM = {"2.16.840.1.101.3.4.1.6": 16, "2.16.840.1.101.3.4.1.26": 24, "2.16.840.1.101.3.4.1.46": 32}
WRAPS = {16: "2.16.840.1.101.3.4.1.5", 24: "2.16.840.1.101.3.4.1.25", 32: "2.16.840.1.101.3.4.1.45"}
DATA, SIGNED, ENVELOPED = (f"1.2.840.113549.1.7.{last}" for last in (1, 2, 3))
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
RSA, MGF1, OAEP, PSS = (f"1.2.840.113549.1.1.{last}" for last in (1, 8, 7, 10))
PBKDF2, PWRI_KEK = "1.2.840.113549.1.5.12", "1.2.840.113549.1.9.16.3.9"
AES128, EC_KEY = "2.16.840.1.101.3.4.1.2", "1.2.840.10045.2.1"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
NULL = b"\x05\x00"
ITERATIONS = 1000


def tlv(tag, *parts):
    inside = b"".join(parts)
    length = len(inside)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([length]) if length < 0x80 else bytes([0x80 | len(octets)]) + octets) + inside


def seq(*parts):
    return tlv(0x30, *parts)


def octets(value):
    return tlv(0x04, value)


def number(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in [first * 40 + second, *rest]:
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.insert(0, 0x80 | arc & 0x7F)
        content += bytes(group)
    return tlv(0x06, content)


def filler(word, length):
    return hashlib.shake_256(word.encode()).digest(length)


def name_of(certificate):
    parsed = x509.Certificate.load(certificate)
    return seq(parsed.issuer.dump(), parsed["tbs_certificate"]["serial_number"].dump())


def mask_of(digest):
    hashed = seq(oid(HASHES[digest][1]), NULL)
    return hashed, seq(oid(MGF1), hashed)


def public_key(certificate):
    return load_der_x509_certificate(certificate).public_key()


def by_key_transport(wish, key):
    certificate = bytes.fromhex(wish["recipient"])
    if wish["oaep"] is None:
        algorithm, scheme = seq(oid(RSA), NULL), padding.PKCS1v15()
    else:
        hashed, mask = mask_of(wish["oaep"])
        digest = HASHES[wish["oaep"]][0]()
        algorithm = seq(oid(OAEP), seq(tlv(0xA0, hashed), tlv(0xA1, mask)))
        scheme = padding.OAEP(padding.MGF1(digest), digest, None)
    encrypted = public_key(certificate).encrypt(key, scheme)
    return 0, seq(number(0), name_of(certificate), algorithm, octets(encrypted))


def by_key_agreement(wish, key):
    certificate = bytes.fromhex(wish["recipient"])
    peer = public_key(certificate)
    own = ec.derive_private_key(int.from_bytes(filler("ephemeral", 31), "big"), peer.curve)
    length = 16 if len(key) <= 16 else len(key)
    wrap = seq(oid(WRAPS[length]))
    shared = seq(wrap, tlv(0xA2, octets((length * 8).to_bytes(4, "big"))))
    digest, _, _, derivation = HASHES[wish["agreement"]]
    kek = X963KDF(digest(), length, shared).derive(own.exchange(ec.ECDH(), peer))
    form = serialization.PublicFormat.UncompressedPoint
    point = own.public_key().public_bytes(serialization.Encoding.X962, form)
    originator = tlv(0xA0, tlv(0xA1, seq(oid(EC_KEY)), tlv(0x03, b"\0", point)))
    keys = seq(seq(name_of(certificate), octets(aes_key_wrap(kek, key))))
    return 2, tlv(0xA1, number(3), originator, seq(oid(derivation), wrap), keys)


def by_password(wish, key):
    password, digest = wish["password"]
    salt, iv = filler("salt", 16), filler("iv of the key", 16)
    function, _, hmac, _ = HASHES[digest]
    kek = PBKDF2HMAC(function(), 16, salt, ITERATIONS).derive(password.encode())
    # RFC 3211 2.3.1: length, check octets, key, padding up to two blocks at least; encrypted twice.
    block = bytes([len(key)]) + bytes(255 - octet for octet in key[:3]) + key
    block += filler("padding", max(32 - len(block), -len(block) % 16))
    encryptor = Cipher(algorithms.AES(kek), modes.CBC(iv)).encryptor()
    wrapped = encryptor.update(block)
    wrapped = encryptor.update(wrapped) + encryptor.finalize()
    # The default of the pseudorandom function is HMAC-SHA1, and DER has no defaults.
    prf = b"" if digest == "sha1" else seq(oid(hmac), NULL)
    derivation = tlv(0xA0, oid(PBKDF2), seq(octets(salt), number(ITERATIONS), prf))
    algorithm = seq(oid(PWRI_KEK), seq(oid(AES128), octets(iv)))
    return 3, tlv(0xA3, number(0), derivation, algorithm, octets(wrapped))


WAYS = {"ktri": by_key_transport, "kari": by_key_agreement, "pwri": by_password}


def attribute(kind, value):
    return seq(oid(kind), tlv(0x31, value))


def enveloped(wish):
    plain, cipher = bytes.fromhex(wish["plain"]), wish["cipher"]
    if cipher in GCM:
        length, nonce, mac_length = GCM[cipher], filler("nonce", 12), wish["mac_length"]
        key = filler("content key", length)
        _, recipient = WAYS[wish["kind"]](wish, key)
        attributes = attribute(CONTENT_TYPE, oid(DATA)) if wish["attributes"] else b""
        encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce, None, 12)).encryptor()
        # RFC 5083 2.2: what is authenticated besides has the tag SET OF.
        encryptor.authenticate_additional_data(tlv(0x31, attributes) if attributes else b"")
        encrypted = encryptor.update(plain) + encryptor.finalize()
        # RFC 5084 3.2: 12 is the default, which DER does not write.
        stated = b"" if mac_length == 12 else number(mac_length)
        content = seq(oid(DATA), seq(oid(cipher), seq(octets(nonce), stated)), tlv(0x80, encrypted))
        also = tlv(0xA1, attributes) if attributes else b""
        inside = seq(number(0), tlv(0x31, recipient), content, also, octets(encryptor.tag[:mac_length]))
        return seq(oid(AUTH_ENVELOPED), tlv(0xA0, inside))
    length, block, kind = CIPHERS[cipher]
    key, iv = filler("content key", length), filler("iv", block)
    version, recipient = WAYS[wish["kind"]](wish, key)
    padder = PKCS7(block * 8).padder()
    encryptor = Cipher(kind(key), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    content = seq(oid(DATA), seq(oid(cipher), octets(iv)), tlv(0x80, encrypted))
    inside = seq(number(version), tlv(0x31, recipient), content)
    return seq(oid(ENVELOPED), tlv(0xA0, inside))


def signed_by_pss(wish):
    """SignedData around octets, with nothing but the two attributes that CMS asks for."""
    certificate, digest = bytes.fromhex(wish["signer"]), wish["digest"]
    plain, function = bytes.fromhex(wish["plain"]), HASHES[digest][0]
    state = hashes.Hash(function())
    state.update(plain)
    attributes = sorted(
        [attribute(CONTENT_TYPE, oid(DATA)), attribute(MESSAGE_DIGEST, octets(state.finalize()))]
    )
    key = serialization.load_pem_private_key(wish["key"].encode(), password=None)
    salt = function().digest_size
    covered = tlv(0x31, *attributes)
    signature = key.sign(covered, padding.PSS(padding.MGF1(function()), salt), function())
    hashed, mask = mask_of(digest)
    pss = seq(oid(PSS), seq(tlv(0xA0, hashed), tlv(0xA1, mask), tlv(0xA2, number(salt))))
    info = seq(number(1), name_of(certificate), hashed, tlv(0xA0, *attributes), pss, octets(signature))
    content = seq(oid(DATA), tlv(0xA0, octets(plain)))
    inside = seq(number(1), tlv(0x31, hashed), content, tlv(0xA0, certificate), tlv(0x31, info))
    return seq(oid(SIGNED), tlv(0xA0, inside))


WRITERS = {"envelope": enveloped, "pss": signed_by_pss}
print(json.dumps([WRITERS[wish["write"]](wish).hex() for wish in json.load(sys.stdin)]))
