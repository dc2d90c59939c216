"""A plain IHE XDS.b registry and repository on loopback: ITI-18, ITI-41, ITI-42, ITI-43, ITI-57.

May import: host_sim (store, house, HTTP body, registry errors); lxml.
Never enters: an assertion, a right, anything of the DMP; the client.
"""
