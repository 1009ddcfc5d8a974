"""Reads a PKCS#10 with asn1crypto: subject with string types, challengePassword, requested extensions.

Standard input is JSON: the request in hex and what it is to say. Every difference is a line on standard
output; the exit code is 1 when there is one.
"""

import json
import sys

from asn1crypto import core, csr, x509


class TemplateId(core.Sequence):
    _fields = [("oid", core.ObjectIdentifier), ("major", core.Integer), ("minor", core.Integer)]


def names(value):
    def native(name):
        chosen = name.chosen
        return chosen.human_friendly if name.name == "directory_name" else chosen.native

    return [[name.name, native(name)] for name in x509.GeneralNames.load(value, strict=True)]


expected = json.load(sys.stdin)
request = csr.CertificationRequest.load(bytes.fromhex(expected["request"]), strict=True)
info = request["certification_request_info"]


def value(pair):
    element = pair["value"]
    while isinstance(element, (core.Any, core.Choice)):
        element = element.parse(core.UTF8String) if isinstance(element, core.Any) else element.chosen
    return [pair["type"].dotted, type(element).__name__, element.native]


attributes = {}
for attribute in info["attributes"]:
    attributes[attribute["type"].dotted] = attribute["values"]
challenge = attributes["1.2.840.113549.1.9.7"][0].chosen
extensions = {e["extn_id"].dotted: e["extn_value"].contents for e in attributes["1.2.840.113549.1.9.14"][0]}
old = attributes["2.16.840.1.113733.1.9.8"].parse(csr.SetOfExtensions)[0]
template = TemplateId.load(extensions["1.3.6.1.4.1.311.21.7"], strict=True)
purposes = x509.ExtKeyUsageSyntax.load(extensions["2.5.29.37"], strict=True)
actual = {
    "subject": [[value(pair) for pair in rdn] for rdn in info["subject"].chosen],
    # asn1crypto's own class says what it thinks of the encoding; the tag says the type.
    "challenge": [{20: "TeletexString"}.get(challenge.tag), challenge.native],
    "alt_names": names(extensions["2.5.29.17"]),
    "key_usage": sorted(x509.KeyUsage.load(extensions["2.5.29.15"], strict=True).native),
    "ext_key_usage": [purpose.native for purpose in purposes],
    "template_name": core.BMPString.load(extensions["1.3.6.1.4.1.311.20.2"], strict=True).native,
    "template": [template["oid"].dotted, template["major"].native, template["minor"].native],
    "old_alt_names": names(old[0]["extn_value"].contents),
}
wanted = {key: value for key, value in expected.items() if key != "request"}
differences = [f"{k}: expected {wanted[k]!r}, got {actual[k]!r}" for k in wanted if wanted[k] != actual[k]]
print("\n".join(differences))
sys.exit(bool(differences))
