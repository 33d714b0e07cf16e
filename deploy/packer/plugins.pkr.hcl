# For Packer 1.7 and newer, where builders are plugins: `packer init .` gets it. Packer 1.6 brings its own, and does without this file.
packer {
  required_plugins {
    amazon = {
      version = ">= 1.3.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
