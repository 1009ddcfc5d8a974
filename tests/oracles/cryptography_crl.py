"""Reads a CRL with Python's cryptography and prints what it says: CRL and the issuer's certificate, both DER."""

import sys

from cryptography import x509

with open(sys.argv[1], "rb") as file:
    crl = x509.load_der_x509_crl(file.read())
with open(sys.argv[2], "rb") as file:
    issuer = x509.load_der_x509_certificate(file.read())

print("signature", crl.is_signature_valid(issuer.public_key()))
print("issuer", crl.issuer.rfc4514_string())
print("number", crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
print("from", crl.last_update.isoformat())
print("to", crl.next_update.isoformat())
for entry in crl:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.name
    except x509.ExtensionNotFound:
        reason = "none"
    print("revoked", format(entry.serial_number, "x"), reason)
