"""The patient's side of the host as a small web site: it only draws what host_sim.patient_space does.

May import: host_sim, Flask, Werkzeug, Jinja2 and Waitress, which nothing else of the project imports; lxml.
Never enters: a rule about dossiers, a script, anything from another origin.
"""
