"""The small services of the DMP: flat requests, one `output` in the answer with a status and a context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from host_sim.call import Call, HostFault, Reply
from host_sim.refusals import Refusal

from .hl7 import default_namespace


def fields(call: Call, names: Sequence[str]) -> dict[str, str]:
    """Read a flat request: its children are among `names`, in order, once each; absent ones are ""."""
    namespace = etree.QName(call.body).namespace
    given = [child for child in call.body if isinstance(child.tag, str)]
    expected = [f"{{{namespace}}}{name}" for name in names if call.body.find(f"{{{namespace}}}{name}") is not None]
    if [child.tag for child in given] != expected:
        raise HostFault("DMPInvalidMessage", "the request has other fields, or in another order")
    values = {etree.QName(child).localname: (child.text or "").strip() for child in given if not len(child)}
    return {name: values.get(name, "") for name in names}


def output(call: Call, values: Mapping[str, str], status: str = "DMPOk", context: str = "") -> Reply:
    """Answer a request: its name with Response, values, status, context; its action with Response."""
    name = etree.QName(call.body)
    root = etree.Element(f"{{{name.namespace}}}{name.localname}Response", nsmap=default_namespace(str(name.namespace)))
    element: Any = etree.SubElement(root, f"{{{name.namespace}}}output")
    for key, value in {**values, "status": status, "context": context}.items():
        etree.SubElement(element, f"{{{name.namespace}}}{key}").text = value or None
    return Reply(f"{call.action}Response", root)


def refused(call: Call, refusal: Refusal) -> Reply:
    """Answer a business refusal."""
    return output(call, {}, refusal.code, refusal.text)
