#!/bin/sh
# Makes assets/examples/wine/ again from its hand-written files (src/, requirements.txt,
# README.md, docs/data.md, Kitfile, .kitignore):
#
#   data/                 scikit-learn's wine-recognition data, split
#   mlruns/, logs/        the runs of src/sweep.py, really trained
#   model/                the best run's model
#   docs/experiments.md   the table of runs
#
#   usage: assets/examples/regenerate.sh
#   needs: sh, Python 3.10 to 3.13 as python3 (or PYTHON=…), access to PyPI; about three minutes
#
# Package versions and seeds are pinned, so data, model, metrics and table come out the same;
# the times in mlruns/ differ, and on another processor perhaps last digits. Work is done
# in a temporary folder outside any git checkout (MLflow would note the commit) under a neutral
# user name. The example is replaced only after check_wine.py has passed.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made="data mlruns logs model docs/experiments.md"

echo "Installing Python packages..."
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/wine/requirements.txt"

cp -R "$here/wine" "$work/wine"
cd "$work/wine"
for path in $made; do rm -rf "$path"; done

export LOGNAME=user OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
python="$work/venv/bin/python"
"$python" src/prepare_data.py
# mlp16-lr20 ends with an overflow on purpose; its traceback below is no fault.
"$python" src/sweep.py
"$python" src/export.py
"$python" "$here/settle_store.py" mlruns
"$python" "$here/check_wine.py" .
rmdir mlruns/.trash  # empty; MLflow makes it when it needs one

for path in $made; do
    rm -rf "${here:?}/wine/$path"
    cp -R "$path" "$here/wine/$path"
done
echo "Done: $here/wine"
