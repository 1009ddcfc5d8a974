"""Reads a certificates-only SignedData with asn1crypto.

Standard input is JSON: the message in hex and its certificates. Every difference is a line on standard
output; the exit code is 1 when there is one.
"""

import json
import sys

from asn1crypto import cms

expected = json.load(sys.stdin)
info = cms.ContentInfo.load(bytes.fromhex(expected["message"]), strict=True)
signed = info["content"]
actual = {
    "contentType": info["content_type"].native,
    "version": signed["version"].native,
    "digestAlgorithms": len(signed["digest_algorithms"]),
    "eContentType": signed["encap_content_info"]["content_type"].native,
    "eContent": signed["encap_content_info"]["content"].native,
    "certificates": [c.chosen.dump().hex() for c in signed["certificates"]],
    "crls": signed["crls"].native,
    "signerInfos": len(signed["signer_infos"]),
}
wanted = {
    "contentType": "signed_data",
    "version": "v1",
    "digestAlgorithms": 0,
    "eContentType": "data",
    "eContent": None,
    "certificates": expected["certificates"],
    "crls": None,
    "signerInfos": 0,
}
differences = [f"{k}: expected {wanted[k]!r}, got {actual[k]!r}" for k in wanted if wanted[k] != actual[k]]
print("\n".join(differences))
sys.exit(bool(differences))
