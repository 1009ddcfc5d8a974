"""Keys, certificates, requests: what messages are made of. Nothing here is random, and no clock is asked."""

from __future__ import annotations

import hashlib
import pathlib

from cryptography.hazmat.primitives import hashes, padding as block_padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from der import Node, bits, integer, leaf, node, null, octets, oid, raw, seq, set_of, sorted_set, text, utf8

KEYS = pathlib.Path(__file__).parent.parent / "keys"

DATA, SIGNED, ENVELOPED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3"
RSA = "1.2.840.113549.1.1.1"
DIGESTS = {
    "1.2.840.113549.2.5": (hashes.MD5, "1.2.840.113549.1.1.4"),
    "1.3.14.3.2.26": (hashes.SHA1, "1.2.840.113549.1.1.5"),
    "2.16.840.1.101.3.4.2.1": (hashes.SHA256, "1.2.840.113549.1.1.11"),
    "2.16.840.1.101.3.4.2.3": (hashes.SHA512, "1.2.840.113549.1.1.13"),
}
MD5, SHA1, SHA256, SHA512 = DIGESTS
AES128 = "2.16.840.1.101.3.4.1.2"


class Octets:
    """Octets that look random and are not: SHA-256 of a seed and a counter."""

    def __init__(self, seed: str):
        self.seed, self.count = seed.encode(), 0

    def take(self, length: int) -> bytes:
        result = b""
        while len(result) < length:
            result += hashlib.sha256(self.seed + self.count.to_bytes(8, "big")).digest()
            self.count += 1
        return result[:length]


class Key:
    """A key of vectors/keys."""

    def __init__(self, name: str):
        self.name = name
        self.private = serialization.load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), None)
        public = self.private.public_key()
        self.spki = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.numbers = public.public_numbers()
        self.identifier = hashlib.sha1(self.spki[24:]).digest()

    def sign(self, message: bytes, digest: str = SHA256) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), DIGESTS[digest][0]())

    def encrypt(self, secret: bytes, source: Octets) -> bytes:
        """RSAES-PKCS1-v1_5 with padding from the source, RFC 8017 7.2.1."""
        size = (self.numbers.n.bit_length() + 7) // 8
        filler = bytes(octet or 1 for octet in source.take(size - 3 - len(secret)))
        block = int.from_bytes(b"\0\2" + filler + b"\0" + secret, "big")
        return pow(block, self.numbers.e, self.numbers.n).to_bytes(size, "big")


def digest_of(message: bytes, digest: str = SHA256) -> bytes:
    state = hashes.Hash(DIGESTS[digest][0]())
    state.update(message)
    return state.finalize()


def algorithm(dotted: str, *parameters: Node) -> Node:
    return seq(oid(dotted), *parameters)


def name(*attributes: tuple[str, Node]) -> Node:
    """One RDN each, in the order given: the most significant first."""
    return seq(*(set_of(seq(oid(kind), value)) for kind, value in attributes))


def common_name(value: str, tag: int = 0x0C) -> Node:
    return name(("2.5.4.10", utf8("lab")), ("2.5.4.3", text(tag, value)))


def extension(dotted: str, value: Node, critical: bool = False) -> Node:
    flag = [leaf(0x01, b"\xff")] if critical else []
    return seq(oid(dotted), *flag, octets(value.write()))


def certificate(
    subject: Node,
    key: Key,
    issuer: Node | None = None,
    issuer_key: Key | None = None,
    serial: Node | None = None,
    is_ca: bool = False,
    identifier: bool = False,
    usage: bytes | None = None,  # of keyUsage: unused bits, then the bits
) -> Node:
    usage = leaf(0x03, usage or (bytes([1, 0xA6]) if is_ca else bytes([5, 0xA0])))
    extensions = [extension("2.5.29.15", usage, True)]
    if is_ca:
        extensions.insert(0, extension("2.5.29.19", seq(leaf(0x01, b"\xff")), True))
    if identifier:
        extensions.append(extension("2.5.29.14", octets(key.identifier)))
    signing = algorithm(DIGESTS[SHA256][1], null())
    times = seq(leaf(0x17, b"260101000000Z"), leaf(0x17, b"360101000000Z"))
    tbs = seq(
        node(0xA0, integer(2)),
        serial or integer(1),
        signing,
        issuer or subject,
        times,
        subject,
        raw(key.spki),
        node(0xA3, seq(*extensions)),
    )
    return seq(tbs, signing, bits((issuer_key or key).sign(tbs.write())))


def request(
    subject: Node, key: Key, challenge: Node | None, dns: list[str] | None = None, digest: str = SHA256
) -> Node:
    """A PKCS#10 certification request."""
    attributes = []
    if challenge:
        attributes.append(seq(oid("1.2.840.113549.1.9.7"), set_of(challenge)))
    if dns:
        names = seq(*(leaf(0x82, entry.encode()) for entry in dns))
        attributes.append(
            seq(oid("1.2.840.113549.1.9.14"), set_of(seq(extension("2.5.29.17", names))))
        )
    info = seq(integer(0), subject, raw(key.spki), sorted_set(*attributes, tag=0xA0))
    return seq(info, algorithm(DIGESTS[digest][1], null()), bits(key.sign(info.write(), digest)))


def cbc(cipher: str, key: bytes, iv: bytes, plain: bytes) -> bytes:
    kinds = {AES128: algorithms.AES}
    padder = block_padding.PKCS7(len(iv) * 8).padder()
    encryptor = Cipher(kinds[cipher](key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
