"""Requests and answers as they stand on the wire: RFC 8894 3.5 and section 4."""

import base64
import hashlib

import message as lab
import pki
from der import leaf, octets
from message import CA, ISSUED, fingerprint, pkcs_req, reply
from vector import Vector

BASE = pkcs_req()
TREE = BASE.build()
MESSAGE = TREE.write()
SAID = {key: value for key, value in BASE.said().items() if value is not None}
TEXT = base64.b64encode(MESSAGE).decode()


def escaped(value: str, characters: str = "+/=") -> str:
    return "".join(f"%{ord(one):02X}" if one in characters or ord(one) < 0x21 else one for one in value)


def wrapped(value: str, width: int, end: str) -> str:
    return end.join(value[at : at + width] for at in range(0, len(value), width))


def get(word: str, title: str, query: str, rules: list, sources: list[str], expect: dict | None = None, message: bool = True, shift: bool = False) -> Vector:
    """`rules`: the rule and the text in the query that it is about; None for the value of `message`."""
    head = f"GET /scep?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    value = query[query.lower().find("message=") + 8 :].split("&")[0].split("#")[0] if message else ""
    findings = []
    for rule, about in rules:
        about = value if about is None else about
        start = query.index(about)
        findings.append((rule, "query", start, start + len(about)))
    said = {"method": "GET", "operation": "PKIOperation"} | (SAID if message else {}) | (expect or {})
    return Vector(f"http/{word}", title, "http-request", head.encode(), {key: one for key, one in said.items() if one is not None}, findings, sources, open_with="ca-rsa" if message else None)


def gets():
    right = f"operation=PKIOperation&message={escaped(TEXT)}"
    apple = ["https://github.com/smallstep/certificates/issues/1570"]
    cisco = ["https://github.com/openxpki/openxpki/commit/d5a47be42e62168ef62aa3d3bf4b7ad5d06ab2d3"]
    mikrotik = ["https://forum.mikrotik.com/t/mikrotik-scep-cisco-cisco2921-k9/104206"]
    jscep = ["https://github.com/jscep/jscep/commit/2f6e075d620e821f9b4675d4bcc2f03bab8d9b79"]
    assert "+" in TEXT and "/" in TEXT and TEXT.endswith("=")
    yield get("get", "PKIOperation by GET as the RFC has it", right, [], ["RFC 8894 4.1"])
    yield get("get-lower-case-escapes", "Percent-escapes in lower-case hex", right.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"), [], ["RFC 3986 2.1"])
    for word, title, query, rules, sources in (
        ("get-nothing-escaped", "No character of the base64 is escaped", TEXT, ["http.unescaped"], jscep),
        ("get-padding-escaped-only", "Only the padding is escaped, as Apple's client does it", escaped(TEXT, "="), ["http.unescaped"], apple),
        ("get-plus-escaped-only", "Only the plus signs are escaped", escaped(TEXT, "+"), ["http.unescaped"], mikrotik),
        ("get-space-for-plus", "Every plus sign has become an escaped space", escaped(TEXT.replace("+", " ")), ["http.space-for-plus"], ["https://github.com/jscep/jscep/commit/fee2a5696013a72edaaa6f82243cdf911dfbbca7"]),
        ("get-url-safe", "The url-safe alphabet, with padding", escaped(TEXT.replace("+", "-").replace("/", "_")), ["http.url-safe-base64"], ["https://github.com/micromdm/scep/issues/249"]),
        ("get-url-safe-unpadded", "The url-safe alphabet without padding", TEXT.replace("+", "-").replace("/", "_").rstrip("="), ["http.url-safe-base64", "http.unpadded-base64"], ["RFC 4648 5"]),
        ("get-unpadded", "The padding is left off", escaped(TEXT.rstrip("=")), ["http.unpadded-base64"], mikrotik),
        ("get-wrapped-at-64", "A line feed, escaped, after every 64 characters", escaped(wrapped(TEXT, 64, "\n")), ["http.wrapped-base64"], cisco),
        ("get-wrapped-at-76-crlf", "CR and LF, escaped, after every 76 characters and at the end", escaped(wrapped(TEXT, 76, "\r\n") + "\r\n"), ["http.wrapped-base64"], ["https://github.com/smallstep/certificates/issues/2100"]),
        ("get-escaped-twice", "The percent signs of the escapes are escaped again", escaped(TEXT).replace("%", "%25"), ["http.escaped-twice"], ["RFC 3986 2.4"]),
    ):
        yield get(word, title, f"operation=PKIOperation&message={query}", [(rule, None) for rule in rules], sources)
    value = escaped(TEXT)
    yield get("get-message-first", "`message` before `operation`", f"message={value}&operation=PKIOperation", [("http.query-order", "operation=PKIOperation")], ["RFC 8894 4.1"])
    yield get("get-parameters-in-capitals", "Parameter names in capitals", f"OPERATION=PKIOperation&MESSAGE={value}", [("http.parameter-case", "OPERATION=PKIOperation"), ("http.parameter-case", f"MESSAGE={value}")], ["RFC 8894 4.1"])
    yield get("get-operation-in-lower-case", "The operation in lower case", f"operation=pkioperation&message={value}", [("http.operation-case", "operation=pkioperation")], ["RFC 8894 4.1"], {"operation": "pkioperation"})
    yield get("get-more-parameters", "A parameter in front and one behind that SCEP does not have", f"profile=lab&operation=PKIOperation&message={value}&x=1", [("http.unknown-parameter", "profile=lab"), ("http.query-order", "operation=PKIOperation"), ("http.unknown-parameter", "x=1")], ["https://github.com/openxpki/openxpki/commit/b959efa4d4686be8cd7009816095125eb8e3ac16"])
    vector = get("get-separator-at-end", "An & at the end", f"operation=PKIOperation&message={value}&", [], ["RFC 8894 4.1"])
    end = len(f"operation=PKIOperation&message={value}&")
    vector.findings.append(("http.unknown-parameter", "query", end, end))
    yield vector
    yield get("get-fragment", "A fragment after the query", f"operation=PKIOperation&message={value}#top", [("http.fragment", "#top")], ["RFC 9112 3.2"])
    yield get("get-message-twice", "`message` twice; the first counts", f"operation=PKIOperation&message={value}&message=AAAA", [("http.repeated-parameter", "message=AAAA")], ["RFC 8894 4.1"])
    for operation in ("GetCACert", "GetCACaps"):
        word = operation.lower()
        yield get(word, f"{operation} as the RFC has it", f"operation={operation}", [], ["RFC 8894 4.2"], {"operation": operation}, False)
        yield get(f"{word}-with-ca-identifier", f"{operation} with a CA identifier, as older drafts have it", f"operation={operation}&message=CAIdentifier", [("http.unexpected-message", "CAIdentifier")], ["https://github.com/certnanny/sscep/issues/160"], {"operation": operation, "identifier": "CAIdentifier"}, False)
    vector = get("getcacert-with-empty-message", "GetCACert with an empty `message`", "operation=GetCACert&message=", [], ["https://github.com/Keyfactor/ejbca-ce/issues/503"], {"operation": "GetCACert", "identifier": ""}, False)
    end = len("operation=GetCACert&message=")
    vector.findings.append(("http.unexpected-message", "query", end, end))
    yield vector
    yield get("getcacert-in-lower-case", "GetCACert in lower case", "operation=getcacert", [("http.operation-case", "operation=getcacert")], ["RFC 8894 4.2"], {"operation": "getcacert"}, False)


def post(word, title, body, content_type, rules, sources, query="operation=PKIOperation", expect=None):
    field = f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    head = f"POST /scep?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{field}Content-Length: {len(body)}\r\n\r\n"
    ends = {"Content-Type": len(content_type or ""), "body": len(body), "query": len(query)}
    starts = {"query": len(query)} if query.endswith("=") else {}
    findings = [(rule, part, starts.get(part, 0), ends[part]) for rule, part in rules]
    return Vector(f"http/{word}", title, "http-request", head.encode() + body, {"method": "POST", "operation": "PKIOperation", **(expect or {}), **SAID}, findings, sources, open_with="ca-rsa")


PEM = f"-----BEGIN PKCS7-----\n{wrapped(TEXT, 64, chr(10))}\n-----END PKCS7-----\n".encode()


def posts():
    kind = "application/x-pki-message"
    yield post("post", "PKIOperation by POST as the RFC has it", MESSAGE, kind, [], ["RFC 8894 4.1"])
    strict = ["https://github.com/micromdm/scep/issues/225"]
    for word, value in (("octet-stream", "application/octet-stream"), ("pkcs7-mime", "application/pkcs7-mime"), ("form", "application/x-www-form-urlencoded"), ("with-charset", f"{kind}; charset=utf-8")):
        yield post(f"post-content-type-{word}", f"Content-Type {value}", MESSAGE, value, [("http.content-type", "Content-Type")], strict)
    yield post("post-content-type-missing", "No Content-Type at all", MESSAGE, None, [("http.content-type", "Content-Type")], ["https://github.com/openxpki/openxpki/commit/91e65f2aec74ddd83d31469b03d5c3f0f5eafbe1"])
    yield post("post-content-type-in-capitals", "The media type in capitals is the same media type", MESSAGE, "Application/X-PKI-Message", [], ["RFC 9110 8.3.1"])
    mii = ["https://github.com/openxpki/openxpki/commit/740f219098415bcd04d28e7cc47357f415b61299"]
    yield post("post-base64", "The body is base64 in one line", TEXT.encode(), kind, [("framing.text-body", "body")], mii)
    yield post("post-base64-wrapped", "The body is base64 in lines of 64", (wrapped(TEXT, 64, "\n") + "\n").encode(), kind, [("framing.text-body", "body")], mii)
    yield post("post-pem", "The body is PEM", PEM, kind, [("framing.text-body", "body")], mii)
    yield post("post-empty-message-parameter", "POST with an empty `message` in the query", MESSAGE, kind, [("http.unexpected-message", "query")], ["RFC 8894 4.1"], "operation=PKIOperation&message=", {"identifier": ""})


def answer(word, title, operation, body, content_type, rules, sources, expect, area, also=()):
    field = f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    head = f"HTTP/1.1 200 OK\r\n{field}Content-Length: {len(body)}\r\n\r\n"
    ends = {"Content-Type": len(content_type or ""), "body": len(body)}
    findings = [(rule, part, 0, ends[part]) for rule, part in rules] + list(also)
    return Vector(f"{area}/{word}", title, "http-response", head.encode() + body, {"status": 200, **expect}, findings, sources, answers=operation)


def caps():
    words = ["AES", "SHA-256", "POSTPKIOperation", "SCEPStandard"]

    def one(word, title, body, sources, found=(), content_type="text/plain", rules=(), keywords=words):
        also = [(rule, "message", start, end) for rule, start, end in found]
        return answer(word, title, "GetCACaps", body, content_type, rules, sources, {"keywords": keywords}, "caps", also)

    lines = "\n".join(words).encode()
    rfc = ["RFC 8894 3.5.2"]
    yield one("line-feeds", "One keyword a line, LF", lines + b"\n", rfc)
    yield one("carriage-return-line-feeds", "One keyword a line, CRLF", lines.replace(b"\n", b"\r\n") + b"\r\n", rfc)
    yield one("no-last-line-end", "No line end after the last keyword", lines, rfc)
    yield one("empty-lines", "Empty lines between the keywords", lines.replace(b"\n", b"\n\n") + b"\n\n", rfc)
    body = lines.replace(b"\n", b"\r") + b"\r"
    yield one("carriage-returns", "CR alone ends the lines", body, rfc, [("caps.line", 0, len(body))])
    body = b"AES, SHA-256,POSTPKIOperation ,SCEPStandard\n"
    yield one("commas", "Keywords divided by commas", body, rfc, [("caps.line", 0, len(body) - 1)])
    body = b"AES SHA-256 POSTPKIOperation SCEPStandard"
    yield one("blanks", "Keywords divided by blanks", body, rfc, [("caps.line", 0, len(body))])
    yield one("byte-order-mark", "A byte order mark in front", b"\xef\xbb\xbf" + lines, rfc, [("caps.line", 0, 6)])
    body = b"AES \n\tSHA-256\nPOSTPKIOperation\nSCEPStandard\n"
    yield one("padded", "Blanks around keywords", body, rfc, [("caps.line", 0, 4), ("caps.line", 5, 13)])
    yield one("letter-case", "Keywords in other letter cases", b"aes\nSha-256\nPOSTPKIOPERATION\nscepstandard\n", rfc, [("caps.case", 0, 3), ("caps.case", 4, 11), ("caps.case", 12, 28), ("caps.case", 29, 41)], keywords=["aes", "Sha-256", "POSTPKIOPERATION", "scepstandard"])
    yield one("unknown-kept", "Keywords that Table 7 does not have are kept", b"AES\nExample.com-Thing\nSHA-384\nUpdate\n", ["https://github.com/strongswan/strongswan/issues/1607"], keywords=["AES", "Example.com-Thing", "SHA-384", "Update"])
    yield one("empty", "An empty list", b"", ["https://github.com/jscep/jscep/commit/5462d992e66722c8a28dfc3993beace11d0de215"], keywords=[])
    sscep = ["https://github.com/certnanny/sscep/issues/126"]
    for word, value in (("html", "text/html"), ("pki-message", "application/x-pki-message"), ("missing", None)):
        yield one(f"content-type-{word}", f"Content-Type {value or 'missing'}", lines + b"\n", sscep, (), value, [("http.content-type", "Content-Type")])
    yield one("content-type-charset", "text/plain with a charset is text/plain", lines + b"\n", ["https://github.com/certnanny/sscep/issues/124"], (), "text/plain; charset=ISO-8859-1")
    page = b"<html><head><title>Sign in</title></head>\n<body>Please sign in</body></html>\n"
    first = page.index(b"\n")
    yield one("page", "A page of HTML in place of the list", page, ["https://github.com/NeySlim/ultimate-ca-manager/blob/01942cfa6b69ee66ba0b022b8228a239afa6aa61/CHANGELOG.md"], [("caps.page", 0, len(page)), ("caps.line", 0, first), ("caps.line", first + 1, len(page) - 1)], "text/html", [("http.content-type", "Content-Type")], page.decode().splitlines())


def ca_certs():
    single, chain = "application/x-x509-ca-cert", "application/x-x509-ca-ra-cert"
    both = lab.certificates_only(ISSUED, CA).write()

    def one(word, title, body, kind, rules=(), sources=("RFC 8894 4.2.1",), certificates=(CA,), also=()):
        expect = {"certificates": [fingerprint(each) for each in certificates]}
        return answer(word, title, "GetCACert", body, kind, rules, list(sources), expect, "getcacert", also)

    ca = CA.write()
    kind_rule, text_rule = ("http.content-type", "Content-Type"), ("framing.text-body", "body")
    yield one("certificate", "One certificate as the RFC has it", ca, single)
    yield one("chain", "Several certificates as the RFC has them", both, chain, certificates=(ISSUED, CA))
    yield one("chain-in-another-order", "The chain, the root first", lab.certificates_only(CA, ISSUED).write(), chain, certificates=(CA, ISSUED))
    yield one("certificates-only-for-one", "A certificates-only message around a single certificate", lab.certificates_only(CA).write(), chain, sources=["https://github.com/scepman/scepclient/issues/13"])
    yield one("certificate-typed-as-chain", "One certificate under the media type of a chain", ca, chain, [kind_rule], ["https://github.com/NeySlim/ultimate-ca-manager/issues/101"])
    yield one("chain-typed-as-certificate", "A chain under the media type of one certificate", both, single, [kind_rule], ["https://github.com/scepman/scepclient/issues/13"], (ISSUED, CA))
    for word, value in (("octet-stream", "application/octet-stream"), ("missing", None), ("with-charset", f"{single}; charset=utf-8")):
        yield one(f"content-type-{word}", f"Content-Type: {value or 'missing'}", ca, value, [kind_rule], ["https://github.com/seize-the-dave/jscep/issues/49", "https://github.com/certnanny/sscep/issues/124"])
    encoded = base64.b64encode(ca).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{wrapped(encoded, 64, chr(10))}\n-----END CERTIFICATE-----\n"
    yield one("certificate-pem", "One certificate as PEM", pem.encode(), single, [text_rule])
    yield one("certificate-base64-wrapped", "One certificate as base64 in lines", wrapped(encoded, 76, "\r\n").encode(), single, [text_rule])
    issued = wrapped(base64.b64encode(ISSUED.write()).decode(), 64, "\n")
    yield one("chain-pem", "Two certificates as PEM, one after the other", (f"-----BEGIN CERTIFICATE-----\n{issued}\n-----END CERTIFICATE-----\n" + pem).encode(), chain, [text_rule], certificates=(ISSUED, CA))
    empty = octets(b"").reporting("content.empty")
    tree = lab.certificates_only(CA, ISSUED, content=empty)
    body = tree.write()
    yield one("chain-with-empty-content", "eContent is there, with no octets", body, chain, (), ["https://github.com/cryptlib/cryptlib/blob/43be4583f0d09543a765d09c7bd1293a061acddd/test/s_scep.c"], (CA, ISSUED), tree.found())
    tree = lab.bare_certificates_only(CA, ISSUED).reporting("cms.no-content-info")
    yield one("chain-without-content-info", "A bare SignedData", tree.write(), chain, (), ["https://github.com/jscep/jscep/commit/77d4a9c91dd896a7d92856fc694c05337ddc184c"], (CA, ISSUED), tree.found())
    odd = pki.certificate(lab.CA_NAME, lab.CA_KEY, serial=leaf(0x02, b"\0\0\x05").reporting("serial-number"), is_ca=True)
    odd.reporting("certificate.not-strict")
    yield one("certificate-serial-with-superfluous-zeros", "One certificate whose serial number is not in the shortest form", odd.write(), single, (), ["X.690 8.3.2"], (odd,), odd.found())
    yield one("line-end-after-certificate", "A line feed after the certificate", ca + b"\n", single, (), ["X.690 8.1"], (CA,), [("framing.trailing-bytes", "message", len(ca), len(ca) + 1)])


def answers():
    parts = reply("FAILURE")
    body = parts.build().write()
    said = {key: value for key, value in parts.said().items() if value is not None}
    for word, value in (("right", "application/x-pki-message"), ("with-charset", "application/x-pki-message; charset=utf-8"), ("html", "text/html"), ("missing", None)):
        rules = [] if word == "right" else [("http.content-type", "Content-Type")]
        yield answer(f"answer-content-type-{word}", f"A CertRep under Content-Type: {value or 'none'}", "PKIOperation", body, value, rules, ["https://github.com/certnanny/sscep/issues/124"], said, "http")
    text = base64.encodebytes(body)
    yield answer("answer-base64", "A CertRep as base64 in lines", "PKIOperation", text, "application/x-pki-message", [("framing.text-body", "body")], ["RFC 8894 4.3"], said, "http")


def vectors():
    for some in (gets, posts, answers, caps, ca_certs):
        yield from some()
