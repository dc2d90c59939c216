"""ITI-18: an answer of many entries read into full models, beside one C expat pass over the same bytes.

Both in processor time: neither waits for anything.
"""

from __future__ import annotations

import gc
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lxml import etree

from bench.cast import PATIENT, lot_of
from bench.compiled import floor
from bench.measure import Result, interleaved, processor_milliseconds
from dossier.metadata import Code, DocumentEntry, LocalId, Reference
from dossier.patient import Sex, Traits
from dossier.timestamp import Timestamp
from soap_clients.host import StreamedReply
from soap_clients.xds import query
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import to_ebxml

_MESSAGE_ID = "urn:uuid:4d2f6a0e-0000-4000-8000-000000000001"
_TYPES = (
    ("11488-4", "CR ou fiche de consultation"),
    ("18748-4", "CR d'imagerie médicale"),
    ("11502-2", "CR de biologie"),
)


def listing(case: str, count: int, rounds: int, goal: float) -> Result:
    """Read an answer of `count` entries."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "answer.xml"
        write_answer(path, count)
        program = str(floor("registry"))

        def ours() -> float:
            gc.collect()
            return processor_milliseconds(lambda: _check(read(path), count))

        def peer() -> float:
            output = subprocess.run([program, str(path)], capture_output=True, text=True, check=True).stdout
            spent, entries, _ = output.split()
            if int(entries) != count:
                raise RuntimeError("the floor read another number of entries")
            return float(spent)

        value, reference = interleaved(ours, peer, rounds)
    return Result.of(case, value, "ms", reference, goal)


def read(path: Path) -> tuple[DocumentEntry, ...]:
    """Read an answer as the client does, from its first byte to the last model."""
    reply = StreamedReply("application/soap+xml", path.open("rb"), _MESSAGE_ID)
    return tuple(query.read_reply(reply, PATIENT))


def _check(found: tuple[DocumentEntry, ...], count: int) -> None:
    if len(found) != count:
        raise RuntimeError("the client read another number of entries")


def write_answer(path: Path, count: int) -> None:
    """Write an AdhocQueryResponse of entries that differ as those of a long life do."""
    with path.open("wb") as file, _document() as document:
        model = lot_of(document).documents[0].entry
        file.write(
            f'<s:Envelope xmlns:s="{v.SOAP}" xmlns:a="{v.WSA}" xmlns:rim="{v.RIM}"><s:Header>'
            f"<a:Action>{v.STORED_QUERY}Response</a:Action><a:RelatesTo>{_MESSAGE_ID}</a:RelatesTo></s:Header><s:Body>"
            f'<query:AdhocQueryResponse xmlns:query="{v.QUERY}" status="{v.STATUS_SUCCESS}">'
            "<rim:RegistryObjectList>".encode()
        )
        for number in range(count):
            written = etree.tostring(to_ebxml(_entry(model, number)), encoding="UTF-8")
            file.write(written.replace(b' xmlns:rim="' + v.RIM.encode() + b'"', b"", 1))
        file.write(b"</rim:RegistryObjectList></query:AdhocQueryResponse></s:Body></s:Envelope>")


@contextmanager
def _document() -> Iterator[Path]:
    with tempfile.NamedTemporaryFile() as file:
        yield Path(file.name)


def _entry(model: DocumentEntry, number: int) -> DocumentEntry:
    day = f"20{10 + number % 16:02d}{1 + number % 12:02d}{1 + number % 28:02d}"
    author = replace(model.authors[0], person=replace(model.authors[0].person, id=f"8997{number % 997:08d}"))
    code, display = _TYPES[number % len(_TYPES)]
    return replace(
        model,
        entry_uuid=f"urn:uuid:{uuid.UUID(int=number)}",
        logical_id=f"urn:uuid:{uuid.UUID(int=number)}",
        unique_id=f"1.2.250.1.999.1.1.8121.{number}",
        type_code=replace(model.type_code, code=code, display=display),
        creation_time=Timestamp(f"{day}101112"),
        service_start=Timestamp(f"{day}0930"),
        service_stop=Timestamp(f"{day}0950"),
        title=display,
        comments=f"Commentaire {number} — scanner thoracique",
        authors=(author,),
        legal_authenticator=author.person,
        source_patient_id=LocalId(f"IPP{number % 50:08d}", "1.2.250.1.999.1"),
        source_patient=Traits("DUVAL", ("JEAN",), "19590422", Sex.MALE),
        events=(
            Code("CT", "1.2.250.1.213.1.1.5.618", "Tomodensitométrie"),
            Code("ZBQH001", "1.2.250.1.213.2.5", "Scanographie du thorax"),
        ),
        references=(
            Reference(f"A{number:07d}", "1.2.250.1.999.7", "urn:ihe:iti:xds:2013:accession"),
            Reference(f"1.2.250.1.999.8.{number}", "", "urn:ihe:iti:xds:2016:studyInstanceUID"),
        ),
        repository_id="1.2.250.1.213.4.1.1.1.2",
        hash=f"{number * 2654435761 % 2**160:040x}",
        size=4000 + number * 37 % 4_000_000,
        version="1",
    )
