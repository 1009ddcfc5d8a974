"""What a reader has to report about the captures: rule, part, first octet, the octet after the last.

Each was looked at in the octets by hand; `note` in README.md says what they are.
"""

FINDINGS = {
    "certmonger-getcacaps": [
        ("http.unexpected-message", "query", 28, 29),
    ],
    "certmonger-getcacert": [
        ("http.unexpected-message", "query", 28, 29),
    ],
    "certmonger-getcacert-second": [
        ("http.unexpected-message", "query", 28, 29),
    ],
    "certmonger-pkcsreq": [
        ("cms.not-strict", "message", 0, 2644),
        ("serial-number", "message", 1278, 1312),
    ],
    "pyscep-getcacaps": [
        ("http.unexpected-message", "query", 28, 28),
    ],
    "pyscep-getcacert": [
        ("http.unexpected-message", "query", 28, 28),
    ],
    "pyscep-pkcsreq": [
        ("http.unexpected-message", "query", 31, 31),
    ],
    "scepclient-pkcsreq": [
        ("http.content-type", "Content-Type", 0, 24),
        ("ber.constructed-string", "message", 474, 1162),
        ("algorithm.parameters", "message", 2221, 2234),
    ],
    "scepclient-renewalreq": [
        ("http.content-type", "Content-Type", 0, 24),
        ("ber.constructed-string", "message", 462, 1150),
        ("algorithm.parameters", "message", 2285, 2298),
    ],
    "scepserver-failure": [
        ("content.empty", "message", 52, 54),
        ("algorithm.parameters", "message", 1244, 1257),
    ],
    "scepserver-success": [
        ("ber.constructed-string", "message", 462, 1382),
        ("algorithm.parameters", "message", 3409, 3422),
    ],
    "scepserver-success-renewal": [
        ("ber.constructed-string", "message", 462, 1382),
        ("algorithm.parameters", "message", 3409, 3422),
    ],
    "scepserver-success-to-des3": [
        ("ber.constructed-string", "message", 481, 1385),
        ("algorithm.parameters", "message", 3411, 3424),
    ],
    "strongswan-certpoll": [
        ("http.content-type", "Content-Type", 0, 0),
        ("serial-number", "message", 624, 647),
    ],
    "strongswan-pkcsreq-aes-sha1": [
        ("http.content-type", "Content-Type", 0, 0),
        ("serial-number", "message", 1231, 1254),
    ],
    "strongswan-pkcsreq-aes-sha256": [
        ("http.content-type", "Content-Type", 0, 0),
        ("serial-number", "message", 1235, 1258),
    ],
    "strongswan-pkcsreq-des3": [
        ("http.content-type", "Content-Type", 0, 0),
        ("serial-number", "message", 1170, 1193),
    ],
    "strongswan-renewalreq": [
        ("http.content-type", "Content-Type", 0, 0),
    ],
}
