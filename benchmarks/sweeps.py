"""What a sweep takes beside its kernels, and whether memory stays flat: `python benchmarks/sweeps.py`.

Ratios within one run, since machines are shared: time on the clock against the time that the same
runs spent in their kernels, and the processor time of the thread that hands out and keeps against
that of the threads that run.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it also runs as a script

from benchmarks.speed import Row, at_most, load, written
from experiments.design import load_experiment
from experiments.engine.runner import cores, perform
from experiments.planning.plan import Plan
from experiments.storage.results import open_results
from experiments.storage.store import Store
from experiments.sweep import sweep

WORKERS = 2


def plan_of(runs, people, days):
    """Return a plan of so many runs of the bakery: five policies in a fifth as many worlds."""
    settings = {"seeds": runs // 5, "market.people": people, "days": days}
    return Plan(load_experiment("bakery", settings))


def resident():
    """Return the megabytes of memory that this process has now, and has had at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return int(found["VmRSS"]) / 1e3, int(found["VmHWM"]) / 1e3


# -- what a sweep takes ------------------------------------------------------------------------


def swept(runs, people, days):
    """Do a sweep into a folder, in this process; return the times that it took."""
    plan = plan_of(runs, people, days)
    with tempfile.TemporaryDirectory() as folder:
        sweep(plan_of(10, people, days), Path(folder) / "before", workers=WORKERS)
        before = resident()
        clock, own, all_threads = time.perf_counter(), time.thread_time(), time.process_time()
        made = sweep(plan, Path(folder) / "sweep", workers=WORKERS)
        clock, own = time.perf_counter() - clock, time.thread_time() - own
        all_threads = time.process_time() - all_threads
        after = resident()
        assert made.done == runs, made
        kernels = float(made.results.runs["seconds"].sum())
    return {
        "clock": clock,
        "kernels": kernels,
        "own": own,
        "workers": all_threads - own,
        "memory": after[1] - before[0],
    }


def fresh(runs, people, days):
    """Do a sweep in a process of its own; return what `swept` does."""
    words = [sys.executable, __file__, "--one", f"{runs},{people},{days}"]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


def kernels(repeats, scale):
    """A thousand years of 5,000 people, kept in a folder."""
    runs = max(20, int(1000 * scale))
    found = [fresh(runs, 5_000, 365) for _ in range(repeats)]
    what = f"{runs:,} runs of 5,000 people and 365 days, {WORKERS} threads"
    yield Row(f"{what}: on the clock", [one["clock"] for one in found], "s")
    yield Row(f"{what}: in kernels", [one["kernels"] for one in found], "s")
    yield at_most(
        1.3, f"{what}: clock x threads / kernels",
        [one["clock"] * WORKERS / one["kernels"] for one in found], "",
    )  # fmt: skip
    yield at_most(
        0.05, f"{what}: handing out and keeping / runs, CPU",
        [one["own"] / one["workers"] for one in found], "",
    )  # fmt: skip


def memory(repeats, scale):
    """Ten thousand small runs: what they add to what the process had before."""
    runs = max(100, int(10_000 * scale))
    added = [fresh(runs, 300, 60)["memory"] for _ in range(repeats)]
    yield at_most(150, f"{runs:,} small runs: memory above the start", added, "MB")


def opening(repeats, scale):
    """A hundred thousand runs, in the files that a sweep would have written, opened."""
    runs = max(1000, int(100_000 * scale))
    with tempfile.TemporaryDirectory() as folder:
        files = synthetic(Path(folder) / "sweep", runs)
        clock, processors = [], []
        for _ in range(max(3, repeats)):
            began, spent = time.perf_counter(), time.process_time()
            assert len(open_results(Path(folder) / "sweep").runs) == runs
            clock.append(time.perf_counter() - began)
            processors.append(time.process_time() - spent)
    what = f"{runs:,} runs in {files:,} files: opened"
    yield at_most(2, what, clock, "s")
    yield Row(f"{what}, all threads", processors, "s of CPU")


def synthetic(folder, runs, in_a_file=200):
    """Write results of so many runs, all with the figures of the first; return how many files."""
    plan = plan_of(runs, 60, 14)
    (_, run), *_ = perform(islice(plan.jobs(), 1))
    jobs, files = plan.jobs(), 0
    with Store.open(folder, plan.experiment, planned=runs) as store:
        while batch := list(islice(jobs, in_a_file)):
            store.add([(job, replace(run, policy=job.policy, seed=job.seed)) for job in batch])
            files += 1
    return files


PARTS = {"kernels": kernels, "memory": memory, "opening": opening}


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
@click.option("--repeats", default=1, show_default=True, help="Repeats; medians are judged.")
@click.option("--scale", default=1.0, show_default=True, help="A smaller part of the runs.")
@click.option("--one", help="Do one sweep, of RUNS,PEOPLE,DAYS, and print what it took as JSON.")
def main(parts, repeats, scale, one):
    """Measure sweeps, and print what was promised beside what was found."""
    if one is not None:
        print(json.dumps(swept(*map(int, one.split(",")))))
        return
    console = Console()
    console.width = max(console.width, 120)
    console.print(f"{cores()} cores; load averages at the start {load()}")
    table = Table("what", "median", "least to most", "unit", "goal", "met")
    for part in parts:
        with console.status(f"measuring: {part}"):
            for row in PARTS[part](repeats, scale):
                table.add_row(*written(row))
        table.add_section()
    console.print(table)
    console.print(f"load averages at the end {load()}")


if __name__ == "__main__":
    main()
