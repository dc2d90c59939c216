"""ITI-43 on a regional repository: the document of an entry, streamed and proved equal to what the entry says."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from dossier.metadata import DocumentEntry
from soap_clients.generic import GenericHost
from soap_clients.xds import retrieve as xds_retrieve

if TYPE_CHECKING:
    from soap_clients.host import Host


def retrieve(host: GenericHost, entry: DocumentEntry, sink: BinaryIO) -> None:
    """Stream the bytes of a document into the sink, which must not be used when this raises.

    Raises Failure DOCUMENT_HASH_MISMATCH, XDS_DOCUMENT_UNKNOWN, XDS_ANSWER_INVALID and the like, and what the wire
    raises.
    """
    # Of a host the verb uses `exchange` alone.
    xds_retrieve.retrieve(cast("Host", host), entry, sink)
