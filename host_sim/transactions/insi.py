"""The INSi service: the national identity by Vitale card or by traits."""

from __future__ import annotations

from lxml import etree

from host_sim import dossiers
from host_sim.call import Call, HostFault, Reply
from host_sim.dossiers import Person
from host_sim.house import House
from host_sim.routes import INSI_ACTION

from . import small
from .demography import folded
from .hl7 import default_namespace

_RESULT = "http://www.cnamts.fr/INSiResultat"
_BY_VITALE = ("NirOD", "RangBeneficiaire", "DateNaissance", "Prenom")
_BY_TRAITS = ("NomNaissance", "Prenom", "Sexe", "DateNaissance", "LieuNaissance")


def by_vitale(call: Call, house: House) -> Reply:
    """Find the identity of one beneficiary of a Vitale card."""
    asked = small.fields(call, _BY_VITALE)
    if not all(asked.values()) or len(asked["NirOD"]) != 15 or not asked["RangBeneficiaire"].isdigit():
        raise HostFault("DMPInvalidMessage", "RECVITALE")
    with house.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT given_name, ins FROM vitale WHERE nir_od = ? AND rank = ? AND birth_date = ?",
            (asked["NirOD"], int(asked["RangBeneficiaire"]), asked["DateNaissance"]),
        ).fetchall()
    found = [row["ins"] for row in rows if folded(row["given_name"]) == folded(asked["Prenom"])]
    return _result(call, dossiers.person(house.store, found[0]) if len(found) == 1 else None)


def by_traits(call: Call, house: House) -> Reply:
    """Find an identity by its traits; several matches are no match."""
    asked = small.fields(call, _BY_TRAITS)
    if not all(asked[name] for name in _BY_TRAITS[:4]):
        raise HostFault("DMPInvalidMessage", "RECSANSVITALE")
    with house.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT ins, birth_name, given_names, birth_place FROM patients WHERE birth_date = ? AND sex = ?",
            (asked["DateNaissance"].replace("-", ""), asked["Sexe"]),
        ).fetchall()
    found = [
        row["ins"]
        for row in rows
        if folded(row["birth_name"]) == folded(asked["NomNaissance"])
        and folded(asked["Prenom"]) in (folded(row["given_names"]), folded(row["given_names"].split()[0]))
        and asked["LieuNaissance"] in ("", row["birth_place"])
    ]
    return _result(call, dossiers.person(house.store, found[0]) if len(found) == 1 else None)


def _result(call: Call, person: Person | None) -> Reply:
    root = etree.Element(f"{{{_RESULT}}}RESULTAT", nsmap=default_namespace(_RESULT))
    found = person is not None and person.insi
    _put(root, "CR", {"CodeCR": "00" if found else "01", "LibelleCR": "OK" if found else "Aucune identité trouvée"})
    if person is not None and found:
        individual = etree.SubElement(root, f"{{{_RESULT}}}INDIVIDU")
        active = etree.SubElement(individual, f"{{{_RESULT}}}INSACTIF")
        _put(active, "IdIndividu", {"NumIdentifiant": person.ins[:13], "Cle": person.ins[13:]})
        etree.SubElement(active, f"{{{_RESULT}}}OID").text = person.oid
        birth = person.birth_date
        traits = {
            "NomNaissance": person.birth_name,
            "Prenom": person.given_names.split()[0],
            "ListePrenom": person.given_names,
            "Sexe": person.sex,
            "DateNaissance": f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}",
            "LieuNaissance": person.birth_place,
        }
        _put(individual, "TIQ", traits)
    return Reply(f"{call.action}Response", root)


def _put(parent: etree._Element, name: str, values: dict[str, str]) -> None:
    element = etree.SubElement(parent, f"{{{_RESULT}}}{name}")
    for key, value in values.items():
        etree.SubElement(element, f"{{{_RESULT}}}{key}").text = value


HANDLERS = {
    ("insi", f"{INSI_ACTION}rechercherInsAvecCarteVitale"): by_vitale,
    ("insi", f"{INSI_ACTION}rechercherInsAvecTraitsIdentite"): by_traits,
}
