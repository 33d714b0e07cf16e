#!/usr/bin/env bash
# Node.js from its distribution, after its sum was compared. DESTDIR: install below this directory instead of /.
set -euo pipefail

from=${FROM:-/tmp/postern-image}
root=${DESTDIR:-}

echo "${NODE_SHA256:?} $from/node.tar" | sha256sum --check --quiet
install -d "$root/opt/node" "$root/usr/local/bin"
tar -xf "$from/node.tar" -C "$root/opt/node" --strip-components=1 --no-same-owner
for program in node npm; do
  ln -sfn "../../../opt/node/bin/$program" "$root/usr/local/bin/$program"
done
"$root/usr/local/bin/node" --version
