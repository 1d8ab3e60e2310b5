"""Runs a GitHub workflow's job as plain shell: its steps in order, local composite actions expanded, with the files, variables and
expressions that GitHub gives them, as far as our workflow and action use those. What it does not know is an error.

Actions of others are not run: `actions/checkout` is the workspace as it is, `actions/upload-artifact` copies the files.
"""

import os
import pathlib
import re
import shutil
import subprocess

import yaml


class Expressions:
    """`${{ a.b || 'text' }}` and the conditions of `if:`, over nested dictionaries."""

    TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\|\||&&|!=|==|\(\))|([\w.-]+))")

    def __init__(self, contexts):
        self.contexts = contexts

    def value(self, text):
        tokens = []
        at = 0
        while text[at:].strip():
            match = self.TOKEN.match(text, at)
            if not match:
                raise AssertionError(f"cannot read the expression {text!r}")
            literal, operator, path = match.groups()
            tokens.append(("value", literal.replace("''", "'")) if literal is not None
                          else ("operator", operator) if operator else ("value", self.look_up(path)))
            at = match.end()
        values = [value for kind, value in tokens if kind == "value"]
        operators = [value for kind, value in tokens if kind == "operator" and value != "()"]
        if not operators:
            return values[0]
        if set(operators) == {"||"}:
            return next((value for value in values if value), values[-1])
        if len(operators) == 1 and operators[0] in ("==", "!="):
            return (values[0] == values[1]) == (operators[0] == "==")
        raise AssertionError(f"cannot evaluate the expression {text!r}")

    def look_up(self, path):
        value = self.contexts
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def text(self, template):
        def inserted(match):
            value = self.value(match.group(1))
            return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return re.sub(r"\$\{\{(.*?)\}\}", inserted, str(template), flags=re.S)


class Job:
    def __init__(self, workflow, workspace, inputs=None, secrets=None, env=None):
        """`env`: of the machine; what the workflow sets wins."""
        document = yaml.safe_load(pathlib.Path(workflow).read_text())
        (self.job,) = document["jobs"].values()
        self.workspace = pathlib.Path(workspace)
        self.machine = {**os.environ, **(env or {})}
        self.files = self.workspace.parent / "runner"
        self.files.mkdir(exist_ok=True)
        self.artifacts = self.files / "artifacts"
        self.step_summary = self.files / "step-summary.md"
        self.step_summary.write_text("")
        self.contexts = {"inputs": inputs or {}, "secrets": secrets or {}, "steps": {}, "github": {"workspace": str(self.workspace)}}
        expressions = Expressions(self.contexts)
        self.contexts["env"] = {name: expressions.text(value) for name, value in self.job.get("env", {}).items()}
        self.log = ""
        self.failed = False
        self.ran = []
        self.codes = {}

    def run(self):
        """True when no step failed."""
        for step in self.job["steps"]:
            self.step(step, self.contexts)
        return not self.failed

    def step(self, step, contexts, more_env=None):
        if not self.wanted(step.get("if"), contexts):
            return
        expressions = Expressions(contexts)
        name = step.get("name") or step.get("uses")
        self.ran.append(name)
        if "run" in step:
            self.shell(step, name, contexts, expressions, more_env or {})
            return
        uses = step["uses"]
        given = {key: expressions.text(value) for key, value in step.get("with", {}).items()}
        if uses.startswith("actions/checkout@"):
            return
        if uses.startswith("actions/upload-artifact@"):
            self.upload(given)
        elif uses.startswith("./"):
            self.composite(step, self.workspace / uses, given, contexts)
        else:
            raise AssertionError(f"no step is known for {uses}")

    def wanted(self, condition, contexts):
        if condition is None:
            return not self.failed
        if condition == "always()":
            return True
        return not self.failed and bool(Expressions(contexts).value(condition))

    def composite(self, step, folder, given, contexts):
        action = yaml.safe_load((folder / "action.yml").read_text())
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"the action has no inputs {unknown}"
        inputs = {}
        for name, declared in action["inputs"].items():
            inputs[name] = given.get(name, declared.get("default", ""))
            assert inputs[name] or not declared["required"], f"the action needs the input {name}"
        inner = {"inputs": inputs, "steps": {}, "env": contexts["env"], "github": contexts["github"]}
        for each in action["runs"]["steps"]:
            assert each["shell"] == "bash", "a composite action's step needs its shell"
            self.step(each, inner, {"GITHUB_ACTION_PATH": str(folder)})
        if "id" in step:
            expressions = Expressions(inner)
            contexts["steps"][step["id"]] = {"outputs": {name: expressions.text(declared["value"])
                                                         for name, declared in action["outputs"].items()}}

    def shell(self, step, name, contexts, expressions, more_env):
        outputs = self.files / "outputs"
        outputs.write_text("")
        env = {**self.machine, **{key: expressions.text(value) for key, value in contexts["env"].items()},
               **{key: expressions.text(value) for key, value in step.get("env", {}).items()}, **more_env,
               "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(self.step_summary), "GITHUB_ACTIONS": "true",
               "GITHUB_WORKSPACE": str(self.workspace)}
        script = self.files / "step.sh"
        script.write_text(expressions.text(step["run"]))
        # What GitHub calls `shell: bash`.
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], cwd=self.workspace, env=env,
                              capture_output=True, text=True, timeout=3000)
        self.log += f"--- {name}\n{done.stdout}{done.stderr}"
        self.codes[name] = done.returncode
        self.failed |= done.returncode != 0
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": dict(line.split("=", 1) for line in outputs.read_text().splitlines())}

    def upload(self, given):
        path = self.workspace / given["path"]
        assert path.exists(), f"nothing to upload at {path}\n{self.log}"
        shutil.copytree(path, self.artifacts / given["name"])

    def outputs(self, step_id):
        return self.contexts["steps"][step_id]["outputs"]
