#!/usr/bin/env bash
# Postern from what `npm pack` has made, with the packages that it depends on, which npm fetches.
# DESTDIR: install below this directory instead of /.
set -euo pipefail

from=${FROM:-/tmp/postern-image}
root=${DESTDIR:-}
PATH=$root/usr/local/bin:$PATH

install -d "$root/opt/postern" "$root/usr/local/bin"
tar -xzf "$from/postern.tgz" -C "$root/opt/postern" --strip-components=1 --no-same-owner
cd "$root/opt/postern"
npm install --omit=dev --ignore-scripts --no-audit --no-fund
chmod -R go-w .
ln -sfn ../../../opt/postern/bin/postern "$root/usr/local/bin/postern"
"$root/usr/local/bin/postern" version

# The daemon of Berty, where there is one.
if [ -s "$from/berty" ]; then install -m 0755 "$from/berty" "$root/usr/local/bin/berty"; fi
