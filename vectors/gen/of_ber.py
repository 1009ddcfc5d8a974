"""Forms of BER that are not DER: X.690 8.1.3, 8.6, 8.7, 8.14."""

from der import Node, chunked, integer, leaf, node, octets, oid
from message import SENDER, SENDER_NONCE, TRANSACTION, attribute, pkcs_req, reply
import message as lab
import pki
from vector import of_message, signed_attributes, signed_data

BER = ["RFC 8894 4.3"]
BOUNCY = ["https://github.com/smallstep/certificates/issues/908"]


def constructed(tree: Node) -> list[Node]:
    """Every constructed element but certificates and signed attributes, which are signed as they stand."""
    kept = []
    if tree.content[0].content == oid(pki.SIGNED).content:
        kept = [one for one in signed_data(tree).content if one.tag == b"\xa0"]
        kept += [info.content[3] for info in signed_data(tree).content[-1].content]
    found, stack = [], [tree]
    while stack:
        one = stack.pop()
        if one.tag[0] & 0x20 and isinstance(one.content, list):
            found.append(one)
            stack += [] if any(one is other for other in kept) else one.content
    return found


def indefinite(tree: Node) -> None:
    for element in constructed(tree):
        element.form = "indefinite"


def long(tree: Node) -> None:
    for number, element in enumerate(constructed(tree)):
        element.form = 1 + number % 3


def vectors():
    yield of_message("ber/indefinite-lengths", "Every constructed element that is not signed as it stands has indefinite length", pkcs_req(inner=indefinite), BER + ["https://github.com/NeySlim/ultimate-ca-manager/issues/101"], indefinite, strict=False)
    yield of_message("ber/indefinite-lengths-reply", "A CertRep SUCCESS of indefinite lengths", reply("SUCCESS", inner=indefinite), BER, indefinite, strict=False)
    yield of_message("ber/zero-octets-inside-indefinite", "Two zero octets inside a value do not end the indefinite length around it", reply("FAILURE", sender_nonce=bytes(16), recipient_nonce=bytes(16)), ["https://github.com/smallstep/pkcs7/commit/8d4fa5c895ea0f64e1a56e32d3d7da9ba4c3e45e"], indefinite, strict=False)
    yield of_message("ber/long-lengths", "Lengths in one to three octets more than needed", pkcs_req(inner=long), BER, long, strict=False)
    yield of_message("ber/content-in-chunks-of-1000", "eContent in pieces of 1000 octets, everything of indefinite length: as Bouncy Castle streams it", pkcs_req(chunk_content=1000, inner=indefinite), BOUNCY, indefinite, strict=False)
    for size, word in ((1, "1"), (128, "128"), (-1, "its-length-less-1"), (10**6, "its-length")):
        yield of_message(f"ber/content-in-chunks-of-{word}", f"eContent in pieces of {word.replace('-', ' ')} octets", pkcs_req(chunk_content=size), BER, strict=False)
    yield of_message("ber/content-in-nested-chunks", "The pieces of eContent are constructed strings themselves", pkcs_req(chunk_content=700, nested=True), BER, strict=False)
    for size, word in ((1000, "1000"), (16, "16"), (10**6, "its-length")):
        title = f"encryptedContent is constructed, of pieces of {word.replace('-', ' ')} octets"
        yield of_message(f"ber/encrypted-content-in-chunks-of-{word}", title, pkcs_req(chunk_encrypted=size), ["https://github.com/smallstep/pkcs7/commit/e97b8648cd3486c1234d9756fa019b03c2bfcb50"])
    yield of_message("ber/chunks-in-both-layers", "eContent in pieces, and encryptedContent inside it in pieces too", pkcs_req(chunk_content=1000, chunk_encrypted=1000), BOUNCY, strict=False)

    def attributes_indefinite(tree: Node) -> None:
        for one in signed_attributes(tree).content:
            one.form = "indefinite"

    yield of_message(
        "ber/signed-attributes-indefinite",
        "The signed attributes are in BER; the signature is over their DER form",
        reply("PENDING"),
        ["RFC 5652 5.4"],
        attributes_indefinite,
        {"signature": "sorted"},
        strict=False,
    )
    parts = reply(
        "PENDING",
        signs="der",
        attributes={
            SENDER: attribute(SENDER, chunked(0x04, SENDER_NONCE, 5)),
            TRANSACTION: attribute(TRANSACTION, chunked(0x13, b"TX-router-1", 4)),
        },
    )
    yield of_message("ber/attribute-values-in-chunks", "senderNonce and transactionID are constructed strings; the signature is over their DER form", parts, ["X.690 8.14", "RFC 5652 5.4"], strict=False)

    certificate = pki.certificate(lab.DEVICE_NAME, lab.DEVICE_KEY, serial=integer(2))
    signature = certificate.content[2]
    half = len(signature.content) // 2
    pieces = [leaf(0x03, b"\0" + signature.content[1:half]), leaf(0x03, b"\0" + signature.content[half:])]
    certificate.content[2] = node(0x23, *pieces).reporting("ber.constructed-string")
    parts = pkcs_req(signer=(certificate, lab.DEVICE_KEY), certificates=[certificate])
    yield of_message("ber/certificate-signature-in-chunks", "The signature of the signer's certificate is a constructed BIT STRING", parts, ["X.690 8.6.4"], strict=False)

    def high_tag(tree: Node) -> None:
        extra = Node(b"\xbf\x81\x01", [octets(b"step over me")])
        extra.reporting("ber.high-tag-number", "cms.unexpected-structure")
        signed_data(tree).content.insert(-1, extra)

    yield of_message("ber/high-tag-number", "An element with tag number 129 among the members of SignedData", reply("PENDING"), ["X.690 8.1.2.4"], high_tag, strict=False)
    yield of_message("ber/line-end-after-message", "CR and LF after the end of the message", reply("PENDING"), ["X.690 8.1"], after=b"\r\n")
    yield of_message("ber/zero-octets-after-message", "Zero octets after the end of the message, as from a buffer of fixed size", pkcs_req(), ["X.690 8.1"], after=bytes(32))
