"""TD0.0: the certification of an identity by the DMP itself, which the INSi teleservice replaced."""

from __future__ import annotations

from host_sim.call import Call, HostFault, Reply
from host_sim.house import House
from host_sim.routes import PATIENTS


def certify(call: Call, house: House) -> Reply:
    """Refuse, whatever is asked: an identity is qualified by INSi."""
    raise HostFault("DMPServiceRetired", "identityCertification (TD0.0) was replaced by the INSi teleservice in 2023")


HANDLERS = {("patientCertif", f"{PATIENTS}:PatientCertificationEndPoint:identityCertification"): certify}
