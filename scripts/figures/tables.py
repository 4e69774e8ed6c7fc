"""The tables of docs/performance.md and docs/reliability.md, from the measured figures."""


def table(head, alignment, rows):
    marks = {"l": "---", "r": "---:"}
    lines = [head, [marks[one] for one in alignment], *rows]
    return "\n".join(f"| {' | '.join(cell if cell else ' ' for cell in line)} |".replace("|   |", "| |") for line in lines)


def count(value):
    return "" if value is None else f"{value:,}"


def times(rows, baseline):
    lines = []
    for row in rows:
        if "ratio" in row:
            ratio, goal = f"{row['ratio']:.{2 if row['ratio'] < 2.5 else 1}f}", "–" if row["goal"] is None else f"{row['goal']:g}"
        else:
            ratio, goal = f"{row['times_faster']} times faster", f"{row['goal']} times faster"
        lines.append([row["what"], f"{row['pilotlight']:,g} {row['unit']}", f"{row['baseline']:,g} {row['unit']}", ratio, goal])
    return table(["", "Pilotlight", baseline, "ratio", "goal"], "lrrrr", lines)


def libraries(figures):
    parts = [figures[name] for name in ("valid_token", "refresh", "callers")]
    names = [row["library"] for row in parts[1]["rows"]]
    lines = []
    for name in names:
        cells = []
        for part in parts:
            row = next((row for row in part["rows"] if row["library"] == name), None)
            cells.append("–" if row is None else span(row, part["unit"]))
        version = figures["versions"].get(name)
        lines.append([f"{name} {version}" if version else name, *cells])
    return table(["", *(part["what"] for part in parts)], "lrrr", lines)


def compared(rows):
    """Pilotlight beside libraries of Rust."""
    lines = [[row["what"], row["library"], row["does"], f"{row['pilotlight']:,g} {row['unit']}", f"{row['other']:,g} {row['unit']}", f"{row['ratio']:.2f}"]
             for row in rows]
    return table(["", "library", "what it does of that", "Pilotlight", "the library", "its time over Pilotlight's"], "lllrrr", lines)


def span(row, unit):
    low, high = row["low"], row["high"]
    if unit == "ns" and low >= 10_000:
        low, high, unit = low / 1000, high / 1000, "µs"
    words = f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"
    return f"{words} {unit}"


def performance(figures):
    """Name of the place in the document: table."""
    size = figures["size"]
    return {
        "rust": times(figures["rust"], "the work alone"),
        "swift": times(figures["swift"], "the actor"),
        "waiting": times(figures["waiting"], "the actor's list"),
        "libraries": libraries(figures["libraries"]),
        "rust-libraries": compared(figures["rust_libraries"]),
        "size-steps": table(["step, each measured upon the one before", "bytes saved", "size"], "lrr",
                            [[row["what"], count(row["saved"]), count(row["size"])] for row in size["steps"]]),
        "size-parts": table(["bytes", "what"], "rl", [[count(row["bytes"]), row["what"]] for row in size["parts"]]),
    }


KILLS = [
    ("kills", "kills"), ("… before the issuer renewed anything", "before_issuer"),
    ("… with new tokens at the issuer and none in the store", "not_stored"), ("… after the new tokens were stored", "stored"),
    ("renewals of the processes that were not killed", "other_renewals"), ("**sessions lost**", "lost"), ("**corrupt stores**", "corrupt"),
    ("**renewals that failed**", "failed"), ("**spent refresh tokens presented after the overlap**", "spent_after_overlap"),
    ("spent refresh tokens presented in the overlap, because the answer died with its process", "spent_in_overlap"),
]


def kills(figures):
    setups = figures["setups"]
    lines = []
    for words, field in KILLS:
        lines.append([words, *("" if field not in setup else "–" if setup[field] is None else count(setup[field]) for setup in setups)])
    return table(["", *(f"{setup['issuer']}, {setup['processes']}" for setup in setups)], "lrrrr", lines)


SIMULATION = [
    ("calls of the public API", ["calls"]), ("… abandoned by their caller", ["abandoned_calls"]), ("renewals by the issuer", ["renewals"]),
    ("sign-ins, sign-outs", ["sign_ins", "sign_outs"]), ("crashes of a process between two effects", ["crashes"]),
    ("suspensions, of these with a lock given up", ["suspensions", "locks_given_up"]), ("jumps of a clock", ["clock_jumps"]),
    ("answers lost, requests refused or not delivered", ["answers_lost", "requests_refused"]),
    ("reads and writes of the store that failed", ["failed_reads", "failed_writes"]),
    ("spent refresh tokens presented, each with a reason", ["spent_tokens_presented"]),
    ("sessions ended by the issuer or the user", ["sessions_ended"]),
]
LOST = [
    ("… because no overlap made up for a lost answer", "no_overlap"), ("… because a process died between the issuer's answer and the write", "process_died"),
    ("… because the store refused the write of a renewal, or of a sign-out", "write_refused"),
    ("… because iOS took the lock from a suspended process", "lock_taken"),
    ("… because a request was acted upon after its sender had given up", "late_request"),
]


def simulation(figures):
    lines = [[words, ", ".join(count(figures[field]) for field in fields)] for words, fields in SIMULATION]
    lines += [[words, count(figures["lost_to"][field])] for words, field in LOST]
    lines.append(["simulated years", count(figures["years"])])
    return table([f"in {figures['runs']:,} runs", ""], "lr", lines)


def mutations(rows):
    lines = [[row["mistake"], str(row["seeds"] or "none"), row.get("runs", ""), row["caught_by"]] for row in rows]
    return table(["The mistake", "Seeds", "Kind of run", "Caught by"], "lrll", lines)


def model_mutations(rows):
    lines = [[row["mistake"], row["promise"], row["world"], count(row["steps"])] for row in rows]
    return table(["The mistake", "Broken promise", "World", "Steps"], "lllr", lines)


def function_mutations(rows):
    """How many of the mutations that compile were noticed. A test that does not end has noticed its mutation too."""
    lines = []
    for row in rows:
        share, interval = "–", "–"
        if row["share"]:
            found, least, most = row["share"]
            share = f"{found:.1f} %"
            interval = share if row["tried"] == row["mutations"] else f"{least:.1f} to {most:.1f} %"
        layer = f"**{row['layer']}**" if row["layer"] == "together" else row["layer"]
        numbers = [row["mutations"], row["tried"], row["unviable"], row["caught"] + row["timeout"], row["missed"], row["open"]]
        lines.append([layer, *map(count, numbers), share, interval])
    head = ["layer", "mutations", "tried", "cannot be built", "caught", "missed", "open", "share caught, at least", "of all (95 %)"]
    return table(head, "lrrrrrrrr", lines)


def fuzzing(figures):
    lines = [[row["target"], count(row["inputs"]), count(row["edges"]), str(row["slowest_s"]), str(row["memory_mb"])] for row in figures["targets"]]
    return table(["target", "inputs", "edges reached", "slowest input (s)", "memory (MB)"], "lrrrr", lines)


def reliability(figures):
    """Name of the place in the document: table."""
    return {
        "kills": kills(figures["kills"]),
        "simulation": simulation(figures["simulation"]),
        "mutations": mutations(figures["mutations"]),
        "model-mutations": model_mutations(figures["model_mutations"]),
        "function-mutations": function_mutations(figures["function_mutations"]),
        "fuzzing": fuzzing(figures["fuzzing"]),
    }
