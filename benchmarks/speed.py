"""How fast, how small: all that the project promises of speed and memory, measured now.

Run it with `make benchmark`, or some parts with `python benchmarks/speed.py --only peer,help`.
Times are CPU seconds wherever that is possible, because machines are shared; read ratios first.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it also runs as a script

from benchmarks.fresh_run import timed
from benchmarks.plain_mesa import run_plain, small_world
from experiments.design import load_experiment
from experiments.engine.runner import cores, run_experiment
from experiments.laboratory.paradox import examine
from sim import load_scenario, simulate
from sim.network import Network
from sim.run import Run, network_of

AMENDS = (sys.executable, "-m", "experiments.cli")
KINDS = ("small_world", "scale_free", "random", "communities")


class Row(NamedTuple):
    """A line of the table: what was measured, the values of its repeats, and what is asked of it."""

    what: str
    values: list[float]
    unit: str
    goal: str = ""
    met: bool | None = None


def at_most(limit, what, values, unit):
    """Return a row whose median must not lie above a limit."""
    return Row(what, values, unit, f"at most {limit:g}", median(values) <= limit)


def at_least(limit, what, values, unit):
    """Return a row whose median must not lie below a limit."""
    return Row(what, values, unit, f"at least {limit:g}", median(values) >= limit)


# -- peer: against a plain Mesa program of the same model -------------------------------------


def peer(repeats):
    """Run both programs in turn, on the same graph, with one thread, set-up apart."""
    for name in ("neutral", "bakery"):
        for people in (1_000, 10_000):
            yield from side_by_side(name, people, repeats)


def side_by_side(name, people, repeats):
    """Return what a person and day costs in either program, and how many times as much.

    Ours is over in some milliseconds, which one interruption can double: of five runs the median.
    """
    ours, plain = [], []
    for seed in range(1, repeats + 1):
        scenario = load_scenario(name, {"market.people": people}, seed=seed)
        graph = small_world(scenario, seed)
        person_days = people * scenario.days
        network = Network.from_networkx(graph)
        runs = [Run(scenario, network).begin() for _ in range(5)]
        taken = [timed(lambda r=run, s=scenario: r.advance(s.days))[1] for run in runs]
        ours.append(median(taken) / person_days * 1e9)
        plain.append(run_plain(scenario, graph, seed)["seconds"] / person_days * 1e9)
    where = f"{name}, {people:,} people"
    yield Row(f"{where}: plain Mesa", plain, "ns per person and day")
    yield Row(f"{where}: amends", ours, "ns per person and day")
    ratios = [slow / fast for slow, fast in zip(plain, ours, strict=True)]
    yield at_least(150, f"{where}: gain", ratios, "times")


# -- million, memory, network: in processes of their own --------------------------------------


def fresh(repeats, **options):
    """Return what `fresh_run.py` measured, for each of some repeats."""
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    command = (sys.executable, str(ROOT / "benchmarks" / "fresh_run.py"), *words)
    return [
        json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for _ in range(repeats)
    ]


def million(repeats):
    """A year in one process, from ten thousand to a million people."""
    for name in ("neutral", "bakery"):
        for people, limit in ((10_000, 15), (100_000, 25), (1_000_000, 25)):
            runs = fresh(repeats, scenario=name, people=people)
            each = [run["run"] / run["people"] / run["days"] * 1e9 for run in runs]
            where = f"{name}, {people:,} people"
            yield at_most(limit, where, each, "ns per person and day")
    founding = [run["founding"] / run["run"] for run in runs]
    yield Row(f"{where}: founding, as a share of the run", founding, "")


def memory(repeats):
    """What a person takes, network and all."""
    for name in ("neutral", "bakery"):
        runs = fresh(repeats, scenario=name)
        grown = [run["memory"] / run["people"] for run in runs]
        yield at_most(250, f"{name}, 1,000,000 people: memory", grown, "bytes a person")


def network(repeats):
    """Making the network of a million people, compared with the year they live through."""
    for kind in KINDS:
        runs = fresh(repeats, kind=kind)
        shares = [run["network"] / run["run"] for run in runs]
        yield at_most(0.2, f"{kind}, 1,000,000 people: making it, per run time", shares, "")


# -- compare: what an experiment costs beyond its runs ----------------------------------------


def compare(repeats):
    """Five policies in the worlds of some seeds: overhead, all cores, shared networks."""
    change = {"market.people": 5000, "days": 365}
    experiment = replace(load_experiment("bakery", change), seeds=tuple(range(1, 9)))
    extra, gain, to_be_had = [], [], []
    for _ in range(repeats):
        alone, kernels = experimented(experiment, 1)
        extra.append(alone / kernels - 1)
        gain.append(alone / experimented(experiment, cores())[0])
        to_be_had.append(hashed(1) / hashed(cores()) * cores())
    runs = len(experiment.policies) * len(experiment.seeds)
    where = f"{runs} runs of 5,000 people"
    yield at_most(0.2, f"{where}: beyond the kernels, 1 thread", extra, "")
    yield Row(f"{where}: {cores()} threads against 1", gain, "times")
    yield Row(f"hashing, which shares nothing: {cores()} threads against 1", to_be_had, "times")
    shares = [ours / most for ours, most in zip(gain, to_be_had, strict=True)]
    yield at_least(0.8, f"{where}: share of the cores to be had", shares, "")
    made, seeds = networks_made(experiment), len(experiment.seeds)
    yield Row(f"{where}: networks made for {seeds} seeds", [made], "", f"{seeds}", made == seeds)


def hashed(threads):
    """Return the seconds in which each of some threads hashes the same amount."""
    page = bytes(100_000_000)
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: [sha256(page).digest() for _ in range(20)], range(threads)))
    return time.perf_counter() - start


def experimented(experiment, workers):
    """Return the seconds that an experiment took, and those that its kernels did."""
    start = time.perf_counter()
    runs = run_experiment(experiment, workers=workers)
    return time.perf_counter() - start, sum(run.seconds for run in runs)


def networks_made(experiment):
    """Return how many networks an experiment makes."""
    made = []

    def counted(scenario):
        made.append(scenario.seed)
        return network_of(scenario)

    run_experiment(experiment, network_of=counted)
    return len(made)


# -- paradox: failures examined, each in three lives ------------------------------------------


def paradox(repeats):
    """Examine failures of the shipped experiment, and say how long 20,000 of them take.

    A failure counts once for each answer under which it is examined. Processor time is that of all
    threads; two cores take half of it where nothing else runs.
    """
    experiment = load_experiment("recovery-paradox", {"seeds": 2})
    examine(load_experiment("recovery-paradox", {"seeds": 1, "market.people": 300}))  # compiles
    clock, processors, examined = [], [], []
    for _ in range(repeats):
        began, spent = time.perf_counter(), time.process_time()
        examined.append(examine(experiment, workers=2).examined)
        clock.append((time.perf_counter() - began) / examined[-1] * 20_000)
        processors.append((time.process_time() - spent) / examined[-1] * 20_000)
    yield Row("recovery-paradox, 2 worlds: failures examined", examined, "")
    yield Row("20,000 of them, 2 threads: on the clock", clock, "s")
    halves = [seconds / 2 for seconds in processors]
    yield at_most(120, "20,000 of them: half of the processor time", halves, "s")


# -- help: what one waits for at the command line ---------------------------------------------


def spent(*command, **environment):
    """Return the CPU seconds that a command takes."""
    before = os.times()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **environment}
    )
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )


def command_line(repeats):
    """Help at once; and the second run pays no compilation."""
    helps = [spent(*AMENDS, "--help") for _ in range(max(3, repeats))]
    yield at_most(0.5, "amends --help", helps, "s of CPU")
    small = (*AMENDS, "run", "bakery", "--set", "market.people=300", "--days", "60")
    with tempfile.TemporaryDirectory() as folder:
        first = spent(*small, NUMBA_CACHE_DIR=folder)
        kept = sorted(Path(folder).rglob("*"))
        second = [spent(*small, NUMBA_CACHE_DIR=folder) for _ in range(max(3, repeats))]
        compiled = len(sorted(Path(folder).rglob("*"))) - len(kept)
    yield Row("amends run, the first time", [first], "s of CPU")
    yield Row("amends run, again", second, "s of CPU")
    yield at_most(0, "amends run, again: kernels compiled anew", [compiled], "")


# -- the table ---------------------------------------------------------------------------------

PARTS = {
    "peer": peer, "million": million, "memory": memory, "network": network, "compare": compare,
    "paradox": paradox, "help": command_line,
}  # fmt: skip


def written(row):
    """Return the cells of a row: what, median, least and most, unit, goal, met."""
    digits = "{:,.0f}" if median(row.values) >= 100 else "{:.3g}"
    low, middle, high = (digits.format(f(row.values)) for f in (min, median, max))
    spread = f"{low} to {high}" if len(row.values) > 1 else ""
    met = {None: "", True: "yes", False: "[bold red]no"}[row.met]
    return (row.what, middle, spread, row.unit, row.goal, met)


def load():
    """Return the load averages of the machine, in words."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def chosen(_, __, text):
    """Return the parts named in a list with commas."""
    parts = [part.strip() for part in text.split(",")]
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]}; there are {', '.join(PARTS)}")
    return parts


@click.command()
@click.option(
    "--only", "parts", default=",".join(PARTS), callback=chosen, show_default=True,
    help="Parts to measure, with commas between them.",
)  # fmt: skip
@click.option("--repeats", default=3, show_default=True, help="Repeats; medians are judged.")
def main(parts, repeats):
    """Measure speed and memory, and print what was promised beside what was found."""
    console = Console()
    console.width = max(console.width, 120)
    console.print(f"{cores()} cores; load averages at the start {load()}")
    simulate(load_scenario("bakery", {"market.people": 1000}))  # compiles, if nobody has yet
    table = Table("what", "median", "least to most", "unit", "goal", "met")
    for part in parts:
        with console.status(f"measuring: {part}"):
            for row in PARTS[part](repeats):
                table.add_row(*written(row))
        table.add_section()
    console.print(table)
    console.print(f"load averages at the end {load()}")


if __name__ == "__main__":
    main()
