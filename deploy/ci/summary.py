#!/usr/bin/env python3
"""Markdown of a run, for people who look at a CI job: verdict, thresholds, main metrics, checks that failed.

  summary.py summary.json --exit-code 99          summary.json is what kctl's --summary-export wrote
  summary.py summary.json --run-id                prints the run's id alone, nothing when there is no summary

A run that did not come to a summary is shown by its exit code and the last lines of --output.
"""

import argparse
import json
import pathlib
import re
import sys

MEANING = {
    0: "all thresholds hold",
    97: "an agent was lost",
    98: "the result is not trustworthy",
    99: "a threshold failed",
    100: "setup() timed out",
    101: "teardown() timed out",
    103: "it was stopped",
    104: "invalid options, scenario or threshold",
    105: "it was interrupted",
    107: "the script failed",
    108: "the script aborted the test",
    110: "the script failed the test",
}
TAIL_LINES = 30
FINDINGS_MAX = 20
CHECKS_MAX = 20


def cell(text):
    """Text that stays in its cell of a table, whatever a script calls its metrics."""
    return re.sub(r"\s+", " ", str(text)).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def is_rate(metric):
    return "value" in metric and "passes" in metric


def is_time(name):
    return re.match(r"(http_req_(?!failed)|iteration_duration|group_duration|iteration_start_delay)|.*_duration\b", name) is not None


def number(value):
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def shown(name, metric, key):
    value = metric[key]
    if is_rate(metric) and key == "value":
        return f"{value:.2%}"
    if is_time(name) and key not in ("count", "rate"):
        return f"{value / 1000:.2f} s" if value >= 10000 else f"{value:.2f} ms"
    return number(value)


def measured(name, metric, expression):
    """What the threshold looked at, where the summary has it."""
    match = re.match(r"\s*(p\([\d.]+\)|[a-z]+)", expression)
    key = match.group(1) if match else ""
    if key == "rate" and is_rate(metric):
        key = "value"
    return shown(name, metric, key) if key in metric else ""


def failed_checks(group, path=""):
    for check in group.get("checks", {}).values():
        if check["fails"]:
            yield path + check["name"], check["passes"], check["fails"]
    for inner in group.get("groups", {}).values():
        yield from failed_checks(inner, f"{path}{inner['name']} › ")


def thresholds_of(metrics):
    rows = [("✅" if not failed else "❌", name, expression, measured(name, metric, expression))
            for name, metric in metrics.items() for expression, failed in metric.get("thresholds", {}).items()]
    return sorted(rows, key=lambda row: row[0] == "✅")


def main_metrics(metrics):
    rows = []
    for name in ("http_reqs", "iterations", "dropped_iterations", "data_received", "data_sent"):
        if name in metrics:
            rows.append((name, f"{number(metrics[name]['count'])}, {metrics[name]['rate']:,.1f}/s"))
    for name in ("http_req_failed", "checks"):
        if name in metrics:
            rows.append((name, shown(name, metrics[name], "value")))
    for name in ("http_req_duration", "iteration_duration"):
        if name in metrics:
            rows.append((name, ", ".join(f"{key}={shown(name, metrics[name], key)}" for key in metrics[name]
                                         if key != "thresholds")))
    if "vus_max" in metrics:
        rows.append(("vus_max", number(metrics["vus_max"]["max"])))
    return rows


def render(summary, code, script, target, output):
    kload = summary.get("kload", {})
    meaning = MEANING.get(code, "it could not run")
    mark, word = ("✅", "passed") if code == 0 else ("❌", "failed")
    if code == 0 and kload.get("label", "trustworthy") != "trustworthy":
        mark, meaning = "⚠️", f"{meaning}, but the result is {kload['label']}"
    text = f"## {mark} Load test {word}: {meaning}\n\n"
    facts = [("script", script)] + ([("target", target)] if target else [])
    if kload.get("run"):
        facts.append(("run", kload["run"]))
    if kload.get("label"):
        facts.append(("result", kload["label"]))
    facts.append(("exit code", code))
    text += table(["", ""], facts)
    for finding in kload.get("findings", [])[:FINDINGS_MAX]:
        text += f"\n- {cell(finding['label'])}: {cell(finding['reason'])}"
    if kload.get("findings"):
        text += "\n"
    metrics = summary.get("metrics", {})
    thresholds = thresholds_of(metrics)
    if thresholds:
        text += "\n### Thresholds\n\n" + table(["", "metric", "threshold", "measured"], thresholds)
    if metrics:
        text += "\n### Metrics\n\n" + table(["metric", "value"], main_metrics(metrics))
    checks = sorted(failed_checks(summary.get("root_group", {})), key=lambda row: -row[2])
    if checks:
        text += "\n### Checks that failed\n\n" + table(["check", "passed", "failed"], checks[:CHECKS_MAX])
    if not metrics and output:
        tail = "\n".join(output.splitlines()[-TAIL_LINES:]).replace("```", "'''")
        text += f"\n```text\n{tail}\n```\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("summary", type=pathlib.Path)
    parser.add_argument("--run-id", action="store_true", help="print the run's id alone")
    parser.add_argument("--exit-code", type=int, default=0)
    parser.add_argument("--script", default="")
    parser.add_argument("--target", default="")
    parser.add_argument("--output", type=pathlib.Path, help="what kctl printed")
    arguments = parser.parse_args()
    summary = json.loads(arguments.summary.read_text()) if arguments.summary.exists() else {}
    if arguments.run_id:
        print(summary.get("kload", {}).get("run", ""))
        return 0
    output = arguments.output.read_text(errors="replace") if arguments.output and arguments.output.exists() else ""
    print(render(summary, arguments.exit_code, arguments.script, arguments.target, output), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
