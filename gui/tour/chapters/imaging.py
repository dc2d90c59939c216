"""A radiology centre: a report and the manifest of its images leave together."""

from __future__ import annotations

from pathlib import Path

from gui.tour.gestures import begin_session, confirm_deposit, receive_sophie
from gui.tour.paper import write_letter
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Radiologie : compte rendu et images dans un même lot"
REPORT = "Angio-IRM cérébrale"
ACCESSION = "ACC20261123"
_LINE = "imaging.line.0"


def story(tour: Tour) -> Story[None]:
    """Pair a report with a folder of DICOM files, see the series, send both."""
    person = tour.person
    tour.tell("Le docteur Nadia BENALI, radiologue, reçoit Sophie.")
    yield from begin_session(tour, "radiologue")
    yield from receive_sophie(tour)
    report, images = yield from _examination(tour)
    yield from person.type("imaging.report", str(report))
    yield from person.type("imaging.folder", str(images))
    yield from person.type("imaging.title_field", REPORT)
    yield from tour.screen("examen-a-preparer")
    yield from person.click("imaging.add")
    shown = person.catch("study")
    yield Wait("les images lues", lambda: shown)
    yield from person.read(f"{_LINE}.state", "prêt")
    series = shown[0].study.series
    tiles = [number for number in range(len(series)) if person.find(f"thumbnail.{number}")]
    check(len(tiles) == len(series) > 1, f"{len(tiles)} vignettes pour {len(series)} séries.")
    check(all(shown[0].thumbnails), "Une série n'a pas d'image.")
    tour.tell(f"Le dossier DICOM porte {len(series)} séries, chacune avec sa vignette.")
    yield from tour.screen("vignettes-des-series")
    yield from person.click("imaging.send")
    yield from person.see("deposit.confirm")
    yield from tour.screen("lot-a-confirmer")
    item = yield from confirm_deposit(tour, "imagerie")
    yield from person.read(f"{_LINE}.state", "envoyé")
    names = sorted(path.name.partition("-imagerie-")[2] for path in tour.album.folder("documents").glob("*-imagerie-*"))
    check(names == ["cda.xml", "kos.dcm", "signature.xml"], f"Le lot contient {', '.join(names)}.")
    check(item.state.value == "envoyé", f"Le lot est « {item.state.value} » ({item.code}).")
    tour.tell("Un seul lot part : le compte rendu, le manifeste des images et leur signature.")
    yield from tour.screen("examen-envoye")


def _examination(tour: Tour) -> Story[tuple[Path, Path]]:
    from cps_bridge.documents.imaging.relabel import relabel, sample_folder

    patient = tour.house.patient
    assert patient is not None
    folder = tour.papers / "IRM"
    yield from tour.aside(
        "les images au nom de Sophie", lambda: relabel(sample_folder(), folder, patient.identity, ACCESSION)
    )
    report = write_letter(
        tour.papers / "IRM cerebrale.pdf",
        *("Docteur Nadia BENALI\nCentre d'imagerie du Parc, 8 avenue du Parc, 79000 Niort", REPORT),
        *(
            "Patiente : Sophie MARCHAND, née le 14/05/1987.",
            "Technique : angiographie en temps de vol, sans injection.",
        ),
        "Conclusion : pas de sténose, pas d'anévrisme.",
    )
    return report, folder
