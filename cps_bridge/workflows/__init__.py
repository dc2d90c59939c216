"""The verbs: one file, one use case, one plain function; they ask and tell through a User.

May import: cps_bridge.cards, documents, storage; soap_clients; dossier.
Never enters: hex, XML, SQL, widgets.
"""
