"""The plots of docs/performance.md, docs/reliability.md and README.md, from the measured figures."""

import math

from svg import Drawing

ROW = 26


def number(value):
    return f"{value:,}" if isinstance(value, int) or value >= 1000 else f"{value:g}"


def bars(title, description, rows, unit, width=640, label=230, logarithmic=False, goal=None):
    """One horizontal bar for each (label, value, colour, words); a goal is a line across all of them."""
    drawing = Drawing(width, title, description)
    drawing.text(12, 24, title, size=14, bold=True)
    room = width - label - 150
    largest = max([row[1] for row in rows] + ([goal] if goal else []))

    def length(value):
        if not logarithmic:
            return room * value / largest
        return room * math.log10(max(value, 1)) / math.log10(largest)

    top = 40
    for index, (name, value, colour, words) in enumerate(rows):
        y = top + index * ROW
        drawing.text(label, y + 15, name, anchor="end")
        drawing.bar(label + 8, y + 3, length(value), ROW - 9, colour)
        words = words or f"{number(value)} {unit}".strip()
        if goal:  # inside the bar, where the goal's line does not cross it
            drawing.text(label + 16, y + 15, words, css="paper", size=12)
        else:
            drawing.text(label + 14 + length(value), y + 15, words, css="faint", size=12)
    bottom = top + len(rows) * ROW
    drawing.line(label + 8, top, label + 8, bottom)
    if goal:
        x = label + 8 + length(goal)
        drawing.line(x, top - 4, x, bottom, css="answer")
        drawing.text(x, bottom + 14, f"goal {number(goal)} {unit}".strip(), css="faint", size=12, anchor="middle")
    return drawing


def stacks(title, description, rows, parts, width=640, label=200):
    """One bar for each (label, values), cut into the parts (name, colour)."""
    drawing = Drawing(width, title, description)
    drawing.text(12, 24, title, size=14, bold=True)
    room = width - label - 40
    largest = max(sum(values) for _, values in rows)
    for index, (name, values) in enumerate(rows):
        y, x = 44 + index * 34, label + 8
        drawing.text(label, y + 15, name, anchor="end")
        for value, (_, colour) in zip(values, parts):
            length = room * value / largest
            drawing.bar(x, y, length, 20, colour)
            drawing.text(x + length / 2, y + 14, str(value), css="paper", size=12, anchor="middle")
            x += length
    y = 44 + len(rows) * 34 + 14
    for index, (name, colour) in enumerate(parts):
        drawing.bar(24, y + index * 20 - 10, 12, 12, colour)
        drawing.text(44, y + index * 20, name, css="faint", size=12)
    return drawing


def library_rows(measured):
    rows = []
    for row in measured["rows"]:
        low, high = row["low"], row["high"]
        span = number(low) if low == high else f"{number(low)} to {number(high)}"
        rows.append((row["library"], (low + high) / 2, "own" if row["library"] == "Pilotlight" else "other", f"{span} {measured['unit']}"))
    return rows


def performance(figures):
    """File name: drawing."""
    libraries = figures["libraries"]
    versions = ", ".join(f"{name} {version}" for name, version in libraries["versions"].items())
    about = f"Measured on {libraries['date']}, {libraries['machine']}; {versions}. Shorter is better."
    ratios = [(row["what"].replace("`", "").split(", beside")[0].split(" of ")[0], row["ratio"], "own", f"{row['ratio']:g} (goal {row['goal']:g})" if row.get("goal") else "")
              for row in figures["rust"] + [row for row in figures["swift"] if "ratio" in row]]
    size = figures["size"]
    sizes = [("".join(c for c in row["what"].split(":")[0].split(" (")[0].split(";")[0] if c != "`"), row["bytes"], "own" if row["what"] == "Pilotlight" else "other", "")
             for row in size["parts"]]
    steps = [(f"{index + 1}", row["size"], "own" if index + 1 == len(size["steps"]) else "third", "") for index, row in enumerate(size["steps"]) if row["size"]]
    return {
        "refresh-beside-others.svg": bars("One refresh from Swift (shorter is better)", about, library_rows(libraries["refresh"]), "", label=150),
        "callers-beside-others.svg": bars("10,000 callers wait for one refresh (shorter is better)", about, library_rows(libraries["callers"]), "", label=150),
        "ratios.svg": bars("Time, as a multiple of the work alone", "One is the work that has to be done anyway.", ratios, "", label=370, width=760),
        "size-parts.svg": bars("Where the bytes are", "Linked size on arm64, by crate.", sizes, "bytes", label=270, width=720),
        "size-steps.svg": bars("Linked size after each step of the table", "Bytes on arm64.", steps, "bytes", label=60, goal=size["goal"]),
    }


def reliability(figures):
    """File name: drawing."""
    alone = [setup for setup in figures["kills"]["setups"] if setup["processes"] == "alone"]
    world = figures["simulation"]
    events = [
        ("calls of the public API", world["calls"]), ("renewals by the issuer", world["renewals"]), ("suspensions", world["suspensions"]),
        ("jumps of a clock", world["clock_jumps"]), ("sign-ins", world["sign_ins"]), ("failed reads of the store", world["failed_reads"]),
        ("requests not delivered", world["requests_refused"]), ("crashes", world["crashes"]), ("sign-outs", world["sign_outs"]),
        ("failed writes of the store", world["failed_writes"]), ("answers lost", world["answers_lost"]), ("locks given up", world["locks_given_up"]),
        ("failed runs", world["failed"]),
    ]
    causes = world["lost_to"]
    lost = [("no overlap at the issuer", causes["no_overlap"]), ("a process died", causes["process_died"]), ("the store refused a write", causes["write_refused"]),
            ("a late request took effect", causes["late_request"]), ("iOS took the lock", causes["lock_taken"])]
    found = sorted((row["seeds"], row["mistake"]) for row in figures["mutations"] if row["seeds"])
    return {
        "kills.svg": stacks(
            f"Where {alone[0]['kills']} kills hit a renewal: no session was lost", "One process at a time.",
            [(setup["issuer"], [setup["before_issuer"], setup["not_stored"], setup["stored"]]) for setup in alone],
            [("before the issuer renewed", "other"), ("after the issuer renewed, before the tokens were stored", "third"), ("after the tokens were stored", "own")]),
        "simulation.svg": bars(
            f"What happened in {number(world['runs'])} simulated runs (logarithmic)", "Counts; each step to the right is ten times as many.",
            [(name, value, "bad" if name == "failed runs" else "own", number(value)) for name, value in events], "", label=210, logarithmic=True),
        "unavoidable.svg": bars(
            "Sessions that no client could keep", f"Of {number(world['renewals'])} renewals.", [(name, value, "third", number(value)) for name, value in lost], "", label=210),
        "mutations.svg": bars(
            "Simulated runs until each planted mistake was found (logarithmic)", "One bar for each mistake in the table.",
            [(mistake, seeds, "own", number(seeds)) for seeds, mistake in found], "", label=440, width=820, logarithmic=True),
    }
