"""Imaging studies: headers scanned, one study of a folder, its KOS manifest, thumbnails, relabelled copies.

May import: dossier, cps_bridge.documents; pydicom (through library.py), numpy and pillow inside functions only.
Never enters: pixels that nobody asked to see, a DICOM network association.
"""
