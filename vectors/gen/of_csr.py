"""Certification requests with every string type: RFC 2985 5.4.1, RFC 5280 4.1.2.4."""

import pki
from der import leaf, octets, text, utf8
from message import DEVICE_KEY, DEVICE_NAME
from vector import Vector

STRINGS = {"printable": 0x13, "utf8": 0x0C, "t61": 0x14, "ia5": 0x16, "bmp": 0x1E, "universal": 0x1C}


def vectors():
    for word, tag in STRINGS.items():
        plain = "secret" if word in ("printable", "ia5") else "gehéim"
        yield of_request(f"csr/challenge-{word}", f"challengePassword as {word.upper()} string", DEVICE_NAME, text(tag, plain), plain)
    for word, tag in STRINGS.items():
        plain = "Router-7" if word in ("printable", "ia5") else "Gerät-7"
        yield of_request(f"csr/subject-{word}", f"commonName as {word.upper()} string", pki.common_name(plain, tag), utf8("secret"), "secret", plain)
    yield of_request("csr/challenge-empty", "A challengePassword of no characters", DEVICE_NAME, text(0x13, ""), "")
    yield of_request("csr/subject-empty", "A subject without attributes, and the name in subjectAltName", pki.name(), utf8("secret"), "secret", None)
    yield of_request("csr/challenge-octet-string", "challengePassword as OCTET STRING", DEVICE_NAME, octets(b"secret"), "secret")


def of_request(id, title, subject, challenge, says, common_name="router-1"):
    if challenge.tag[0] not in (0x0C, 0x13, 0x14, 0x1C, 0x1E):
        challenge.reporting("attribute.type")  # no DirectoryString
    tree = pki.request(subject, DEVICE_KEY, challenge, ["router-1.lab"])
    octets_of = tree.write()
    found = tree.found()
    if b"\x1c" in (challenge.tag, *(one.content[0].content[1].tag for one in subject.content)):
        # The strict second reader knows no UniversalString.
        found.append(("cms.unexpected-structure", "message", 0, len(octets_of)))
    expect = {
        "challenge": says,
        "challengeTag": challenge.tag[0],
        "commonName": common_name,
        "dnsNames": ["router-1.lab"],
        "possession": True,
    }
    return Vector(id, title, "csr", octets_of, expect, found, ["RFC 2985 5.4.1", "RFC 5280 4.1.2.4"])
