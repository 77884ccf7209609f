#!/usr/bin/env bash
# Checks videoai on the GPU of this machine in 8 minutes at most, and writes gpu_check.md and gpu_check.json.
#   scripts/gpu_check.sh [--out DIR] [--wheels DIR] [--only NAME,...]     --help lists the options
#   scripts/gpu_check.sh --device cpu --small                             the same script, rehearsed without a GPU
# PYTHON=... names the interpreter. Exit status: 0 = all sections ran, 1 = some failed; the page is written in any case.
exec "${PYTHON:-python3}" "$(dirname "${BASH_SOURCE[0]}")/gpu_check" "$@"
