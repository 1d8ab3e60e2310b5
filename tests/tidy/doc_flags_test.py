"""Every flag that the documents give to a verb of kctl, to the agent or to the controller is one that its --help knows."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["KLOAD_BIN"])
PROGRAMS = ("kctl", "kload-agent", "kload-controller")
# What ends the words of one command in a line of text.
END = re.compile(r"`|\||;|&&|#|\)|$")


def help_of(command):
    """The help's text, and no text for what is no verb."""
    shown = subprocess.run([BIN / command[0], *command[1:], "--help"], capture_output=True, text=True, timeout=30)
    return shown.stdout if shown.returncode == 0 else ""


def verbs_of(*command):
    return re.findall(r"^  ([a-z]+) ", help_of(command), re.MULTILINE)


def commands_in(text):
    """(line number, program, words behind it) of all that look like commands; a line's end by \\ goes on in the next one."""
    joined = re.sub(r"\\\n\s*", lambda match: " " + "\0" * match.group().count("\n"), text)
    line = 1
    for part in joined.split("\n"):
        for match in re.finditer(r"(?<![\w/-])(kctl|kload-agent|kload-controller)\s+([^\n]*)", part):
            words = match.group(2).replace("\0", "")
            yield line, match.group(1), words[:END.search(words).start()].split()
        line += 1 + part.count("\0")


class DocFlags(unittest.TestCase):
    def test_they_exist(self):
        helps = {}
        verbs = verbs_of("kctl")
        self.assertIn("start", verbs)
        checked = 0
        for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "deploy").rglob("*.md"))]:
            for line, program, words in commands_in(document.read_text()):
                flags = [re.match(r"--?[a-z][a-z-]*", word).group() for word in words if re.match(r"--[a-z]", word)]
                if not flags:
                    continue
                plain = [word for word in words if re.fullmatch(r"[a-z]+", word)]
                verb = [word for word in plain if word in verbs][:1] if program == "kctl" else []
                sub = [word for word in plain[1:2] if verb == plain[:1]]
                known = ""
                for command in ((program, *verb, *sub), (program, *verb), (program,)):
                    if command not in helps:
                        helps[command] = help_of(command)
                    known += helps[command]
                for flag in flags:
                    checked += 1
                    with self.subTest(document=document.name, line=line, flag=flag, command=" ".join([program, *verb])):
                        self.assertRegex(known, rf"(?<![\w-]){re.escape(flag)}(?![\w-])")
        self.assertGreater(checked, 30)

    def test_those_by_themselves_too(self):
        """`--flag` in a sentence: some program or script has it."""
        text = "".join(help_of((program,)) for program in PROGRAMS)
        for verb in verbs_of("kctl"):
            text += help_of(("kctl", verb))
            for sub in verbs_of("kctl", verb):
                text += help_of(("kctl", verb, sub))
        text += "".join(path.read_text() for path in (ROOT / "scripts").iterdir() if path.is_file())
        checked = 0
        # But where k6's flags are named that kload has not.
        for document in [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / "compatibility.md"})]:
            for number, line in enumerate(document.read_text().split("\n"), 1):
                for flag in re.findall(r"`(--[a-z][a-z-]*)", line):
                    checked += 1
                    with self.subTest(document=document.name, line=number, flag=flag):
                        self.assertRegex(text, rf"(?<![\w-]){re.escape(flag)}(?![\w-])")
        self.assertGreater(checked, 30)


if __name__ == "__main__":
    unittest.main()
