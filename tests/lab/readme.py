# SPDX-License-Identifier: MIT
# Runs what README.md shows and compares. usage: readme.py README.md SLUICE FOLDER; FOLDER is where the commands run, and has
# build/images, tests and docs. A block belongs to the command in its first line ("$ build/sluice ..."), else to the one that this
# table names for its first line. "  ..." stands for any number of lines. What a compiler's point release changes
# (+0x offsets), and the trace's hash, are not compared.
import re
import shlex
import subprocess
import sys

COMMANDS = [
    ("Flows: 18", "build/sluice replay {first} --profile 7sp1"),
    ("Flows: 2", "build/sluice replay tests/captures/small-segments.pcap --rules docs/example.rules --eve eve.json "
     "--annotate annotated.pcapng --deliver out"),
    ("Leak matrix: ", "build/sluice matrix --model A"),
    ("The reported cell: ", "build/sluice explain"),
]


def plain(line):
    line = re.sub(r"\+0x[0-9a-f]+", "+0x?", line.rstrip())
    return re.sub(r"trace [0-9a-f]{16}", "trace ?", line)


def blocks(text):
    found = re.findall(r"^```\n(.*?)^```$", text, re.S | re.M)
    return [block.rstrip("\n").split("\n") for block in found]


def command_of(block, first):
    if block[0].startswith("$ build/sluice "):
        return block[0][2:], block[1:]
    for start, command in COMMANDS:
        if block[0].startswith(start):
            return command.format(first=first), block
    return None, block


def parts(lines):
    """The lines between elisions."""
    part = []
    for line in lines:
        if line.strip() == "...":
            yield part
            part = []
        else:
            part.append(line)
    yield part


def matches(shown, said):
    """None, or the first line that is not as shown."""
    shown = [plain(line) for line in shown]
    said = [plain(line) for line in said]
    at = 0
    for part in parts(shown):
        if not part:
            continue
        starts = [i for i in range(at, len(said) - len(part) + 1) if said[i:i + len(part)] == part]
        if not starts:
            return closest(part, said[at:])
        at = starts[0] + len(part)
    return None


def closest(part, said):
    best, where = 0, 0
    for i in range(len(said)):
        count = 0
        while count < len(part) and i + count < len(said) and said[i + count] == part[count]:
            count += 1
        if count > best:
            best, where = count, i
    if best == len(part):
        return part[0]
    follows = said[where + best] if best and where + best < len(said) else "nothing like it"
    return f"{part[best]}\n    said is: {follows}"


def main():
    page, sluice, folder, first = sys.argv[1:5]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    ran = failures = 0
    for block in blocks(text):
        command, shown = command_of(block, first)
        if command is None:
            continue
        words = shlex.split(command)
        words[0] = sluice
        run = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        wrong = matches(shown, run.stdout.decode("utf-8", "replace").split("\n"))
        ran += 1
        name = command if len(command) < 100 else command[:97] + "..."
        if wrong is None:
            print(f"PASSED: {name}")
        else:
            failures += 1
            print(f"FAILED: {name}: README.md shows\n    {wrong}")
    if ran < 6:
        failures += 1
        print(f"FAILED: only {ran} blocks of {page} were run")
    sys.exit(failures != 0)


main()
