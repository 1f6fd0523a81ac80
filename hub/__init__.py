"""What is done: catalogue, routing, cases, requests, proofs, audit and events.

Docstring only, for ever: a re-export here would close a circle with ``schema``.
"""
