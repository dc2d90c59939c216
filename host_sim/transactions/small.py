"""The small services of the DMP: flat requests, one `output` in the answer with a status and a context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from host_sim.call import Call, HostFault, Reply
from host_sim.refusals import Refusal

from .hl7 import default_namespace

Item = tuple[str, Sequence[tuple[str, Any]]]
"""An element of an answer: its name and its children, each a name and a text (none is written for "") or children."""


def fields(call: Call, names: Sequence[str]) -> dict[str, str]:
    """Read a flat request: its children are among `names`, in order, once each; absent ones are ""."""
    namespace = etree.QName(call.body).namespace
    given = [child for child in call.body if isinstance(child.tag, str)]
    expected = [f"{{{namespace}}}{name}" for name in names if call.body.find(f"{{{namespace}}}{name}") is not None]
    if [child.tag for child in given] != expected:
        raise HostFault("DMPInvalidMessage", "the request has other fields, or in another order")
    if any(len(child) for child in given):
        raise HostFault("DMPInvalidMessage", "a field holds elements")
    values = {etree.QName(child).localname: (child.text or "").strip() for child in given}
    return {name: values.get(name, "") for name in names}


def output(
    call: Call, values: Mapping[str, str], status: str = "DMPOk", context: str = "", *, items: Sequence[Item] = ()
) -> Reply:
    """Answer a request: its name with Response; items, values, status, context; its action with Response."""
    name = etree.QName(call.body)
    root = etree.Element(f"{{{name.namespace}}}{name.localname}Response", nsmap=default_namespace(str(name.namespace)))
    element: Any = etree.SubElement(root, f"{{{name.namespace}}}output")
    for each in items:
        _write(element, str(name.namespace), each)
    for key, value in {**values, "status": status, "context": context}.items():
        etree.SubElement(element, f"{{{name.namespace}}}{key}").text = value or None
    return Reply(f"{call.action}Response", root)


def _write(parent: Any, namespace: str, item: Item) -> None:
    element = etree.SubElement(parent, f"{{{namespace}}}{item[0]}")
    for key, value in item[1]:
        if isinstance(value, str):
            if value:
                etree.SubElement(element, f"{{{namespace}}}{key}").text = value
        else:
            _write(element, namespace, (key, value))


def digits(moment: datetime | None) -> str:
    """A moment as yyyyMMddHHmmss, UTC; "" when there is none."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S") if moment else ""


def refused(call: Call, refusal: Refusal) -> Reply:
    """Answer a business refusal."""
    return output(call, {}, refusal.code, refusal.text)
