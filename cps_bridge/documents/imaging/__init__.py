"""Imaging studies: headers scanned, one study of a folder, its KOS manifest, thumbnails, relabelled copies.

May import: dossier, cps_bridge.documents; pydicom, numpy and pillow, only inside the functions that use them.
Never enters: pixels that nobody asked to see, a DICOM network association.
"""
