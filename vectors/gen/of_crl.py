"""Certificate revocation lists: RFC 5280 5."""

import pki
from der import Node, bits, integer, leaf, node, null, octets, raw, seq
from message import CA_KEY, CA_NAME
from pki import SHA256, algorithm
from vector import Vector

SIGNING = algorithm(pki.DIGESTS[SHA256][1], null())
FROM, TO = leaf(0x17, b"260101000000Z"), leaf(0x17, b"260108000000Z")
FROM_TEXT, TO_TEXT = "2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z"
KEY_COMPROMISE, SUPERSEDED = 1, 4


def entry(serial: Node, reason: int | None = None) -> Node:
    extensions = [seq(pki.extension("2.5.29.21", leaf(0x0A, bytes([reason]))))] if reason is not None else []
    return seq(serial, leaf(0x17, b"251231120000Z"), *extensions)


def crl(*entries: Node, number: Node | None = integer(7), to: Node | None = TO, version: bool = True) -> Node:
    identifier = pki.extension("2.5.29.35", seq(leaf(0x80, CA_KEY.identifier)))
    extensions = [node(0xA0, seq(identifier, pki.extension("2.5.29.20", number)))] if number else []
    tbs = seq(
        *([integer(1)] if version else []),
        SIGNING,
        raw(CA_NAME.write()),
        FROM,
        *([to] if to else []),
        *([seq(*entries)] if entries else []),
        *extensions,
    )
    return seq(tbs, SIGNING, bits(CA_KEY.sign(tbs.write())))


def one(word: str, title: str, tree: Node, sources, revoked=(), after: bytes = b"", **say) -> Vector:
    """`revoked`: content octets of the serial number in hex, and the reason."""
    body = tree.write()
    findings = tree.found()
    if after:
        findings.append(("framing.trailing-bytes", "message", tree.end, tree.end + len(after)))
    said = {
        "issuer": "CA",
        "thisUpdate": FROM_TEXT,
        "nextUpdate": TO_TEXT,
        "number": "07",
        "revoked": [serial for serial, _ in revoked],
        "reasons": [reason for _, reason in revoked],
        "signature": True,
    } | say
    expect = {key: value for key, value in said.items() if value is not None}
    return Vector(f"crl/{word}", title, "crl", body + after, expect, findings, list(sources), verify_with="ca-rsa")


def vectors():
    two = (entry(integer(0x2A), KEY_COMPROMISE), entry(integer(0x80)))
    listed = [("2a", KEY_COMPROMISE), ("0080", -1)]
    yield one("crl", "Two revoked certificates, one with its reason", crl(*two), ["RFC 5280 5.1"], listed)
    yield one("nothing-revoked", "Nothing is revoked: the field is left out", crl(), ["RFC 5280 5.1.2.6"])
    bare = crl(entry(integer(0x2A)), number=None, to=None, version=False).reporting("crl.not-strict")
    yield one("version-1", "Version 1: no version, no extensions, and no nextUpdate", bare, ["RFC 5280 5.1.2.1: issued with version 2"], [("2a", -1)], nextUpdate=None, number=None)
    late = leaf(0x18, b"20510101000000Z")
    yield one("next-update-after-2049", "nextUpdate is a GeneralizedTime, as from 2050 on", crl(to=late), ["RFC 5280 5.1.2.5"], nextUpdate="2051-01-01T00:00:00Z")
    longest = bytes([0x7F]) + bytes(range(19))
    yield one("serial-of-20-octets", "A revoked serial number of 20 octets", crl(entry(leaf(0x02, longest))), ["RFC 5280 4.1.2.2"], [(longest.hex(), -1)])
    negative = ["https://github.com/smallstep/certificates/pull/1994"]
    yield one("serial-negative", "A revoked serial number is negative", crl(entry(leaf(0x02, b"\x9c"), SUPERSEDED)), negative, [("9c", SUPERSEDED)])
    padded = crl(entry(leaf(0x02, b"\0\0\x05"))).reporting("crl.not-strict")
    yield one("serial-with-superfluous-zeros", "A revoked serial number is not in the shortest form", padded, ["X.690 8.3.2"], [("000005", -1)])
    empty = crl(to=None)
    fields = empty.content[0].content
    fields.insert(4, seq())
    empty.content[2] = bits(CA_KEY.sign(empty.content[0].write()))
    yield one("revoked-empty", "revokedCertificates is there, with no entry", empty, ["RFC 5280 5.1.2.6"], nextUpdate=None)
    long = crl(*two)
    long.form = 2
    yield one("long-length", "The length of the list is in more octets than needed", long.reporting("crl.not-strict"), ["X.690 10.1"], listed)
    open_ended = crl(*two)
    open_ended.form = "indefinite"
    yield one("indefinite-length", "The list is of indefinite length", open_ended.reporting("crl.not-strict"), ["X.690 10.1"], listed)
    yield one("line-end-after-list", "A line end after the list", crl(*two), ["X.690 8.1"], listed, b"\r\n")
    other = crl(*two)
    other.content[2] = bits(pki.Key("pool-00").sign(other.content[0].write()))
    yield one("signed-by-another", "The signature is by another key than the CA's", other, ["RFC 5280 5.1.1.3"], listed, signature=False)
