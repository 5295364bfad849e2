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
