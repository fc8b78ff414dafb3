"""A Ray cluster of two nodes on this machine, of which one is killed in the middle: two_nodes.py DRIVER GESTUS MANIFEST OUTPUTS ENOUGH

Kills the second node once ENOUGH files are in the folder OUTPUTS, waits for the driver and ends as it does.
"""

import os
import subprocess
import sys
import time

from ray.cluster_utils import Cluster

driver, program, manifest, outputs, enough = sys.argv[1:]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
run = subprocess.Popen([sys.executable, driver, manifest, "--shards", "4", "--gestus", program, "--address", cluster.address])
end = time.time() + 120
while run.poll() is None and time.time() < end:
    if os.path.isdir(outputs) and len([name for name in os.listdir(outputs) if not name.startswith(".")]) >= int(enough):
        break
    time.sleep(0.02)
if run.poll() is not None:
    sys.exit("the driver ended before a node could be killed")
cluster.remove_node(second, allow_graceful=False)
status = run.wait(timeout=300)
cluster.shutdown()
sys.exit(status)
