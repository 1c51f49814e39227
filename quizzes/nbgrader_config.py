"""How nbgrader works in this folder. It is all stock but for the lines below; each says why."""

import sys
from functools import partial
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

# The page that `feedback` writes, from nbgrader's own command and formgrader's button too.
c.GenerateFeedback.exporter_class = "safequiz.feedback_exporter.FeedbackExporter"
c.GenerateFeedback.preprocessors = []

# Of what a pupil hands in, only the answers file is read. Nothing of theirs is run, so no kernel is started.
c.Autograde.pre_convert_hook = "safequiz.autograding.put_submission_in_order"
c.Autograde.exporter_class = "safequiz.autograding.ReadNothing"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = ["safequiz.autograding.PutMarks"]

# formgrader writes codes into its pages as they are, so a folder called <script> in submitted/ would be one.
formgrader = sys.modules.get("nbgrader.server_extensions.formgrader.formgrader")
if formgrader:
    formgrader.Environment = partial(formgrader.Environment, autoescape=True)

# nbgrader's own exporter does not quote: a name with a comma shifts every mark after it.
c.ExportApp.plugin_class = "safequiz.export_plugin.MarksFile"

# nbgrader's own takes notebooks out of ZIPs, trusts their names, and stops for the whole class at one file.
c.ZipCollectApp.extractor_plugin = "safequiz.zip_plugins.AnswersExtractor"
c.ZipCollectApp.collector_plugin = "safequiz.zip_plugins.AnswersCollector"
