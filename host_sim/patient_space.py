"""What the patient may do with his or her own dossier: one function for each act; the web site only draws them.

Every function takes the house and a Visitor, applies the rules and writes the access log. A refusal is `Refused`: a
code for tests, a French sentence for the page.
"""

from __future__ import annotations

from .patient_choices import (
    set_contact,
    set_directives,
    set_emergency,
    set_organ_donation,
    set_persons_to_call,
    set_trusted_person,
    wishes,
)
from .patient_documents import (
    PATIENT_TYPES,
    add_document,
    documents,
    read,
    remove_document,
    set_archived,
    set_masked,
)
from .patient_life import (
    ask,
    asked,
    cancel,
    close,
    create_online,
    reactivate,
    sign_in,
    summary,
    visitor_of,
)
from .patient_nouns import (
    Access,
    Contact,
    Document,
    OnlineCreation,
    Opened,
    Party,
    Refused,
    Summary,
    Visitor,
    Wanted,
    Wishes,
)
from .patient_people import (
    authorise,
    find_professionals,
    history,
    notifications,
    parties,
    set_blocked,
    withdraw,
)

__all__ = [
    "PATIENT_TYPES", "Access", "Contact", "Document", "OnlineCreation", "Opened", "Party", "Refused", "Summary",
    "Visitor", "Wanted", "Wishes", "add_document", "ask", "asked", "authorise", "cancel", "close", "create_online",
    "documents", "find_professionals", "history", "notifications", "parties", "reactivate", "read", "remove_document",
    "set_archived", "set_blocked", "set_contact", "set_directives", "set_emergency", "set_masked",
    "set_organ_donation", "set_persons_to_call", "set_trusted_person", "sign_in", "summary", "visitor_of", "wishes",
    "withdraw",
]  # fmt: skip
