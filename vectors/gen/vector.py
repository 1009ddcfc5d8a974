"""One vector as two files: the octets, and a TOML file that says what they are."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field

from der import Node
from message import Message

SCHEMA = "sceptic/vector/1"


@dataclass
class Vector:
    id: str  # area/name
    title: str
    kind: str  # pkiMessage, certificates-only, csr, crl, http-request, http-response
    octets: bytes
    expect: dict
    findings: list[tuple[str, str, int, int]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    open_with: str | None = None  # key of vectors/keys that opens the envelope
    verify_with: str | None = None  # key that verifies, where no certificate does
    answers: str | None = None  # operation that an HTTP answer is for

    def write(self, folder: pathlib.Path) -> None:
        extension = {"http-request": "http", "http-response": "http"}.get(self.kind, "der")
        path = folder / f"{self.id}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.octets)
        head = {
            "schema": SCHEMA,
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "file": path.name,
            "answers": self.answers,
            "open-with": self.open_with,
            "verify-with": self.verify_with,
            "sources": self.sources,
        }
        lines = table(head)
        lines += ["", "[made]", 'by = "vectors/gen/generate.py"', "", "[expect]"]
        lines += table({key: value for key, value in self.expect.items() if not isinstance(value, dict)})
        for key, value in self.expect.items():
            if isinstance(value, dict):
                lines += ["", f"[expect.{key}]", *table(value)]
        for rule, part, start, end in sorted(self.findings, key=lambda found: (found[1], found[2:], found[0])):
            lines += ["", "[[finding]]", *table({"rule": rule, "part": part, "start": start, "end": end})]
        path.with_suffix(".toml").write_text("\n".join(lines) + "\n")


def table(values: dict) -> list[str]:
    return [f"{key} = {value_text(value)}" for key, value in values.items() if value is not None]


def value_text(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(value_text(one) for one in value) + "]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in escaped)
    return f'"{escaped}"'


def of_message(
    id: str,
    title: str,
    parts: Message,
    sources: list[str] = (),
    change=None,  # a function over the finished tree
    say: dict | None = None,  # what a reader says other than the parts
    also: list[tuple] = (),  # findings that hang on no element: rule, and the element
    strict: bool = True,  # whether the strict second reader takes it
    after: bytes = b"",
) -> Vector:
    """The vector of a pkiMessage."""
    tree = parts.build()
    if change:
        change(tree)
    octets = tree.write() + after
    findings = tree.found()
    if parts.enveloped and parts.element.tag == b"\x24":
        # Put together from its pieces, the content counts its own octets.
        parts.enveloped.write()
        findings += parts.enveloped.found("eContent")
    for rule, element in also:
        findings.append((rule, "message", element.start, element.end))
    if after:
        findings.append(("framing.trailing-bytes", "message", tree.end, len(octets)))
    said = parts.said() | (say or {})
    if said.get("signature") == "sorted":
        signature = signer_info(tree).content[5]
        findings.append(("signature.over-sorted-attributes", "message", signature.start, signature.end))
    if not strict:
        findings.append(("cms.not-strict", "message", 0, tree.end))
    is_request = parts.signer[1].name != "ca-rsa"
    return Vector(
        id,
        title,
        "pkiMessage",
        octets,
        {key: value for key, value in said.items() if value is not None},
        findings,
        list(sources),
        open_with=("ca-rsa" if is_request else "pool-00") if parts.enveloped else None,
        verify_with=None if said.get("signer") else parts.signer[1].name,
    )


def signed_data(tree: Node) -> Node:
    return tree.content[1].content[0]


def signer_info(tree: Node) -> Node:
    return signed_data(tree).content[-1].content[0]


def signed_attributes(tree: Node) -> Node:
    return signer_info(tree).content[3]
