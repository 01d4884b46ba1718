#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wraps comments of C files that are wider than the column limit, which clang-format leaves alone,
but not between its off and on.

    wrap-comments.py FILE...

A comment of one line becomes a block, the paragraph of a block is filled again, a comment behind code
moves above it, and a rule "---- title ----" gets shorter. What needs a hand is named, with exit status 1.
"""

import re
import sys
import textwrap

LIMIT = 100
TAB = 8
# Where a new paragraph begins: an item of a list, or what is indented more than the text.
ITEM = re.compile(r"(\s+|[-*] |\d+[.)] )")
# By how much less than the longest line of its comment a line in the middle of a paragraph may be filled.
SLACK = 14
COLUMNS = re.compile(r"\S   +\S")
# What stands between these is laid out by hand.
OFF = re.compile(r"/\* clang-format off \*/$")
ON = re.compile(r"/\* clang-format on \*/$")

RULE = re.compile(r"/\* ---- (.*?) -+ \*/$")
ALONE = re.compile(r"(\s*)/\*\s*(.*?)\s*\*/$")
OPENS = re.compile(r"(\s*)/\*\s*((?:(?!\*/).)*)$")
BEHIND = re.compile(r"(\s*)(\S((?!/\*).)*?)\s*/\*\s*(((?!\*/).)*?)\s*\*/$")


def width(line):
    return len(line.expandtabs(TAB))


def is_wide(line):
    return width(line) > LIMIT


def fill(text, indent):
    """The lines of a paragraph in a block comment."""
    return textwrap.wrap(text, LIMIT - width(indent) - 3, break_long_words=False, break_on_hyphens=False)


def block(indent, lines):
    return [indent + "/*"] + [(indent + " * " + line).rstrip() for line in lines] + [indent + " */"]


def paragraphs(lines):
    """Groups the lines of a block comment. A line that ends early ends a paragraph."""
    groups = []
    longest = max(len(line) for line in lines)
    for line in lines:
        last = groups[-1][-1] if groups else ""
        is_new = not last or not line or ITEM.match(line)
        if is_new or len(last) + 1 + len(line.split()[0]) <= longest - SLACK:
            groups.append([line])
        else:
            groups[-1].append(line)
    return groups


class Wrapper:
    def __init__(self, name):
        self.name = name
        with open(name, encoding="utf-8") as file:
            self.old = file.read().split("\n")
        self.new = []
        self.n_left = 0

    def by_hand(self, at):
        print("%s:%d: wrap this comment by hand" % (self.name, at + 1))
        self.n_left += 1

    def wrap_alone(self, match):
        self.new += block(match.group(1), fill(match.group(2), match.group(1)))

    def wrap_behind(self, at, match):
        indent, code, comment = match.group(1), match.group(2), match.group(4)
        if code.endswith("\\") or (code.startswith("}") and code != "}") or is_wide(indent + code):
            self.by_hand(at)
            self.new.append(self.old[at])
            return
        above = indent + "/* " + comment + " */"
        self.new += block(indent, fill(comment, indent)) if is_wide(above) else [above]
        self.new.append(indent + code)

    def wrap_block(self, at, end, indent):
        """Wraps the comment in the lines from `at` to `end`."""
        lines = self.old[at:end + 1]
        texts = [lines[0].strip()[2:].strip()]
        texts += [re.sub(r"^\s*\* ?", "", line) if not line.strip().startswith("*/") else "" for line in lines[1:]]
        texts[-1] = re.sub(r"\s*\*/$", "", texts[-1]).rstrip()
        while texts and not texts[-1]:
            texts.pop()
        while texts and not texts[0]:
            texts.pop(0)
        wrapped = []
        for group in paragraphs(texts):
            if not any(is_wide(indent + " * " + line) for line in group):
                wrapped += group
            elif any(COLUMNS.search(line) for line in group):
                self.by_hand(at)
                wrapped += group
            else:
                more = re.match(r"\s*([-*] |\d+[.)] )?", group[0]).group(0)
                rest = fill(" ".join(line.strip() for line in group)[len(more.lstrip()):], indent + " " * len(more))
                wrapped += [(more if i == 0 else " " * len(more)) + line for i, line in enumerate(rest)]
        self.new += block(indent, wrapped)

    def wrap(self):
        at = 0
        is_by_hand = False
        while at < len(self.old):
            line = self.old[at]
            is_by_hand = bool(OFF.search(line)) or (is_by_hand and not ON.search(line))
            if is_by_hand:
                self.new.append(line)
                at += 1
                continue
            end = at
            opens = OPENS.match(line)
            if opens:
                while end + 1 < len(self.old) and "*/" not in self.old[end]:
                    end += 1
            lines = self.old[at:end + 1]
            if not any(map(is_wide, lines)):
                self.new += lines
            elif opens and self.old[end].rstrip().endswith("*/"):
                self.wrap_block(at, end, opens.group(1))
            elif RULE.match(line):
                self.new.append(("/* ---- " + RULE.match(line).group(1) + " ").ljust(LIMIT - 3, "-") + " */")
            elif ALONE.match(line) and line.count("/*") == 1:
                self.wrap_alone(ALONE.match(line))
            elif BEHIND.match(line):
                self.wrap_behind(at, BEHIND.match(line))
            else:
                if opens:
                    self.by_hand(at)
                self.new += lines
            at = end + 1
        if self.new != self.old:
            with open(self.name, "w", encoding="utf-8") as file:
                file.write("\n".join(self.new))
        return self.n_left


def main():
    sys.exit(1 if sum([Wrapper(name).wrap() for name in sys.argv[1:]]) else 0)


if __name__ == "__main__":
    main()
