"""Departures in the attributes of a pkiMessage: RFC 8894 3.2.1."""

from der import Node, integer, leaf, node, octets, printable, seq, set_of, text, utf8
from message import (
    CONTENT_TYPE, FAIL_INFO, FAIL_TEXT, MESSAGE_DIGEST, RECIPIENT, SENDER, SENDER_NONCE, SIGNING_TIME, STATUS,
    TRANSACTION, TYPE, attribute, pkcs_req, reply,
)
from vector import of_message, signer_info

STRINGS = {"t61": 0x14, "ia5": 0x16, "utf8": 0x0C, "bmp": 0x1E, "universal": 0x1C}
TYPES = ["RFC 8894 3.2.1, Table 1"]
NOT_HEX = ["https://github.com/micromdm/scep/issues/225"]
OLD_NONCE = ["https://github.com/openxpki/openxpki/commit/b1518e9de69d74ecc30eaeeba1c63a25731e7f03"]


def message_types():
    for word, tag in STRINGS.items():
        value = text(tag, "19").reporting("attribute.type")
        yield of_message(f"attributes/message-type-{word}-string", f"messageType 19 as {word.upper()} string", pkcs_req(attributes={TYPE: attribute(TYPE, value)}), TYPES, strict=word != "universal")
    value = integer(19).reporting("attribute.type")
    yield of_message("attributes/message-type-integer", "messageType as INTEGER 19", pkcs_req(attributes={TYPE: attribute(TYPE, value)}), TYPES)
    for word, digits in (("leading-zero", "019"), ("leading-blank", " 19"), ("trailing-blank", "19 ")):
        value = printable(digits).reporting("attribute.number-form")
        yield of_message(f"attributes/message-type-{word}", f"messageType `{digits}`: what it stands for is clear, but RFC 8894 does not define it", pkcs_req(attributes={TYPE: attribute(TYPE, value)}), ["RFC 8894 3.2.1.2"], say={"messageType": None})
    value = leaf(0x13, b"19\0").reporting("attribute.number-form", "attribute.characters")
    yield of_message("attributes/message-type-trailing-zero-octet", "messageType with the zero octet that ends a string of C", pkcs_req(attributes={TYPE: attribute(TYPE, value)}), ["RFC 8894 3.2.1.2"], say={"messageType": None})
    for digits in ("18", "99", ""):
        value = printable(digits).reporting("attribute.undefined-value")
        yield of_message(f"attributes/message-type-{digits or 'empty'}", f"messageType `{digits}`, which RFC 8894 does not define", pkcs_req(attributes={TYPE: attribute(TYPE, value)}), ["RFC 8894 3.2.1.2"], say={"messageType": None})


def transaction_ids():
    rows = (
        ("with-underscore-and-at", "a_b*c@example", 0x13, ["attribute.characters"], NOT_HEX),
        ("utf8-string", "TX-\u00e9", 0x0C, ["attribute.type"], TYPES),
        ("ia5-string", "a_b*c@example", 0x16, ["attribute.type"], TYPES),
        ("t61-string", "TX-1", 0x14, ["attribute.type"], TYPES),
        ("empty", "", 0x13, ["attribute.transaction-id-length"], ["RFC 8894 3.2.1.1"]),
        ("of-1025-characters", "A" * 1025, 0x13, ["attribute.transaction-id-length"], ["RFC 8894 3.2.1.1"]),
        ("of-128-characters", "0123456789abcdef" * 8, 0x13, [], ["https://github.com/yiyuanzhong/scep/commit/9e6e2333f9c29253a2ca977ff899bec8430e8661"]),
        ("lower-case-hex", "0123456789abcdef", 0x13, [], ["https://github.com/openxpki/openxpki/commit/f8d789eec9ca78ee0b3ccaa15a85741df728b305"]),
        ("base64", "ab+/cd==", 0x13, [], ["https://github.com/cryptlib/cryptlib/blob/43be4583f0d09543a765d09c7bd1293a061acddd/session/scep_svr.c"]),
    )
    for word, value, tag, rules, sources in rows:
        given = attribute(TRANSACTION, text(tag, value).reporting(*rules))
        said = value if 0 < len(value) <= 1024 else None
        if said and not said.isascii():
            said = "0x" + value.encode().hex()
        yield of_message(f"attributes/transaction-id-{word}", f"transactionID: {word.replace('-', ' ')}", reply("PENDING", attributes={TRANSACTION: given}), sources, say={"transactionID": said})
    for word, tag, rules in (("bmp-string", 0x1E, ["attribute.type"]), ("octet-string", 0x04, ["attribute.type"]), ("binary", 0x13, ["attribute.characters"])):
        value = bytes.fromhex("00ff80fe") if word != "bmp-string" else "TX".encode("utf-16-be")
        given = attribute(TRANSACTION, leaf(tag, value).reporting(*rules))
        yield of_message(f"attributes/transaction-id-{word}", f"transactionID: {word.replace('-', ' ')}, echoed octet by octet", reply("PENDING", attributes={TRANSACTION: given}), TYPES, say={"transactionID": "0x" + value.hex()})


def nonces():
    for length in (0, 1, 8, 15, 17, 20, 32):
        value = octets(bytes(range(length))).reporting("attribute.nonce-length")
        yield of_message(f"attributes/sender-nonce-of-{length}-octets", f"senderNonce of {length} octets", pkcs_req(attributes={SENDER: attribute(SENDER, value)}), OLD_NONCE, say={"senderNonce": bytes(range(length)).hex()})
    high = bytes(range(0xF0, 0x100))
    yield of_message("attributes/sender-nonce-high-bits", "A senderNonce whose octets all have the high bit", pkcs_req(sender_nonce=high), ["https://github.com/certnanny/sscep/commit/1644b2e3769ce5255bc4239da5c4f8f01b3f34b3"])
    value = printable("0123456789ABCDEF").reporting("attribute.type")
    yield of_message("attributes/sender-nonce-printable-string", "senderNonce as PrintableString of 16 characters", pkcs_req(attributes={SENDER: attribute(SENDER, value)}), TYPES, say={"senderNonce": b"0123456789ABCDEF".hex()})
    value = leaf(0x02, bytes(range(1, 17))).reporting("attribute.type")
    yield of_message("attributes/sender-nonce-integer", "senderNonce as INTEGER of 16 octets", pkcs_req(attributes={SENDER: attribute(SENDER, value)}), TYPES, say={"senderNonce": bytes(range(1, 17)).hex()})
    value = octets(bytes(8)).reporting("attribute.nonce-length")
    yield of_message("attributes/recipient-nonce-of-8-octets", "recipientNonce of 8 octets", reply("PENDING", attributes={RECIPIENT: attribute(RECIPIENT, value)}), OLD_NONCE, say={"recipientNonce": bytes(8).hex()})


def missing():
    rows = (
        ("sender-nonce-missing-request", pkcs_req(sender_nonce=None), OLD_NONCE, {}),
        ("sender-nonce-missing-reply", reply("PENDING", sender_nonce=None), ["https://github.com/micromdm/scep/pull/104"], {}),
        ("recipient-nonce-missing", reply("PENDING", recipient_nonce=None), ["RFC 8894 3.2.1.5"], {}),
        ("message-type-missing", pkcs_req(attributes={TYPE: None}), ["RFC 8894 3.2.1.2"], {"messageType": None}),
        ("transaction-id-missing", pkcs_req(attributes={TRANSACTION: None}), ["RFC 8894 3.2.1.1"], {"transactionID": None}),
        ("fail-info-missing", reply("FAILURE", reason=None), ["https://github.com/NeySlim/ultimate-ca-manager/commit/8c0fa8a082d1894febeb4b5cb69c4a0d8860bd4d"], {}),
        ("content-type-missing", reply("PENDING", attributes={CONTENT_TYPE: None}), ["https://github.com/openxpki/openxpki/issues/789"], {}),
        ("message-digest-missing", reply("PENDING", attributes={MESSAGE_DIGEST: None}), ["RFC 5652 5.3"], {"messageDigest": False}),
    )
    for word, parts, sources, say in rows:
        vector = of_message(f"attributes/{word}", word.replace("-", " ").capitalize(), parts, sources, say=say)
        at_signer(vector, parts, "attribute.missing")
        yield vector
    parts = reply("PENDING")
    parts.status = None
    vector = of_message("attributes/pki-status-missing", "A CertRep without pkiStatus", parts, ["RFC 8894 3.2.1.3"])
    at_signer(vector, parts, "attribute.missing")
    yield vector


def at_signer(vector, parts, *rules: str) -> None:
    tree = parts.build()
    tree.write()
    info = signer_info(tree)
    vector.findings += [(rule, "message", info.start, info.end) for rule in rules]


def values():
    value = printable("1").reporting("attribute.undefined-value")
    parts = reply("PENDING", attributes={STATUS: attribute(STATUS, value)})
    vector = of_message("attributes/pki-status-1", "pkiStatus 1, which is not defined", parts, ["RFC 8894 3.2.1.3"], say={"pkiStatus": None})
    yield vector
    for word, value, rules, says in (
        ("9", printable("9"), ["attribute.undefined-value"], None),
        ("leading-zero", printable("02"), ["attribute.number-form"], None),
        ("integer", integer(2), ["attribute.type"], "badRequest"),
        ("integer-out-of-range", integer(99), ["attribute.type", "attribute.undefined-value"], None),
    ):
        given = attribute(FAIL_INFO, value.reporting(*rules))
        yield of_message(f"attributes/fail-info-{word}", f"failInfo: {word.replace('-', ' ')}", reply("FAILURE", attributes={FAIL_INFO: given}), ["https://github.com/jscep/jscep/commit/fa008068d7eb58a38cdebf15928ff4c846ec3e95"], say={"failInfo": says})
    for word, value, rules, says in (
        ("utf8", utf8("unbekanntes Gerät"), [], "unbekanntes Gerät"),
        ("printable", printable("no such device"), ["attribute.type"], "no such device"),
        ("bmp", text(0x1E, "unbekanntes Gerät"), ["attribute.type"], "unbekanntes Gerät"),
        ("t61", leaf(0x14, "Gerät".encode("latin-1")), ["attribute.type"], "Gerät"),
        ("utf8-broken", leaf(0x0C, b"Ger\xe4t"), ["attribute.characters"], "Ger\ufffdt"),
    ):
        given = attribute(FAIL_TEXT, value.reporting(*rules))
        yield of_message(f"attributes/fail-info-text-{word}", f"failInfoText: {word.replace('-', ' ')}", reply("FAILURE", attributes={FAIL_TEXT: given}), ["RFC 8894 3.2.1.4", "https://github.com/smallstep/certificates/commit/037554e77416241cfe2654bf57dc2f7e820b2b60"], say={"failInfoText": says})


def sets():
    again = attribute(TRANSACTION, printable("TX-router-2")).reporting("attribute.duplicate")
    yield of_message("attributes/transaction-id-twice", "A second transactionID attribute; the first counts", reply("PENDING", extra=[again]), ["RFC 5652 5.3"], strict=True)
    two = attribute(TRANSACTION, printable("TX-router-1"), printable("TX-router-2")).reporting("attribute.value-count")
    yield of_message("attributes/transaction-id-with-two-values", "transactionID has two values; the first counts", reply("PENDING", attributes={TRANSACTION: two}), TYPES)
    none = attribute(TRANSACTION).reporting("attribute.value-count")
    yield of_message("attributes/transaction-id-without-value", "transactionID has no value", reply("PENDING", attributes={TRANSACTION: none}), TYPES, say={"transactionID": None})
    moved = attribute(TRANSACTION, printable("TX-router-1")).reporting("attribute.unsigned")
    parts = reply("PENDING", attributes={TRANSACTION: None}, unsigned=[moved])
    vector = of_message("attributes/transaction-id-unsigned", "transactionID stands among the unsigned attributes", parts, ["RFC 8894 3.2.1"], say={"transactionID": None})
    at_signer(vector, reply("PENDING", attributes={TRANSACTION: None}, unsigned=[attribute(TRANSACTION, printable("TX-router-1"))]), "attribute.missing")
    yield vector
    stamp = attribute("1.2.840.113549.1.9.16.2.14", seq(integer(1)))
    yield of_message("attributes/unsigned-attribute-of-another-kind", "An unsigned attribute that is none of SCEP's", reply("PENDING", unsigned=[stamp]), ["RFC 5652 5.3"])
    time = attribute(SIGNING_TIME, leaf(0x17, b"260601120000Z"))
    yield of_message("attributes/signing-time", "signingTime among the signed attributes", reply("PENDING", extra=[time]), ["https://github.com/mosen/SCEPy/commit/65e9b139e0d7933c12c0613d19ab4ceb5dc2c0e5"])
    vendor = attribute("1.3.6.1.4.1.311.21.33", utf8("0x80094004"))
    yield of_message("attributes/vendor-attribute", "A vendor's attribute among the signed ones", reply("FAILURE", extra=[vendor]), ["https://github.com/certnanny/sscep/issues/59"])


def vectors():
    for some in (message_types, transaction_ids, nonces, missing, values, sets):
        yield from some()
