"""How nbgrader works in this folder. It is all stock but for the lines below; each says why."""

from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader puts it here

# Every command and formgrader use this folder, and its gradebook.db, wherever they were started.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# The gradebook wants a name for the course. Pupils' codes come from `collect`, which checks them.
c.CourseDirectory.course_id = "stay-safe-online"

# The stock words, YOUR ANSWER HERE, would ask pupils to write where nobody will read it.
c.ClearSolutions.text_stub = "*No answer is here. Write it in the quiz above; it is put here to be marked.*"

# What a marker looks for stands below the question in a locked cell, not in a task cell, which would
# be one more thing to mark. It leaves the released notebook all the same.
c.ClearMarkScheme.enforce_metadata = False

# nbgrader's own list shows pupils the marker's notes and the marking code in their feedback.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# A quiz in marked work is shown as its text: a live one would load scripts from other sites.
c.NbConvertBase.display_data_priority = ["text/html", "text/markdown", "text/plain"]

# Without this every pupil's run prints a warning about talking to itself on this computer.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=40"]

# nbgrader's own exporter does not quote: a name with a comma shifts every mark after it.
c.ExportApp.plugin_class = "safequiz.grading.MarksFile"
