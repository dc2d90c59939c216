"""What a call was about, for the access log: the identifiers that its body names, as words `kind=identifier`."""

from __future__ import annotations

from typing import Any

SET, DOCUMENT, QUERY = "set", "document", "query"

_RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
_ASKED = "{urn:ihe:iti:xds-b:2007}DocumentRequest/{urn:ihe:iti:xds-b:2007}DocumentUniqueId"
_SCHEMES = {
    "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8": SET,
    "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab": DOCUMENT,
}
_LONGEST, _MOST = 200, 100


def objects_of(body: Any) -> tuple[str, ...]:
    """The submission sets, documents and stored query that the body of a request (an lxml element) names, in order."""
    found = [
        (_SCHEMES[scheme], each.get("value", ""))
        for each in body.iter(f"{_RIM}ExternalIdentifier")
        if (scheme := each.get("identificationScheme", "")) in _SCHEMES
    ]
    found += [(DOCUMENT, each.text or "") for each in body.iterfind(_ASKED)]
    found += [(QUERY, each.get("id", "")) for each in body.iter(f"{_RIM}AdhocQuery")]
    return tuple(f"{kind}={''.join(name.split())[:_LONGEST]}" for kind, name in found[:_MOST] if name.strip())
