# Sourced by the other scripts: goes to the repository root and makes or reuses its virtual environment.
# No shebang: this file is not run by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=.venv/bin/python

say() { printf '== %s\n' "$*"; }

# ensure_venv EXTRAS: installs the project with these extras ("" for the core alone) unless that was done already.
# A stamp holds a checksum of everything the installation depends on, so a second run installs nothing.
ensure_venv() {
    local extras=$1 stamp=.venv/.installed-${1:-core} sum
    if [ ! -x "$PYTHON" ]; then
        local base=${PYTHON_BASE:-python3}
        "$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
            echo "Python 3.11 or newer is needed; set PYTHON_BASE to one" >&2
            exit 1
        }
        say "making .venv with $("$base" --version)"
        "$base" -m venv .venv
    fi
    sum=$(cat pyproject.toml constraints.txt | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
        say "reusing .venv (${extras:-core} is installed)"
        return
    fi
    say "installing sciie-eval${extras:+[$extras]} into .venv"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".${extras:+[$extras]}"
    printf '%s\n' "$sum" >"$stamp"
}

# ensure_trainers: puts the trainers that contract tests read and run into .venv/trainers, beside the environment and not
# in it. Without a registry the tests that need them are skipped, and say so.
ensure_trainers() {
    local list=tests/contracts/trainers.txt stamp=.venv/trainers/.installed sum
    sum=$(cksum <"$list")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
        say "reusing .venv/trainers"
        return
    fi
    say "installing $list into .venv/trainers"
    rm -rf .venv/trainers
    if "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/trainers -r "$list"; then
        printf '%s\n' "$sum" >"$stamp"
    else
        rm -rf .venv/trainers
        say "no trainers: the tests that need them are skipped and counted below"
    fi
}
