#!/usr/bin/env python3
"""Enrols with PyScep, with keys that everybody knows: `pyscep-enrol.py URL FOLDER-OF-KEYS`. See README.md."""
import pathlib
import sys

from scep.Client.client import Client
from scep.Client.privatekey import PrivateKey
from scep.Client.signingrequest import SigningRequest

url, keys = sys.argv[1], pathlib.Path(sys.argv[2])
usage = {"digital_signature", "key_encipherment"}
signing = PrivateKey.from_pem((keys / "pool-06.pem").read_bytes())
certified = PrivateKey.from_pem((keys / "pool-07.pem").read_bytes())
identity, _ = SigningRequest.generate_self_signed(cn="pyscep-1", key_usage=usage, private_key=signing)
request, _ = SigningRequest.generate_csr(cn="pyscep-1", key_usage=usage, password="secret", private_key=certified)
reply = Client(url).enrol(csr=request, identity=identity, identity_private_key=signing)
print(reply.status, reply.certificates)
