#!/usr/bin/env bash
# Installs what some tests need and Python packages cannot bring: Chromium, a Chinese font, poppler, PostgreSQL's server,
# node, and the packages of tests/counterparts. Says so when it cannot. Without PostgreSQL its tests fail, unless
# LINLI_TEST_NO_POSTGRES=1 leaves them out.
set -u
counterparts() {
  cd "$(dirname "${BASH_SOURCE[0]}")/counterparts" || return
  command -v npm >/dev/null 2>&1 || { echo "some tests cannot run: install node 20 or newer with npm"; return; }
  [ node_modules/.package-lock.json -nt package-lock.json ] \
    || npm ci --ignore-scripts --no-audit --no-fund --silent || echo "some tests cannot run: npm ci failed in tests/counterparts"
}
trap counterparts EXIT
missing=()
command -v chromium >/dev/null 2>&1 || missing+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk)
command -v pdftoppm >/dev/null 2>&1 || missing+=(poppler-utils)
[ "${LINLI_TEST_NO_POSTGRES:-}" = 1 ] || command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
  || missing+=(postgresql)
command -v npm >/dev/null 2>&1 || missing+=(nodejs npm)
[ ${#missing[@]} -eq 0 ] && exit 0
run=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run=(sudo -n); else
    echo "some tests cannot run: install ${missing[*]} (apt-get install ${missing[*]})"
    exit 0
  fi
fi
command -v apt-get >/dev/null 2>&1 || { echo "some tests cannot run: install ${missing[*]}"; exit 0; }
# the tests start a server of their own: none is to run for the machine
case " ${missing[*]} " in *" postgresql "*)
  "${run[@]}" mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" | "${run[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null ;;
esac
"${run[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq "${missing[@]}" fontconfig >/dev/null \
  || echo "some tests cannot run: apt-get could not install ${missing[*]}"
exit 0
