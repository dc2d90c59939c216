"""Our own schemas of the assertion and of every request body, applied before anything is verified or understood.

They say structure and lexical form: which elements, in which order, how often, what their values look like. What a
value means (a code, an identifier, a right) is judged later, where a better word than "not valid" can be said.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from .call import HostFault
from .exclusive import DS

_FOLDER = Path(__file__).parent / "schema"
_VIHF = "vihf.xsd"
_COMPILING = threading.Lock()
_OF_NAMESPACE = {
    "urn:hl7-org:v3": "hl7.xsd",
    "urn:si-dmp-patients": "patients.xsd",
    "urn:si-dmp-habilitations": "habilitations.xsd",
    "urn:ihe:iti:xds-b:2007": "xdsb.xsd",
    "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0": "lcm.xsd",
    "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0": "query.xsd",
    "http://www.cnamts.fr/INSiRecVit": "insi_vitale.xsd",
    "http://www.cnamts.fr/INSiRecSans": "insi_traits.xsd",
}


def check_assertion(assertion: Any) -> None:
    """Judge the assertion; HostFault DMPInvalidAssertion, or DMPInvalidSignature when it is about its signature."""
    complaint = _schema(_VIHF).complaint(assertion)
    if complaint is None:
        return
    name = _element(complaint)
    code = "DMPInvalidSignature" if name.startswith(f"{{{DS}}}") else "DMPInvalidAssertion"
    raise HostFault(code, f"the VIHF does not follow its schema, near {_local(name)}")


def check_body(body: Any) -> None:
    """Judge the body of a request; HostFault DMPInvalidMessage."""
    file = _OF_NAMESPACE.get(etree.QName(body).namespace or "")
    if file is None:
        raise HostFault("DMPInvalidMessage", "no such body")
    complaint = _schema(file).complaint(body)
    if complaint is not None:
        raise HostFault("DMPInvalidMessage", f"the body does not follow its schema, near {_local(_element(complaint))}")


class _Schema:
    """One compiled schema; its log of errors belongs to one thread at a time."""

    def __init__(self, file: str) -> None:
        self._schema = etree.XMLSchema(file=str(_FOLDER / file))
        self._lock = threading.Lock()

    def complaint(self, element: Any) -> Any:
        """The first error, None when the element follows the schema."""
        with self._lock:
            if self._schema.validate(element):
                return None
            log: Any = self._schema.error_log
            return log[0]


def _schema(file: str) -> _Schema:
    # One at a time: two schemas compiled at once spoil each other's types, for the life of the process.
    with _COMPILING:
        return _compiled(file)


@cache
def _compiled(file: str) -> _Schema:
    return _Schema(file)


def _element(complaint: Any) -> str:
    """The name of the element at fault: what the message of libxml2 quotes first."""
    return str(complaint.message).partition("'")[2].partition("'")[0]


def _local(name: str) -> str:
    """What may be told of it: its name, never its content, which may be about a patient."""
    return name.rpartition("}")[2][:60] or "its root"
