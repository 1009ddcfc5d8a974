#!/usr/bin/python3
"""Turns a run of capture.sh into vectors: `keep.py RUN [FOLDER]`.

What is kept is listed below, with what a reader has to report about it, which was found by hand. What the
messages say is read by asn1crypto and cryptography, so that our readers are not their own judge.
"""

import base64
import hashlib
import pathlib
import subprocess
import sys
import urllib.parse

from asn1crypto import cms, parser, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KEYS = pathlib.Path(__file__).parent.parent / "keys"
SCEP = "2.16.840.1.113733.1.9."
TYPES = {"3": "CertRep", "17": "RenewalReq", "19": "PKCSReq", "20": "CertPoll", "21": "GetCert", "22": "GetCRL"}
STATUSES = {"0": "SUCCESS", "2": "FAILURE", "3": "PENDING"}
REASONS = ["badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId"]
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512, "md5": hashes.MD5}
CIPHERS = {
    "1.3.14.3.2.7": (lambda key: algorithms.TripleDES(key * 3), 8),
    "1.2.840.113549.3.7": (algorithms.TripleDES, 8),
    "2.16.840.1.101.3.4.1.2": (algorithms.AES, 16),
    "2.16.840.1.101.3.4.1.42": (algorithms.AES, 16),
}
PACKAGES = {
    "scepclient": ("scep", "scepclient"),
    "scepserver": ("scep", "scepserver"),
    "strongswan": ("strongswan-pki", "pki --scep"),
    "certmonger": ("certmonger", "certmonger-session with scep-submit"),
}

# Name; run, number and side; operation of an answer; key that opens; title; what is to be reported.
KEPT = [
    ("scepclient-getcacert", "scepclient-to-mock-ca/01.request", None, None, "GetCACert"),
    ("scepclient-pkcsreq", "scepclient-to-mock-ca/03.request", None, "ca-rsa", "PKCSReq by POST, in single DES and SHA-1"),
    ("scepclient-renewalreq", "scepclient-to-scepserver/06.request", None, "ra-rsa", "RenewalReq by POST, in single DES and SHA-1"),
    ("scepserver-getcacaps", "scepclient-to-scepserver/02.response", "GetCACaps", None, "Answer to GetCACaps"),
    ("scepserver-getcacert", "scepclient-to-scepserver/01.response", "GetCACert", None, "Answer to GetCACert"),
    ("scepserver-success", "scepclient-to-scepserver/03.response", "PKIOperation", "pool-01", "CertRep SUCCESS to a PKCSReq in single DES"),
    ("scepserver-success-renewal", "scepclient-to-scepserver/06.response", "PKIOperation", "pool-01", "CertRep SUCCESS to a RenewalReq"),
    ("scepserver-success-to-des3", "strongswan-to-scepserver/05.response", "PKIOperation", "pool-02", "CertRep SUCCESS to a PKCSReq in triple DES and SHA-256"),
    ("scepserver-failure", "scepclient-refused/03.response", "PKIOperation", None, "CertRep FAILURE to a wrong challengePassword"),
    ("strongswan-getcacert", "strongswan-to-mock-ca/01.request", None, None, "GetCACert"),
    ("strongswan-getcacaps", "strongswan-to-mock-ca/02.request", None, None, "GetCACaps"),
    ("strongswan-pkcsreq-aes-sha256", "strongswan-to-mock-ca-keywords/03.request", None, "ca-rsa", "PKCSReq by POST in AES-128 and SHA-256"),
    ("strongswan-pkcsreq-aes-sha1", "strongswan-to-mock-ca-keywords/05.request", None, "ca-rsa", "PKCSReq by POST in AES-128 and SHA-1"),
    ("strongswan-pkcsreq-des3", "strongswan-to-mock-ca-keywords/07.request", None, "ca-rsa", "PKCSReq by POST in triple DES"),
    ("strongswan-renewalreq", "strongswan-to-mock-ca-keywords/09.request", None, "ca-rsa", "RenewalReq by POST, signed with the old certificate"),
    ("strongswan-certpoll", "strongswan-poll/03.request", None, "ca-rsa", "CertPoll by POST"),
    ("certmonger-getcacaps", "certmonger-to-mock-ca/{caps}.request", None, None, "GetCACaps"),
    ("certmonger-getcacert", "certmonger-to-mock-ca/{cert}.request", None, None, "GetCACert"),
    ("certmonger-getcacert-second", "certmonger-to-mock-ca/03.request", None, None, "GetCACert for the second certificate, as older drafts have it"),
    ("certmonger-pkcsreq", "certmonger-to-mock-ca/05.request", None, "ca-rsa", "PKCSReq by GET, though POSTPKIOperation is announced"),
    ("certmonger-pkcsreq-renewal", "certmonger-to-mock-ca/07.request", None, "ca-rsa", "Renewal as PKCSReq by GET, signed with the old certificate"),
    ("pyscep-getcacaps", "pyscep-to-mock-ca/01.request", None, None, "GetCACaps"),
    ("pyscep-getcacert", "pyscep-to-mock-ca/02.request", None, None, "GetCACert"),
    ("pyscep-pkcsreq", "pyscep-to-mock-ca/03.request", None, "ca-rsa", "PKCSReq by POST"),
]


def key(name: str):
    return serialization.load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), None)


def fingerprint(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def digest(name: str, octets: bytes) -> bytes:
    state = hashes.Hash(HASHES[name]())
    state.update(octets)
    return state.finalize()


def text_or_hex(octets: bytes) -> str:
    return octets.decode() if octets.isascii() and octets.decode().isprintable() else "0x" + octets.hex()


def message(octets: bytes, opened_with: str | None) -> dict:
    """What a pkiMessage says."""
    signed = cms.ContentInfo.load(octets)["content"]
    info = signed["signer_infos"][0]
    values = {}
    for attribute in info["signed_attrs"]:
        values.setdefault(attribute["type"].dotted, attribute["values"][0])
    raw = {kind: bytes(value.contents) for kind, value in values.items()}
    of = lambda last: raw.get(SCEP + last)  # noqa: E731
    said = {}
    if of("2") is not None:
        said["messageType"] = TYPES.get(of("2").decode())
    said["transactionID"] = text_or_hex(of("7"))
    said["senderNonce"] = of("5").hex() if of("5") is not None else None
    said["recipientNonce"] = of("6").hex() if of("6") is not None else None
    said["pkiStatus"] = STATUSES[of("3").decode()] if of("3") is not None else None
    said["failInfo"] = REASONS[int(of("4"))] if of("4") is not None else None
    said["failInfoText"] = raw["1.3.6.1.5.5.7.24.1"].decode() if "1.3.6.1.5.5.7.24.1" in raw else None
    said["signers"] = len(signed["signer_infos"])
    certificates = [choice.chosen for choice in signed["certificates"] or []]
    said["certificates"] = [fingerprint(one.dump()) for one in certificates]
    said["digest"] = info["digest_algorithm"]["algorithm"].dotted
    said["signatureAlgorithm"] = info["signature_algorithm"]["algorithm"].dotted
    sid = info["sid"].chosen
    signers = [
        one for one in certificates
        if one.issuer == sid["issuer"] and one.serial_number == sid["serial_number"].native
    ]
    said["signer"] = fingerprint(signers[0].dump()) if signers else None
    content = signed["encap_content_info"]["content"]
    plain = content.native if content.native is not None else b""
    name = info["digest_algorithm"]["algorithm"].native
    said["messageDigest"] = digest(name, plain) == raw["1.2.840.113549.1.9.4"]
    covered = info["signed_attrs"].dump()
    covered = b"\x31" + covered[1:]
    public = serialization.load_der_public_key(signers[0].public_key.dump())
    public.verify(info["signature"].native, covered, padding.PKCS1v15(), HASHES[name]())
    said["signature"] = "as-sent"
    if content.native is None:
        said["content"] = "omitted"
    elif not plain:
        said["content"] = "empty"
    else:
        said["content"] = "envelope"
        said["envelope"] = envelope(plain, opened_with)
    return said


def elements(octets: bytes) -> list[tuple]:
    """The elements that stand one after the other."""
    found = []
    while octets:
        found.append(parser.parse(octets))
        octets = octets[len(whole(found[-1])) :]
    return found


def whole(element: tuple) -> bytes:
    return element[3] + element[4] + element[5]


def envelope(octets: bytes, opened_with: str) -> dict:
    # asn1crypto's EncryptedContentInfo refuses the constructed [0] that some send: taken apart by hand.
    enveloped = cms.ContentInfo.load(octets)["content"]
    infos = enveloped["recipient_infos"]
    members = elements(enveloped["encrypted_content_info"].contents)
    cipher = cms.EncryptionAlgorithm.load(whole(members[1]))
    _, constructed, _, _, encrypted, _ = members[2]
    if constructed:
        encrypted = b"".join(piece[4] for piece in elements(encrypted))
    kind, block = CIPHERS[cipher["algorithm"].dotted]
    for info in infos:
        secret = key(opened_with).decrypt(info.chosen["encrypted_key"].native, padding.PKCS1v15())
    decryptor = Cipher(kind(secret), modes.CBC(cipher["parameters"].native)).decryptor()
    padded = decryptor.update(encrypted) + decryptor.finalize()
    unpadder = PKCS7(block * 8).unpadder()
    return {
        "recipients": len(infos),
        "cipher": cipher["algorithm"].dotted,
        "messageData": fingerprint(unpadder.update(padded) + unpadder.finalize()),
    }


def request(octets: bytes, opened_with: str | None) -> dict:
    head, _, body = octets.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    query = dict(pair.partition("=")[::2] for pair in target.partition("?")[2].split("&"))
    said = {"method": method, "operation": query["operation"]}
    value = query.get("message")
    if method == "POST":
        said["identifier"] = value
        return said | message(body, opened_with)
    if query["operation"] == "PKIOperation":
        return said | message(base64.b64decode(urllib.parse.unquote(value), validate=True), opened_with)
    return said | {"identifier": value}


def joined(body: bytes) -> bytes:
    """A body in chunks, RFC 9112 7.1, in one piece."""
    whole_body = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole_body, body = whole_body + rest[:length], rest[length + 2 :]
    return whole_body


def answer(octets: bytes, operation: str, opened_with: str | None) -> dict:
    head, _, body = octets.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = joined(body)
    said = {"status": int(head.split(b" ")[1])}
    if operation == "GetCACaps":
        return said | {"keywords": body.decode().split()}
    if operation == "GetCACert":
        return said | {"certificates": [fingerprint(x509.Certificate.load(body, strict=True).dump())]}
    return said | message(body, opened_with)


def main() -> None:
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "gen"))
    from findings import FINDINGS
    from vector import SCHEMA, table

    run = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "data"
    folder = folder / "captures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, source, operation, opened_with, title in KEPT:
        program = name.partition("-")[0]
        if "{" in source:
            wanted = b"GetCACaps" if "{caps}" in source else b"message=0"
            source = next(
                f"{path.parent.name}/{path.name.removesuffix('.http')}"
                for path in sorted((run / source.split("/")[0]).glob("*.request.http"))
                if wanted in path.read_bytes() and (wanted != b"message=0" or b"GetCACert" in path.read_bytes())
            )
        octets = (run / f"{source}.http").read_bytes()
        said = request(octets, opened_with) if operation is None else answer(octets, operation, opened_with)
        if program == "pyscep":
            version, what = "0.0.14 (PyPI)", "PyScep"
        else:
            package, what = PACKAGES[program]
            shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
            version = f"{shown.stdout} (Debian 12, package {package})"
        made = {
            "by": what,
            "version": version,
            "date": (run / "date").read_text().strip(),
            "how": f"vectors/capture/capture.sh, {source}",
        }
        head = {
            "schema": SCHEMA,
            "id": f"captures/{name}",
            "title": f"{what}: {title}",
            "kind": "http-request" if operation is None else "http-response",
            "file": f"{name}.http",
            "answers": operation,
            "open-with": opened_with,
            "sources": ["vectors/capture/README.md"],
        }
        lines = table(head) + ["", "[made]", *table(made), "", "[expect]"]
        lines += table({k: v for k, v in said.items() if not isinstance(v, dict)})
        for k, v in said.items():
            if isinstance(v, dict):
                lines += ["", f"[expect.{k}]", *table(v)]
        for rule, part, start, end in FINDINGS.get(name, []):
            lines += ["", "[[finding]]", *table({"rule": rule, "part": part, "start": start, "end": end})]
        (folder / f"{name}.http").write_bytes(octets)
        (folder / f"{name}.toml").write_text("\n".join(lines) + "\n")
    print(f"{len(KEPT)} captures")


main()
