variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "Region of AWS in which the image is made."
}

variable "instance_type" {
  type        = string
  default     = "t3.small"
  description = "Machine on which it is made."
}

variable "image_name" {
  type        = string
  default     = "postern-node"
  description = "Name of the image; the time is added."
}

variable "node_tarball" {
  type        = string
  description = "Distribution of Node.js 20.19 or newer for linux, node-v22.x-linux-x64.tar.xz, on this machine."
}

variable "node_sha256" {
  type        = string
  description = "Its SHA-256, from the SHASUMS256.txt that Node.js has signed."
}

variable "postern_tarball" {
  type        = string
  default     = "../../postern-0.1.0.tgz"
  description = "What `npm pack` has made of Postern."
}

variable "services" {
  type        = list(string)
  default     = ["postern-agent", "postern-daemon"]
  description = "Units that start with the machine: postern-hub, postern-accounts, postern-agent, postern-daemon, berty-daemon, postern-token-server."
}

variable "berty_binary" {
  type        = string
  default     = ""
  description = "Berty's daemon, where `berty-daemon` is among the services; see docs/berty.md for how to build it."
}

variable "faults" {
  type        = bool
  default     = false
  description = "Installs the drop-ins with which the agent may disturb its machine."
}

variable "config" {
  type        = string
  default     = "../systemd/config"
  description = "Folder with hub.yaml, agent.yaml and so on, for /etc/postern."
}
