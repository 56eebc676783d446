"""One run in a process of its own: what it takes of CPU and memory, printed as JSON.

`speed.py` starts it, so that neither what ran before nor what lies about in memory is measured.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it also runs as a script

from sim import load_scenario
from sim.run import Run, network_of


def peak_memory():
    """Return the most memory in bytes that this process ever held.

    Linux's own mark of the process, where there is one: `getrusage` also counts what the parent
    held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def timed(action):
    """Return what an action returns, and the CPU seconds of this thread that it took."""
    start = time.thread_time()
    result = action()
    return result, time.thread_time() - start


def measured(scenario):
    """Return CPU seconds of the three parts of a run, and the memory that it added, in bytes."""
    before = peak_memory()
    network, tying = timed(lambda: network_of(scenario))
    run, founding = timed(lambda: Run(scenario, network).begin())
    _, living = timed(lambda: run.advance(scenario.days))
    return {
        "people": network.people,
        "days": scenario.days,
        "network": tying,
        "founding": founding,
        "run": living,
        "memory": peak_memory() - before,
    }


@click.command()
@click.option("--scenario", "name", default="bakery", show_default=True, help="What to run.")
@click.option("--people", default=1_000_000, show_default=True, help="People in the market.")
@click.option("--days", default=365, show_default=True, help="Days to live through.")
@click.option("--kind", default="small_world", show_default=True, help="Kind of network.")
def main(name, people, days, kind):
    """Run a scenario once in this process, after a warm-up with 1,000 people."""

    def scenario(size):
        change = {"market.people": size, "network.kind": kind}
        return load_scenario(name, change, days=days)

    measured(scenario(1000))
    click.echo(json.dumps(measured(scenario(people))))


if __name__ == "__main__":
    main()
