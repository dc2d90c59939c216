# Installs what is missing, for ./demo and ./check. Sourced, not run. After it, $PYTHON is the environment's interpreter.
# What cannot be had is said in one line; the rest goes on. A second run finds everything in place and takes no time.

export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}:/usr/sbin:/sbin"
export LC_ALL=C.UTF-8
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV="$ROOT/.venv"
# Nothing is written outside the checkout and the temporary directory.
export PIP_CACHE_DIR="${PIP_CACHE_DIR:-$ROOT/.cache/pip}"

# The window's libraries, the card stack, and what builds pyscard, which compiles from source.
BASE_PACKAGES="python3-venv python3-dev gcc libc6-dev swig libpcsclite-dev pcscd vsmartcard-vpcd util-linux
  libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
  libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1
  fonts-dejavu-core fonts-noto-core"
# The independent witnesses of the tests.
CHECK_PACKAGES="gnome-keyring dbus opensc opensc-pkcs11 softhsm2 cardpeek xvfb xauth
  libengine-pkcs11-openssl openssl xmlsec1 libxml2-utils poppler-utils dcmtk libexpat1-dev procps postgresql
  chromium chromium-driver"

install_debian() {
  command -v dpkg-query >/dev/null || { echo "Ce système n'utilise pas les paquets Debian : installez à la main $*"; return; }
  local missing="" package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  local as=""
  [ "$(id -u)" = 0 ] || as="sudo -n"
  if ! $as true 2>/dev/null; then
    echo "Paquets Debian absents, que cet utilisateur ne peut pas installer :$missing"
    return
  fi
  echo "Installation des paquets Debian :$missing"
  export DEBIAN_FRONTEND=noninteractive
  local log="${TMPDIR:-/tmp}/cps-bridge-apt.$$" refused=""
  $as apt-get update >"$log" 2>&1
  # A package that this release does not have would make apt refuse all of them: then each one is tried alone.
  if ! $as apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
    for package in $missing; do
      $as apt-get install -y --no-install-recommends "$package" >>"$log" 2>&1 || refused="$refused $package"
    done
  fi
  [ -z "$refused" ] || echo "Paquets Debian que l'on n'a pas pu obtenir :$refused"
  rm -f "$log"
}

find_python() {
  local each
  for each in python3 python3.13 python3.12 python3.11; do
    if "$each" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$each"
      return
    fi
  done
}

install_python() {
  local base stamp
  stamp=$(cat "$ROOT/requirements.lock" "$ROOT/pyproject.toml" | cksum)
  [ "$(cat "$VENV/.complete" 2>/dev/null)" = "$stamp" ] && return
  base=$(find_python)
  [ -n "$base" ] || { echo "Python 3.11 ou plus récent, avec venv, est nécessaire."; exit 69; }
  echo "Préparation de l'environnement Python"
  [ -x "$VENV/bin/python" ] || "$base" -m venv "$VENV" || exit 69
  grep -v '^pyscard' "$ROOT/requirements.lock" >"$VENV/locked.txt"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check -r "$VENV/locked.txt" || exit 69
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e "$ROOT" || exit 69
  if grep '^pyscard' "$ROOT/requirements.lock" >"$VENV/pyscard.txt"; then
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check -r "$VENV/pyscard.txt" >"$VENV/pyscard.log" 2>&1
  fi
  echo "$stamp" >"$VENV/.complete"
}

# Two copies started together must not install at the same time.
prepare() {
  exec 9>"$ROOT/.setup.lock"
  flock 9 2>/dev/null || true
  install_debian "$@"
  install_python
  exec 9>&-
  PYTHON="$VENV/bin/python"
  ls "$VENV"/lib/python3*/site-packages/smartcard >/dev/null 2>&1 ||
    echo "pyscard manque dans l'environnement (gcc, swig et libpcsclite-dev le compilent) : lecteurs simulés dans le programme."
}
