#!/usr/bin/env python3
"""Runs a gestus manifest on a Ray cluster: ray_batch.py jobs.jsonl --shards 16 [--gestus PATH] [-- OPTIONS of gestus batch]

Every node needs the program and the manifest's folder at the same place (NFS, a bucket mounted as a folder). A shard is one Ray
task. If its node dies, Ray runs it again elsewhere, and the shard's journal leaves only what was not finished. Prints the sum of
the shards' summaries as one JSON object; exit status as of `gestus batch`.
"""

import argparse
import ctypes
import json
import signal
import subprocess
import sys
import time

import ray


def die_with_parent():
    """A Ray worker that dies takes its gestus with it, so that the journal is free for the next try (Linux)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


@ray.remote(num_cpus=1, max_retries=20)
def run_shard(program, manifest, part, shards, options):
    command = [program, "batch", manifest, "--shard", f"{part}/{shards}", "-j", "1", "--json", "--quiet", *options]
    for _ in range(60):
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=die_with_parent)
        # The last holder of this shard may still be on its way out.
        if "another run is at work" not in done.stderr:
            break
        time.sleep(1)
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description="Runs a gestus manifest on a Ray cluster")
    parser.add_argument("manifest", help="manifest or folder, as for gestus batch")
    parser.add_argument("--shards", type=int, default=8, help="parts that the jobs are divided into")
    parser.add_argument("--gestus", default="gestus", help="the program on every node")
    parser.add_argument("--address", default="auto", help="the cluster to join")
    parser.add_argument("options", nargs="*", help="options of gestus batch, after --")
    arguments = parser.parse_args()
    ray.init(address=arguments.address, log_to_driver=False)
    shards = range(1, arguments.shards + 1)
    tasks = [run_shard.remote(arguments.gestus, arguments.manifest, n, arguments.shards, arguments.options) for n in shards]
    total = {"done": 0, "up_to_date": 0, "failed": 0, "not_run": 0}
    for status, summary, messages in ray.get(tasks):
        sys.stderr.write(messages)
        if not summary:
            sys.exit(status or 1)
        report = json.loads(summary)
        for name in total:
            total[name] += report[name]
    print(json.dumps(total))
    if total["failed"] or total["not_run"]:
        sys.exit(3 if total["done"] + total["up_to_date"] else 1)


if __name__ == "__main__":
    main()
