"""Performance: each case beside its peer and its physical limit, in one run.

May import: everything. Never enters: an assertion of the test suite.
"""
