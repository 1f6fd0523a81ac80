"""A typed client of the hub over HTTP, for both sides; imports none of the rooms.

A department's system opens cases and waits for them (``department``), an issuing unit answers requests (``issuing``),
by machine if it likes (``worker``, ``handling``). Both speak through one ``connection``. ``operations`` holds what they
say in GraphQL, ``inputs`` what they give, ``records`` what they get in the ``words`` of the SDL, ``errors`` what can go
wrong. docs/client.md shows each at work.
"""
