"""A client made from the WSDL by a library that knows nothing of XDS (zeep) asks and is answered."""

from __future__ import annotations

import zeep
from ihe_wire import APPROVED, PATIENT, Client, query, slot
from lxml import etree
from zeep.plugins import HistoryPlugin


def test_a_client_made_from_the_wsdl_is_served(client: Client) -> None:
    client.deposit_one(b"x", title="par WSDL")
    history = HistoryPlugin()
    made = zeep.Client(client.endpoints["iti18"] + "?wsdl", plugins=[history])
    statuses = slot("$XDSDocumentEntryStatus", f"('{APPROVED}')")
    body = etree.fromstring(query("FindDocuments", slot("$XDSDocumentEntryPatientId", f"'{PATIENT}'"), statuses))
    any_element = list(body)
    made.bind("XDS", "Registry").RegistryStoredQuery(_value_1=any_element)
    answer = history.last_received["envelope"]
    assert [each.get("status", "").rpartition(":")[2] for each in answer.iter("{*}AdhocQueryResponse")] == ["Success"]
    assert len(list(answer.iter("{*}ExtrinsicObject"))) == 1


def test_the_wsdl_names_this_server_and_every_transaction(client: Client) -> None:
    made = zeep.Client(client.endpoints["iti41"] + "?wsdl")
    operations = {name: sorted(port.binding._operations) for name, port in made.wsdl.services["XDS"].ports.items()}
    assert operations == {
        "Registry": ["RegisterDocumentSet-b", "RegistryStoredQuery", "UpdateDocumentSet"],
        "Repository": ["ProvideAndRegisterDocumentSet-b", "RetrieveDocumentSet"],
    }
