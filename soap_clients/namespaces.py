"""The namespaces and constant names of the host's wire."""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
WSA_ANONYMOUS = f"{WSA}/anonymous"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HL7 = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
GDP = "asip:ci-sis:gdp:2010"
PATIENTS_SPECIFIC = "urn:si-dmp-patients"
HABILITATIONS = "urn:si-dmp-habilitations"
INSI_BY_VITALE = "http://www.cnamts.fr/INSiRecVit"
INSI_BY_TRAITS = "http://www.cnamts.fr/INSiRecSans"
INSI_RESULT = "http://www.cnamts.fr/INSiResultat"
