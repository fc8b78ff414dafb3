#!/bin/bash
# A manifest on a Slurm cluster, one shard an array task: sbatch --array=1-16 slurm.sh jobs.jsonl [OPTIONS of gestus batch]
# A task that is requeued after its node failed does only what is missing.
#SBATCH --job-name=gestus
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --requeue
set -eu
manifest=$1
shift
exec gestus batch "$manifest" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" -j "$SLURM_CPUS_PER_TASK" --quiet "$@"
