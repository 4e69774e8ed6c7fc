"""Measures what the core adds to an app, on the dead-stripped link of the device slice, and compares it with a budget."""

import collections
import re

# Growth that passes without a new budget. Savings deserve a new budget too; otherwise they are lost again unnoticed.
TOLERANCE = 0.01
BUDGET_HEAD = """# Bytes of code and data that the core adds to an arm64 app, linked and dead-stripped, without rounding to pages and without
# the symbol table. More than 1 % above it fails. scripts/check-apple.sh --accept writes this file.
"""
CRATE_V0 = re.compile(r"C(?:s[0-9A-Za-z]*_)?(\d+)_?(\w+)")
OBJECT = re.compile(r"\[\s*(\d+)\] .*\((.+)\)$")
SYMBOL = re.compile(r"0x([0-9A-Fa-f]+)\s+0x([0-9A-Fa-f]+)\s+\[\s*(\d+)\]\s+(\S+)")
RUST_OBJECT = "pilotlight_core.o"  # all Rust is one object, because of fat LTO; the others are ring's
FOREIGN = "ring (C and assembly)"
OWN_LAYER = re.compile(r"15pilotlight_core(\d+)_?([a-z]\w*)")
CRATE_LEGACY = re.compile(r"_?_ZN(\d+)(\S+)")


def weight(dylib):
    return sum(section.size for section in dylib.sections if section.in_file)


def read_budget(path):
    return int(path.read_text(encoding="ascii").split()[-1])


def write_budget(path, size):
    path.write_text(f"{BUDGET_HEAD}{size}\n", encoding="ascii")


def compare(size, budget):
    """A sentence if the size is over the budget."""
    print(f"size: {size} bytes, budget {budget}, {100 * (size - budget) / budget:+.2f} %")
    if size > budget * (1 + TOLERANCE):
        yield f"the core adds {size} bytes to an app, over 1 % more than the {budget} of size-budget.txt"


def crate_of(symbol):
    """The crate of a symbol, as far as its mangled name shows it: generic code counts for its first crate. None if the name
    shows none."""
    symbol = re.sub(r"^_PL(?=[A-Z])", "_R", symbol)  # archive.py's prefix
    symbol = re.sub(r"^_+(?=R|ZN)", "_", symbol)
    if symbol.startswith("_R") and (found := CRATE_V0.search(symbol)):
        return found[2][:int(found[1])]
    if found := CRATE_LEGACY.match("_" + symbol):
        first = found[2][:int(found[1])]
        inner = re.match(r"_?(?:\$LT\$|\$u20\$|\$RF\$|\$BP\$|mut|const|dyn|\$LP\$|as)*([a-z]\w*?)(?:\.\.|$|\$)", first)
        return inner[1] if inner and "$" in first else first
    if "pilotring" in symbol:
        return FOREIGN
    if re.match(r"_?(uniffi|ffi)_", symbol):
        return "pilotlight_core"
    if "OUTLINED_FUNCTION" in symbol:
        return "(code that functions share)"
    return None


def layer_of(symbol):
    """The layer of the core whose type or function a symbol names first, also for generic code of other crates that is compiled
    for it. None if it names nothing of the core."""
    found = OWN_LAYER.search(symbol)
    return found[2][:int(found[1])] if found else None


def layers(link_map):
    """Bytes of code for each layer of the core."""
    sizes = collections.Counter()
    text = re.split(r"^# (?:Symbols|Dead Stripped Symbols):$", link_map, flags=re.M)[1]
    for line in text.splitlines():
        if (found := SYMBOL.match(line)) and (layer := layer_of(found[4])):
            sizes[layer] += int(found[2], 16)
    return sizes


def attributed(link_map):
    """Bytes for each crate, from the linker's map, and bytes that no name explains for each section. The sum is that of `weight`."""
    parts = re.split(r"^# (?:Object files|Sections|Symbols|Dead Stripped Symbols):$", link_map, flags=re.M)[1:4]
    files, sections, symbols = (part.splitlines() for part in parts)
    assembled = {found[1] for line in files if (found := OBJECT.match(line)) and found[2] != RUST_OBJECT}
    rows = (line.split() for line in sections if line.startswith("0x"))
    places = [(int(start, 16), int(size, 16), f"({segment} {name})") for start, size, segment, name in rows]
    sizes = collections.Counter({name: size for _, size, name in places if not name.endswith("bss)")})
    for line in symbols:
        if found := SYMBOL.match(line):
            address, size = int(found[1], 16), int(found[2], 16)
            section = next((name for start, length, name in places if start <= address < start + length), None)
            crate = FOREIGN if found[3] in assembled else crate_of(found[4])
            if section in sizes and crate:
                sizes[section] -= size
                sizes[crate] += size
    return sizes


def print_table(link_map, rows=30):
    """The crates and sections that cost most, and the core's own layers."""
    sizes = attributed(link_map).most_common()
    for crate, size in [*sizes[:rows], ("(all others)", sum(size for _, size in sizes[rows:]))]:
        print(f"{size:10} {crate}")
    print("The core by layer, with the generic code for its types:")
    for layer, size in layers(link_map).most_common():
        print(f"{size:10} {layer}")
