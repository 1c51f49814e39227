"""What Binder would build and open: our pins, our Python, our start, and the doors the README promises."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from course import serve

ROOT = Path(__file__).resolve().parents[1]
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHON = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
posix = pytest.mark.skipif(os.name == "nt", reason="Binder is Linux; repo2docker cannot run on Windows")


def requirements(path: Path) -> list[Requirement]:
    """Return the packages that a requirements file names."""
    lines = (re.split(r"\s+#|^#", line)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(path: Path) -> dict[str, set[str]]:
    """Return what a requirements file asks of each package."""
    asked: dict[str, set[str]] = {}
    for need in requirements(path):
        asked.setdefault(canonicalize_name(need.name), set()).add(str(need.specifier))
    return asked


def repo2docker_file(name: str) -> str:
    """Return the text of a file of repo2docker's own."""
    import repo2docker

    return (Path(repo2docker.__file__).parent / name).read_text(encoding="utf-8")


def packages_of_binder() -> dict[str, str]:
    """Return the packages that every Binder with our Python has, with their versions."""
    lock = repo2docker_file(f"buildpacks/conda/environment.py-{PYTHON}-linux-64.lock")
    found = re.findall(r"/([^/\s]+)-([^-/\s]+)-[^-/\s]+\.(?:conda|tar\.bz2)#", lock)
    renamed = {"nbconvert-core": "nbconvert"}  # conda's name for it
    return {canonicalize_name(renamed.get(name, name)): version for name, version in found}


@pytest.fixture(scope="module")
def dockerfile():
    """What repo2docker would build from this folder. Without a container engine it can only say so."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_every_version_is_the_one_that_learners_have_at_home():
    at_home = pins(ROOT / "requirements.txt")
    for name, asked in pins(BINDER / "requirements.txt").items():
        assert asked == at_home[name], name
        assert all(version.startswith("==") for version in asked)


def test_binder_keeps_its_own_jupyter_and_no_marking_is_installed():
    named = pins(BINDER / "requirements.txt").keys()
    named |= {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert not named & {"jupyterlab", "notebook", "ipykernel", "ipywidgets", "jupyter-server", "nbgrader"}


def test_the_course_itself_is_installed_from_the_folder_it_is_opened_in():
    last = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "-e ."


@posix
def test_no_version_is_left_to_the_day_on_which_binder_builds():
    own, pinned = packages_of_binder(), pins(BINDER / "requirements.txt")
    linux = {"python_version": PYTHON, "sys_platform": "linux", "platform_system": "Linux", "extra": ""}
    needs = requirements(BINDER / "requirements.txt")
    needs += map(Requirement, PROJECT["dependencies"])
    loose, seen = [], set()
    while needs:
        need = needs.pop()
        name = canonicalize_name(need.name)
        if need.marker and not need.marker.evaluate(linux):
            continue
        if name in own and need.specifier.contains(own[name]):
            continue  # Binder's own will do, and pip leaves it alone
        if name not in pinned and not str(need.specifier).startswith("=="):
            loose.append(str(need))
        if name not in seen:
            seen.add(name)
            needs += map(Requirement, importlib.metadata.requires(name) or [])
    assert loose == []
    assert {"voila", "anywidget", "pydantic-core"} <= seen  # it did look


def test_binder_runs_a_python_that_the_course_supports():
    assert PYTHON in SpecifierSet(PROJECT["requires-python"])


@posix
def test_repo2docker_installs_our_packages_over_our_python_once_the_course_is_there(dockerfile):
    lock = f"environment.py-{PYTHON}-linux".replace("-", "-2d").replace(".", "-2e")  # as it writes names
    assert lock in dockerfile
    copied = re.search(r"^COPY .* src/ \$\{REPO_DIR\}/", dockerfile, re.MULTILINE)
    installed = re.search(r'^RUN .*/pip install .*-r "binder/requirements.txt"', dockerfile, re.MULTILINE)
    assert copied.start() < installed.start()  # -e . finds nothing before


@posix
def test_repo2docker_starts_jupyter_through_our_script(dockerfile):
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile


@posix
@pytest.mark.parametrize("before", ["", "/somebody/elses"], ids=["alone", "before others"])
def test_the_start_script_sets_what_the_course_command_sets(tmp_path, monkeypatch, before):
    paths = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    for name in paths:
        monkeypatch.setenv(name, before)
    done = subprocess.run([BINDER / "start", "env"], cwd=tmp_path, capture_output=True, text=True, check=True)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith(paths))
    assert told == {name: serve.environment(None)[name] for name in paths}
    assert all(Path(value.split(os.pathsep)[0]).is_dir() for value in told.values())


@posix
def test_the_start_script_becomes_the_command_it_is_given(tmp_path):
    words = ["sh", "-c", 'printf "%s|" $PPID "$@"; exit 7', "sh", "two words", "*"]
    command = [BINDER / "start", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 7
    assert done.stdout == f"{os.getpid()}|two words|*|"  # no shell in between to swallow a signal


def test_what_binder_reads_has_the_line_ends_of_linux():
    assert [path.name for path in BINDER.iterdir() if b"\r" in path.read_bytes()] == []


def test_the_readme_opens_binder_at_the_lessons_page_and_at_jupyterlab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [urlsplit(link) for link in re.findall(r"\((https://mybinder\.org/v2/[^)\s]+)\)", readme)]
    assert len({link.path for link in links}) == 1
    doors = [parse_qs(link.query)["urlpath"] for link in links]
    assert doors == [["voila/render/course/00-start-here.ipynb"], ["lab/tree/course/00-start-here.ipynb"]]
    assert (ROOT / "course" / "00-start-here.ipynb").is_file()
