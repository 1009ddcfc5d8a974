"""ASN.1 elements as a tree that knows where each element ends up, and may be written in any form of BER.

A vector is built from these; what its reader has to report hangs on the element that departs, so rule and
place come from here and not from the reader that is being judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Node:
    """One element: identifier octets, then members or octets. `form` is how its length is written."""

    tag: bytes
    content: bytes | list[Node] = b""
    form: str | int = "shortest"  # or "indefinite", or a number of superfluous length octets
    reports: list[str] = field(default_factory=list)  # rules that the whole element departs from
    part: str | None = None  # what offsets inside count in, where that changes
    start: int = 0
    end: int = 0

    def write(self, at: int = 0) -> bytes:
        """The octets; `at` is where the first of them stands."""
        self.start = at
        if isinstance(self.content, bytes):
            inside = self.content
        else:
            inside = b"".join(member.write() for member in self.content)
        header = self.tag + self._length(len(inside))
        if isinstance(self.content, list):
            inner = 0 if self.part else at + len(header)
            for member in self.content:
                inner += len(member.write(inner))
        octets = header + inside + (b"\0\0" if self.form == "indefinite" else b"")
        self.end = at + len(octets)
        return octets

    def _length(self, length: int) -> bytes:
        if self.form == "indefinite":
            return b"\x80"
        significant = length.to_bytes((length.bit_length() + 7) // 8, "big")
        if isinstance(self.form, int):
            octets = bytes(self.form) + significant
            return bytes([0x80 | len(octets)]) + octets
        return bytes([length]) if length < 0x80 else bytes([0x80 | len(significant)]) + significant

    def found(self, part: str = "message") -> list[tuple[str, str, int, int]]:
        """Every report in here: rule, part, first octet, the octet after the last. Write it first."""
        rules = list(self.reports)
        if self.form == "indefinite":
            rules.append("ber.indefinite-length")
        elif isinstance(self.form, int):
            rules.append("ber.long-length")
        all_found = [(rule, part, self.start, self.end) for rule in rules]
        if isinstance(self.content, list):
            for member in self.content:
                all_found += member.found(self.part or part)
        return all_found

    def reporting(self, *rules: str) -> Node:
        """The same element, with rules that it departs from."""
        self.reports += rules
        return self


def node(tag: int, *members: Node, **how) -> Node:
    return Node(bytes([tag]), list(members), **how)


def leaf(tag: int, octets: bytes, **how) -> Node:
    return Node(bytes([tag]), octets, **how)


def raw(octets: bytes) -> Node:
    """An element that is already written."""
    header = 2 if octets[1] < 0x80 else 2 + (octets[1] & 0x7F)
    inside = octets[header:]
    element = Node(octets[:1], inside)
    assert element.write() == octets, octets.hex()
    return element


def seq(*members: Node, **how) -> Node:
    return node(0x30, *members, **how)


def set_of(*members: Node, **how) -> Node:
    return node(0x31, *members, **how)


def sorted_set(*members: Node, tag: int = 0x31) -> Node:
    return node(tag, *sorted(members, key=lambda member: member.write()))


def oid(dotted: str) -> Node:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    octets = b""
    for arc in [first * 40 + second, *rest]:
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.insert(0, 0x80 | arc & 0x7F)
        octets += bytes(group)
    return leaf(0x06, octets)


def integer(number: int) -> Node:
    return leaf(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes, **how) -> Node:
    return leaf(0x04, value, **how)


def bits(value: bytes) -> Node:
    return leaf(0x03, b"\0" + value)


def null() -> Node:
    return leaf(0x05, b"")


def text(tag: int, value: str) -> Node:
    encoding = {0x14: "latin-1", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}.get(tag, "utf-8")
    return leaf(tag, value.encode(encoding))


def printable(value: str) -> Node:
    return text(0x13, value)


def utf8(value: str) -> Node:
    return text(0x0C, value)


def chunked(tag: int, value: bytes, size: int, form: str | int = "shortest", chunk: int = 0x04) -> Node:
    """A string in pieces under a constructed tag."""
    pieces = [leaf(chunk, value[at : at + size]) for at in range(0, len(value), size)]
    return node(tag | 0x20, *pieces, form=form).reporting("ber.constructed-string")
