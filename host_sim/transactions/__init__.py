"""One file per family of transactions; each handler takes a Call and gives a Reply.

May import: host_sim, dossier.
Never enters: sockets, raw bytes of the request.
"""
