"""Keep lesson notebooks in one form: run in order, text kept, everything that changes by itself gone.

nbval compares what is stored. A notebook with its outputs stripped would pass and check nothing;
one with widget records would differ at every run.
"""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat

COURSE = Path(__file__).resolve().parent.parent
_WIDGET = "application/vnd.jupyter.widget-view+json"
_KEPT_CELL_METADATA = {"tags", "jupyter", "editable", "deletable"}


def lessons(folder: Path = COURSE) -> list[Path]:
    """Return the lesson notebooks, in order."""
    return sorted(folder.glob("[0-9][0-9]-*.ipynb"))


def tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a tidied copy: no widget records, timings or kernel details; counts and text stay."""
    made = copy.deepcopy(notebook)
    made.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in made.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name in _KEPT_CELL_METADATA}
        cell.source = "\n".join(line.rstrip() for line in cell.source.rstrip().splitlines())
        if cell.cell_type == "code":
            # Readers see the lesson, not its three lines of Python; authors can unfold them.
            cell.metadata["jupyter"] = {"source_hidden": True}
            for output in cell.outputs:
                output.metadata = {}
                output.get("data", {}).pop(_WIDGET, None)
    return made


def problems(path: Path) -> list[str]:
    """Return what keeps a lesson from being committed, each with file and cell; [] when all is well."""
    notebook = nbformat.read(path, as_version=4)
    found = []
    count = 0
    for cell in notebook.cells:
        place = f"{path.name}, cell '{cell.id}'"
        if cell.cell_type != "code":
            continue
        count += 1
        if cell.execution_count != count:
            found.append(f"{place}: not run in order (count {cell.execution_count}, should be {count})")
        if any(output.output_type in {"error", "stream"} for output in cell.outputs):
            found.append(f"{place}: an error or a printed line is stored")
        if not cell.outputs and not cell.source.lstrip().startswith(("from ", "import ")):
            found.append(f"{place}: its output has been stripped, so nothing would be compared")
        if len(cell.source.splitlines()) > 3:
            found.append(f"{place}: more than three lines; logic belongs in a module")
    if tidy(notebook) != notebook:
        found.append(f"{path.name}: not tidy")
    return [f"{line}. Run: python3 -m quizzes tidy" for line in found]


def tidy_lessons(check: bool = False, folder: Path = COURSE) -> list[str]:
    """Run and tidy every lesson in `folder`, or with `check` only report; return the problems left.

    Raises nbclient's CellExecutionError, which names the cell, when a lesson fails to run.
    """
    for path in [] if check else lessons(folder):
        from nbclient import NotebookClient

        notebook = nbformat.read(path, as_version=4)
        NotebookClient(
            notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
        write(path, notebook)
    return [problem for path in lessons(folder) for problem in problems(path)]


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a tidied notebook to `path`, with LF line ends on every system."""
    text = nbformat.writes(tidy(notebook))
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
