# An image of AWS with Postern, its units, and a daemon. No secret is in it: a join token comes with the first boot, see README.md.
locals {
  stamp = regex_replace(timestamp(), "[^0-9]", "")
  # An empty file stands for the daemon that is not wanted.
  berty = var.berty_binary == "" ? "/dev/null" : var.berty_binary
}

source "amazon-ebs" "postern" {
  ami_name        = "${var.image_name}-${local.stamp}"
  ami_description = "Postern: ${join(", ", var.services)}"
  region          = var.region
  instance_type   = var.instance_type
  ssh_username    = "admin"

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
    owners      = ["136693071363"]
    most_recent = true
  }

  tags = {
    Name     = var.image_name
    services = join(" ", var.services)
  }
}

build {
  sources = ["source.amazon-ebs.postern"]

  provisioner "shell" {
    inline = ["mkdir -p /tmp/postern-image/config"]
  }

  provisioner "file" {
    source      = var.node_tarball
    destination = "/tmp/postern-image/node.tar"
  }

  provisioner "file" {
    source      = var.postern_tarball
    destination = "/tmp/postern-image/postern.tgz"
  }

  provisioner "file" {
    source      = local.berty
    destination = "/tmp/postern-image/berty"
  }

  provisioner "file" {
    source      = "../systemd"
    destination = "/tmp/postern-image"
  }

  provisioner "file" {
    source      = "${var.config}/"
    destination = "/tmp/postern-image/config"
  }

  provisioner "shell" {
    execute_command = "sudo -E env {{ .Vars }} bash {{ .Path }}"
    environment_vars = [
      "NODE_SHA256=${var.node_sha256}",
      "SERVICES=${join(" ", var.services)}",
      "FAULTS=${var.faults ? "yes" : ""}",
    ]
    scripts = [
      "provision/packages.sh",
      "provision/node.sh",
      "provision/postern.sh",
      "provision/services.sh",
    ]
  }

  provisioner "shell" {
    inline = ["rm -rf /tmp/postern-image"]
  }
}
