"""Sign the lessons at every start, as `jupyter trust` does, so that what is stored in them shows as it is.

A front end takes attributes out of the stored outputs of a notebook that nobody has signed. Before a cell was
run, `x` on a folded list would then cut the cell, and the nation chooser would find nothing to fold.
"""

import contextlib
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

with contextlib.suppress(Exception):  # where nothing can be signed, the lessons open all the same
    notary = NotebookNotary()
    for lesson in Path(__file__).resolve().parents[2].glob("[0-9][0-9]-*.ipynb"):
        notary.sign(nbformat.read(lesson, as_version=4))
