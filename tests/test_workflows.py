"""What GitHub is asked to do, and what is checked before a commit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from safesite.build import ADDRESS

from course import __main__ as command
from tests import __main__ as runner

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
posix = pytest.mark.skipif(os.name == "nt", reason="these jobs run on Linux")


def read(path: Path) -> dict:
    """Return a YAML file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


TESTS, WEEKLY, PAGES = (
    read(ROOT / ".github" / "workflows" / f"{name}.yml") for name in ("tests", "weekly", "pages")
)


def weekly_step(name: str) -> str:
    """Return the script of one step of the weekly job."""
    (script,) = (step["run"] for step in WEEKLY["jobs"]["look"]["steps"] if step.get("name") == name)
    return script


def test_ci_runs_on_the_oldest_python_we_support_on_binders_and_on_three_systems():
    matrix = TESTS["jobs"]["tests"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={matrix['python'][0]}"
    binders = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert {binders} == {each["python"] for each in matrix["include"]} & set(matrix["python"])
    systems = [*matrix["system"], *(each["system"] for each in matrix["include"])]
    assert [name.split("-")[0] for name in systems] == ["ubuntu", "macos", "windows"]


#: What jobs may do beyond reading the code: the weekly one tells, the last one publishes.
ALLOWED = {
    "tests": [None],
    "weekly": [{"contents": "read", "issues": "write"}],
    "pages": [{"contents": "read", "pages": "read"}, {"pages": "write", "id-token": "write"}],
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_the_weekly_one_write_issues_and_one_job_publish(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert [job.get("permissions") for job in workflow["jobs"].values()] == ALLOWED[path.stem]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_actions_are_githubs_own_and_keep_no_token(path):
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used), used
    checkouts = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts == [{"persist-credentials": False}]


def test_all_workflows_use_the_same_version_of_an_action():
    used = {
        step["uses"]
        for path in WORKFLOWS
        for job in read(path)["jobs"].values()
        for step in job["steps"]
        if "uses" in step
    }
    names = [name.split("@")[0] for name in used]
    assert sorted(names) == sorted(set(names)), used


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_script_takes_an_outsiders_words_for_its_own(path):
    for job in read(path)["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "give it as a variable of the environment"


def test_the_pages_are_published_from_main_alone_and_no_deployment_is_cut_short():
    # YAML reads the word `on` as true.
    assert PAGES[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert PAGES["concurrency"] == {"group": "pages", "cancel-in-progress": False}
    build, deploy = PAGES["jobs"].values()
    assert deploy["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    assert build["steps"][1]["with"]["python-version"] == "3.12"


@posix
def test_the_pages_are_built_for_the_address_at_which_they_are_published(tmp_path):
    step = next(step for step in PAGES["jobs"]["build"]["steps"] if "run" in step)
    assert step["env"] == {"BASE_URL": "${{ steps.pages.outputs.base_url }}"}
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > asked\n', encoding="utf-8")
    python.chmod(0o755)
    run_as_github(step["run"], tmp_path, BASE_URL="https://stay-safe-online.github.io/course")
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked[:2] == ["-m", "course"]
    options = command.parse(asked[2:])
    assert (options.door, options.address) == ("build", ADDRESS)
    upload = PAGES["jobs"]["build"]["steps"][-1]
    assert upload["uses"].startswith("actions/upload-pages-artifact@")
    assert upload["with"] == {"path": options.out}


@posix
@pytest.mark.parametrize(
    ("overdue", "dead", "open_issue", "asked"),
    [
        ("", "", "", ""),
        ("", "", "7", "close 7"),
        ("- gr-law is due", "", "", "create"),
        ("- gr-law is due", "", "7", "edit 7"),
        ("", "* [404] <https://gone.example>", "", "create"),
        ("- gr-law is due", "* [404] <https://gone.example>", "7", "edit 7"),
    ],
)
def test_the_weekly_job_keeps_one_issue_and_closes_it_when_all_is_well(
    tmp_path, overdue, dead, open_issue, asked
):
    (tmp_path / "overdue.md").write_text(overdue + "\n", encoding="utf-8")
    if dead:
        (tmp_path / "links.md").write_text(dead + "\n", encoding="utf-8")
    gh = tmp_path / "gh"
    gh.write_text(
        f'#!/bin/sh\nif [ "$2" = list ]; then echo {open_issue}; else echo "$2 $3" >> asked; fi\n',
        encoding="utf-8",
    )
    gh.chmod(0o755)
    run_as_github(weekly_step("Tell in one issue"), tmp_path)
    log = tmp_path / "asked"
    calls = log.read_text(encoding="utf-8").replace(" --title", "").split("\n") if log.exists() else [""]
    assert calls[0] == asked
    assert len([call for call in calls if call]) == bool(asked)
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert all(line in report for line in (overdue, dead))


@posix
@pytest.mark.parametrize(
    ("lychee", "fails", "told"), [(0, False, False), (2, False, True), (1, True, None), (3, True, None)]
)
def test_a_dead_link_is_told_and_only_a_broken_checker_fails_the_weekly_job(tmp_path, lychee, fails, told):
    program = tmp_path / "lychee"
    program.write_text(f"#!/bin/sh\necho report > links.md\nexit {lychee}\n", encoding="utf-8")
    program.chmod(0o755)
    done = run_as_github(weekly_step("Find dead links"), tmp_path, check=False)
    assert bool(done.returncode) == fails
    assert told is None or (tmp_path / "links.md").exists() == told


def run_as_github(script: str, folder: Path, check: bool = True, **more: str) -> subprocess.CompletedProcess:
    """Run a step's script as GitHub does, with the programs in `folder` first."""
    env = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "TITLE": "Facts"} | more
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, check=check)


def test_the_list_of_overdue_facts_is_only_a_list_and_never_a_failure():
    command = [sys.executable, "-P", "-m", *weekly_step("Find facts past their date").split()[2:-2]]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert all(line.startswith("- ") for line in done.stdout.splitlines() if line)


def test_before_a_commit_the_quick_steps_of_the_tests_are_run():
    (local,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    before_commit = [hook["args"] for hook in local["hooks"]]
    quick = [words for _, words in runner.steps([]) if words[0] != "pytest"]
    assert quick
    assert [words for words in quick if words not in before_commit] == []
