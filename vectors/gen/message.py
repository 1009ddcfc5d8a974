"""pkiMessages of the laboratory: a device, its CA, and every message between them, each part replaceable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pki
from der import Node, integer, leaf, node, null, octets, oid, printable, raw, seq, set_of, utf8
from pki import AES128, DATA, DIGESTS, ENVELOPED, RSA, SHA256, SIGNED, Key, Octets, algorithm

CA_KEY, DEVICE_KEY, OTHER_KEY = Key("ca-rsa"), Key("pool-00"), Key("pool-01")
CA_NAME = pki.name(("2.5.4.10", utf8("lab")), ("2.5.4.3", utf8("CA")))
DEVICE_NAME = pki.common_name("router-1")
CA = pki.certificate(CA_NAME, CA_KEY, is_ca=True)
DEVICE = pki.certificate(DEVICE_NAME, DEVICE_KEY, serial=integer(2), identifier=True)
ISSUED = pki.certificate(DEVICE_NAME, DEVICE_KEY, CA_NAME, CA_KEY, serial=integer(0x2A))

SCEP = "2.16.840.1.113733.1.9."
TYPE, STATUS, FAIL_INFO, SENDER, RECIPIENT, TRANSACTION = (SCEP + last for last in "234567")
FAIL_TEXT = "1.3.6.1.5.5.7.24.1"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{last}" for last in (3, 4, 5))

TYPES = {"CertRep": "3", "RenewalReq": "17", "PKCSReq": "19", "CertPoll": "20", "GetCert": "21", "GetCRL": "22"}
STATUSES = {"SUCCESS": "0", "FAILURE": "2", "PENDING": "3"}
REASONS = ["badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId"]

SENDER_NONCE, RECIPIENT_NONCE = bytes(range(16)), bytes(range(16, 32))


def fingerprint(certificate: Node) -> str:
    return hashlib.sha256(certificate.write()).hexdigest()


def issuer_and_serial(certificate: Node) -> Node:
    """sid or rid of a certificate, its serial number as the certificate has it."""
    fields = certificate.content[0].content
    return seq(raw(fields[3].write()), raw(fields[1].write()))


def attribute(kind: str, *values: Node) -> Node:
    return seq(oid(kind), set_of(*values))


@dataclass
class Message:
    """What goes into a pkiMessage, and what a reader has to say about it."""

    kind: str = "PKCSReq"
    status: str | None = None
    reason: int | None = None
    reason_text: str | None = None
    sender_nonce: bytes | None = SENDER_NONCE
    recipient_nonce: bytes | None = None
    transaction: str = "TX-router-1"
    digest: str = SHA256
    signature_algorithm: Node | None = None
    data: Node | None = None  # the plain messageData
    recipients: list[tuple[Node, Key]] = field(default_factory=list)
    signer: tuple[Node, Key] = (DEVICE, DEVICE_KEY)
    certificates: list[Node] | None = field(default_factory=lambda: [raw(DEVICE.write())])
    digests: list[Node] | None = None
    attributes: dict[str, Node | None] = field(default_factory=dict)  # replaced or (None) left out
    extra: list[Node] = field(default_factory=list)  # more signed attributes
    unsigned: list[Node] = field(default_factory=list)
    order: str = "der"  # or "reverse": of the signed attributes
    signs: str = "as-sent"  # or "sorted", "der": what the signature covers
    signer_version: Node | None = None
    version: Node | None = None
    sid: Node | None = None
    content: Node | None = None  # in place of the envelope, the whole eContent element
    signers: int = 1
    chunk_content: int | None = None  # size of the pieces of eContent
    nested: bool = False  # each piece is constructed again
    chunk_encrypted: int | None = None
    inner: Callable[[Node], None] | None = None  # changes the envelope before it is signed
    seed: str = "message"

    def envelope(self) -> tuple[Node, bytes]:
        """ContentInfo of type envelopedData, and the key."""
        source = Octets(self.seed)
        key, iv = source.take(16), source.take(16)
        infos = [
            seq(integer(0), rid, algorithm(RSA, null()), octets(recipient.encrypt(key, source)))
            for rid, recipient in self.recipients
        ]
        encrypted = pki.cbc(AES128, key, iv, self.data.write())
        if self.chunk_encrypted:
            pieces = [
                leaf(0x04, encrypted[at : at + self.chunk_encrypted])
                for at in range(0, len(encrypted), self.chunk_encrypted)
            ]
            inside = node(0xA0, *pieces).reporting("ber.constructed-string")
        else:
            inside = leaf(0x80, encrypted)
        content = seq(oid(DATA), algorithm(AES128, octets(iv)), inside)
        return seq(oid(ENVELOPED), node(0xA0, seq(integer(0), set_of(*infos), content)))

    def build(self) -> Node:
        envelope = self.envelope() if self.data else None
        if self.content is not None:
            content = self.content
            plain = content.content if content.tag == b"\x04" else content.write()
        elif envelope is None:
            content, plain = None, b""
        else:
            if self.inner:
                self.inner(envelope)
            plain = envelope.write()
            content = octets(b"")
            content.content = [envelope]
            if self.chunk_content:
                size = self.chunk_content if self.chunk_content > 0 else len(plain) + self.chunk_content
                pieces = [octets(plain[at : at + size]) for at in range(0, len(plain), size)]
                if self.nested:
                    pieces = [node(0x24, piece, form="indefinite") for piece in pieces]
                form = "indefinite" if self.nested else "shortest"
                content = node(0x24, *pieces, form=form).reporting("ber.constructed-string")
        self.plain, self.element, self.enveloped = plain, content, envelope

        values = {
            CONTENT_TYPE: oid(DATA),
            MESSAGE_DIGEST: octets(pki.digest_of(plain, self.digest)),
            TYPE: printable(TYPES.get(self.kind, self.kind)),
            TRANSACTION: printable(self.transaction),
            SENDER: octets(self.sender_nonce) if self.sender_nonce is not None else None,
            RECIPIENT: octets(self.recipient_nonce) if self.recipient_nonce is not None else None,
            STATUS: printable(STATUSES[self.status]) if self.status else None,
            FAIL_INFO: printable(str(self.reason)) if self.reason is not None else None,
            FAIL_TEXT: utf8(self.reason_text) if self.reason_text else None,
        }
        signed = [attribute(kind, value) for kind, value in values.items() if value and kind not in self.attributes]
        signed += [replaced for replaced in self.attributes.values() if replaced]
        signed += self.extra
        in_der = sorted(signed, key=lambda one: plain_form(one).write())
        sent = in_der if self.order == "der" else in_der[::-1]
        self.sent = sent
        covered = {"as-sent": sent, "sorted": in_der}.get(self.signs)
        if self.signs == "der":  # the attributes are in BER; the signature is over their DER form
            covered = sorted((plain_form(one) for one in sent), key=lambda one: one.write())
        certificate, key = self.signer
        digest = algorithm(self.digest, null())
        # A second signer is the device's other key: SCEP has one.
        infos = []
        for number in range(self.signers):
            by = key if number == 0 else OTHER_KEY
            infos.append(
                seq(
                    self.signer_version or integer(1),
                    self.sid or issuer_and_serial(certificate),
                    algorithm(self.digest, null()),
                    node(0xA0, *(raw(one.write()) if number else one for one in sent)),
                    self.signature_algorithm or algorithm(RSA, null()),
                    octets(by.sign(set_of(*covered).write(), self.digest)),
                    *([node(0xA1, *self.unsigned)] if self.unsigned else []),
                )
            )
        fields = [
            self.version or integer(1),
            set_of(*([digest] if self.digests is None else self.digests)),
            seq(oid(DATA), *([node(0xA0, content)] if content else [])),
        ]
        if self.certificates is not None:
            fields.append(node(0xA0, *self.certificates))
        fields.append(set_of(*infos))
        return seq(oid(SIGNED), node(0xA0, seq(*fields)))

    def said(self) -> dict:
        """What the message says, as a reader has to understand it. After `build`."""
        said = {
            "messageType": self.kind if self.kind in TYPES else None,
            "transactionID": self.transaction,
            "senderNonce": None if self.sender_nonce is None else self.sender_nonce.hex(),
            "recipientNonce": None if self.recipient_nonce is None else self.recipient_nonce.hex(),
            "pkiStatus": self.status,
            "failInfo": None if self.reason is None else REASONS[self.reason],
            "failInfoText": self.reason_text,
            "digest": self.digest,
            "signatureAlgorithm": RSA,
            "messageDigest": True,
            "signature": {"as-sent": "as-sent"}.get(self.signs, "sorted"),
            "signers": self.signers,
            "certificates": [fingerprint(one) for one in self.certificates or []],
            "signer": fingerprint(self.signer[0]),
            "content": "omitted",
        }
        if self.element is not None:
            said["content"] = "empty" if not self.plain else self.plain.hex()
        if self.enveloped:
            said["content"] = "envelope"
            said["envelope"] = envelope_of(self)
        return said


def envelope_of(parts: Message) -> dict:
    """What is said about the envelope of a message."""
    return {
        "recipients": len(parts.recipients),
        "cipher": AES128,
        "messageData": hashlib.sha256(parts.data.write()).hexdigest(),
    }


def plain_form(element: Node) -> Node:
    """The DER form of an element that holds no SET with more than one member."""
    if isinstance(element.content, bytes):
        return Node(element.tag, element.content)
    tag = element.tag[0]
    if tag & 0x20 and tag & ~0x20 in (0x04, 0x0C, 0x13):
        return leaf(tag & ~0x20, b"".join(plain_form(one).content for one in element.content))
    return Node(element.tag, [plain_form(one) for one in element.content])


def csr() -> Node:
    return pki.request(DEVICE_NAME, DEVICE_KEY, printable("secret"), ["router-1.lab"])


def to_ca() -> list[tuple[Node, Key]]:
    return [(issuer_and_serial(CA), CA_KEY)]


def certificates_only(*certificates: Node, content: Node | None = None) -> Node:
    """A degenerate SignedData in its ContentInfo."""
    return seq(oid(SIGNED), node(0xA0, bare_certificates_only(*certificates, content=content)))


def bare_certificates_only(*certificates: Node, content: Node | None = None) -> Node:
    inside = seq(oid(DATA), *([node(0xA0, content)] if content else []))
    field = [node(0xA0, *(raw(one.write()) for one in certificates))] if certificates else []
    return seq(integer(1), set_of(), inside, *field, set_of())


def pkcs_req(**changes) -> Message:
    """The device's request, correct but for the changes."""
    return Message(**{"data": csr(), "recipients": to_ca(), **changes})


def reply(status: str, **changes) -> Message:
    """The CA's answer, correct but for the changes."""
    parts = {
        "kind": "CertRep",
        "status": status,
        "recipient_nonce": RECIPIENT_NONCE,
        "signer": (CA, CA_KEY),
        "certificates": [raw(CA.write())],
    }
    if status == "SUCCESS":
        parts |= {
            "data": certificates_only(ISSUED),
            "recipients": [(issuer_and_serial(DEVICE), DEVICE_KEY)],
        }
    if status == "FAILURE":
        parts |= {"reason": 2}
    return Message(**{**parts, **changes})
