#!/usr/bin/env bash
# Users, configuration and units; those of SERVICES start with the machine. DESTDIR: install below this directory instead of /.
set -euo pipefail

from=${FROM:-/tmp/postern-image}
root=${DESTDIR:-}
read -r -a services <<<"${SERVICES:?}"

case " $SERVICES " in
  *' berty-daemon '*)
    if [ ! -x "$root/usr/local/bin/berty" ]; then
      echo 'berty-daemon: there is no berty; name one with -var berty_binary=FILE' >&2
      exit 2
    fi
    ;;
esac

install -D -m 0644 "$from/systemd/postern.sysusers.conf" "$root/usr/lib/sysusers.d/postern.conf"
systemd-sysusers --root="$root/" "$root/usr/lib/sysusers.d/postern.conf"

install -d -m 0755 "$root/etc/postern" "$root/etc/systemd/system"
for unit in "$from"/systemd/*.service; do install -m 0644 "$unit" "$root/etc/systemd/system/"; done
if [ -n "${FAULTS:-}" ]; then
  for unit in postern-agent postern-daemon; do
    install -D -m 0644 -t "$root/etc/systemd/system/$unit.service.d" "$from/systemd/drop-ins/$unit.service.d/faults.conf"
  done
  install -D -m 0644 -t "$root/etc/systemd/system/berty-daemon.service.d" \
    "$from/systemd/drop-ins/postern-daemon.service.d/faults.conf"
fi

# Numbers, since the users are those of the image, not of the machine that makes it.
group_of() { awk -F: -v name="$1" '$1 == name { print $3 }' "$root/etc/group"; }
for file in "$from"/config/*.yaml; do
  group=postern
  case ${file##*/} in agent.yaml | daemon.yaml) group=postern-node ;; esac
  install -m 0640 -o 0 -g "$(group_of "$group")" "$file" "$root/etc/postern/"
done

systemctl --root="$root/" enable "${services[@]/%/.service}"
