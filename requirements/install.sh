#!/usr/bin/env bash
# Makes .venv hold exactly the locked packages of one list: requirements/install.sh run|dev
# Called by the Makefile. uv does it several times faster than pip; pip is there if uv is not.
set -euo pipefail
cd "$(dirname "$0")/.."
list="requirements/$1.txt"
log=.venv/install.log
uv_version=0.13.9
patience=(--retries 2 --timeout 30 --disable-pip-version-check --quiet)

say_and_stop() {
    echo "$1" >&2
    exit 1
}

# The system's own Python makes an environment that every user can use; one from root's home does not.
python=/usr/bin/python3
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
"$python" -c "$new_enough" 2>/dev/null || python=$(command -v python3) || python=none
"$python" -c "$new_enough" 2>/dev/null || say_and_stop "Kalency needs Python 3.11 or newer; it was not found."

if ! [ -x .venv/bin/pip ]; then
    "$python" -m venv --clear .venv || say_and_stop \
        "Python cannot make a virtual environment; on Debian and Ubuntu, install python3-venv."
fi

install() {
    if .venv/bin/uv --version || .venv/bin/pip install "${patience[@]}" "uv==$uv_version"; then
        .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes "$list" && return
    fi
    .venv/bin/pip install "${patience[@]}" --require-hashes --requirement "$list"
}

echo "Installing the packages of $list"
install >"$log" 2>&1 || say_and_stop \
    "The packages of $list could not be installed; is the package registry reachable? ($log says more)"
