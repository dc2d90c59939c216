"""Virtual cards: a CPS3 and a Vitale 2, in process and behind the real PC/SC service; their cast and test authority.

May import: the standard library, cryptography. Nothing of ours: an independent witness must not share our encoders.
Never enters: anything of the client.
"""
