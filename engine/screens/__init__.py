"""What each page of the console shows, read from the rows, and what can be done there: no HTML, no HTTP.

A page asks for its screen, a frozen value that any template (or test, or API) can show. Who may see and do what is
asked of :mod:`engine.rules.rights`, as in chat.
"""
