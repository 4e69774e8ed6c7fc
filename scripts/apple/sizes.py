"""What the core adds to an app: measured on the dead-stripped link of the device slice, and held to a budget."""

import collections
import re

# Growth that passes unasked. What was saved is worth a new budget too, or it is spent again unseen.
TOLERANCE = 0.01
BUDGET_HEAD = """# Bytes of code and data that the core adds to an arm64 app, linked and dead-stripped, without rounding to pages and without
# the symbol table. More than 1 % above it fails. scripts/check-apple.sh --accept writes this file.
"""
CRATE_V0 = re.compile(r"C(?:s[0-9A-Za-z]*_)?(\d+)_?(\w+)")
CRATE_LEGACY = re.compile(r"_?_ZN(\d+)(\S+)")


def weight(dylib):
    return sum(section.size for section in dylib.sections if section.in_file)


def read_budget(path):
    return int(path.read_text(encoding="ascii").split()[-1])


def write_budget(path, size):
    path.write_text(f"{BUDGET_HEAD}{size}\n", encoding="ascii")


def compare(size, budget):
    """A sentence when the size is over the budget."""
    print(f"size: {size} bytes, budget {budget}, {100 * (size - budget) / budget:+.2f} %")
    if size > budget * (1 + TOLERANCE):
        yield f"the core adds {size} bytes to an app, over 1 % more than the {budget} of size-budget.txt"


def crate_of(symbol):
    """The crate that a symbol was written in, as well as its mangled name tells: generic code counts for its first crate."""
    symbol = re.sub(r"^_+(?=R|ZN)", "_", symbol)
    if symbol.startswith("_R") and (found := CRATE_V0.search(symbol)):
        return found[2][:int(found[1])]
    if found := CRATE_LEGACY.match("_" + symbol):
        first = found[2][:int(found[1])]
        inner = re.match(r"_?(?:\$LT\$|\$u20\$|\$RF\$|\$BP\$|mut|const|dyn|\$LP\$|as)*([a-z]\w*?)(?:\.\.|$|\$)", first)
        return inner[1] if inner and "$" in first else first
    if "ring_core" in symbol:
        return "ring (C and assembly)"
    if re.match(r"_?(uniffi|ffi)_", symbol):
        return "pilotlight_core"
    return "(constants, unwind tables)"


def print_table(link_map, rows=25):
    """Bytes for each crate, from the linker's map."""
    sizes = collections.Counter()
    for line in link_map.split("# Symbols:", 1)[-1].split("# Dead Stripped Symbols:")[0].splitlines():
        found = re.match(r"0x[0-9A-Fa-f]+\s+0x([0-9A-Fa-f]+)\s+\[\s*\d+\]\s+(\S+)", line)
        if found:
            sizes[crate_of(found[2])] += int(found[1], 16)
    for crate, size in sizes.most_common(rows):
        print(f"{size:10} {crate}")
