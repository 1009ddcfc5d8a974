#!/usr/bin/python3
"""Makes the vectors of vectors/data that are not captures: `generate.py [FOLDER]`.

It needs Python's `cryptography` for the arithmetic, and nothing of ours but vectors/keys. Everything is
made from fixed seeds, so it writes the same octets whenever and wherever it is run.
"""

import pathlib
import sys

import of_attributes
import of_ber
import of_cms
import of_crl
import of_csr
import of_http
import of_next_ca

folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "data"
seen = set()
for area in (of_ber, of_cms, of_attributes, of_csr, of_crl, of_http, of_next_ca):
    for vector in area.vectors():
        assert vector.id not in seen, vector.id
        seen.add(vector.id)
        vector.write(folder)
print(f"{len(seen)} vectors")
