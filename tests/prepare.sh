#!/usr/bin/env bash
# Installs what some tests need and Python packages cannot bring: Chromium, a Chinese font, poppler. Says so when it cannot.
set -u
missing=()
command -v chromium >/dev/null 2>&1 || missing+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk)
command -v pdftoppm >/dev/null 2>&1 || missing+=(poppler-utils)
[ ${#missing[@]} -eq 0 ] && exit 0
run=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run=(sudo -n); else
    echo "skipping browser tests: install ${missing[*]} (apt-get install ${missing[*]})"
    exit 0
  fi
fi
command -v apt-get >/dev/null 2>&1 || { echo "skipping browser tests: install ${missing[*]}"; exit 0; }
"${run[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq "${missing[@]}" fontconfig >/dev/null \
  || echo "skipping browser tests: apt-get could not install ${missing[*]}"
exit 0
