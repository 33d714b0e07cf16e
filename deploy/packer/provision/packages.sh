#!/usr/bin/env bash
# Packages of the system that some services need. Needs the network.
set -euo pipefail

# procps: the units reload by /bin/kill.
packages=(ca-certificates procps xz-utils)
# A hub runs a NATS server of its own; an agent that injects faults by nft needs that.
case " ${SERVICES:?} " in *' postern-hub '*) packages+=(nats-server) ;; esac
if [ -n "${FAULTS:-}" ]; then packages+=(nftables); fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
# The hub starts its own.
if [ -f /usr/lib/systemd/system/nats-server.service ] || [ -f /lib/systemd/system/nats-server.service ]; then
  systemctl disable --now nats-server.service
fi
