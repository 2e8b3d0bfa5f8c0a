# The least: one queue, its worker, the table, the reconciler. Everything else has a default.
#
#   terraform init && terraform apply
#
# `flask penstock package` makes the zip. In a project of your own `flask penstock init` writes a root like this one, with the modules
# beside it: the source is "./penstock/stack" then, and the zip is found where it is made.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

provider "aws" {}

module "penstock" {
  source = "../../modules/stack"

  project = "shop"
  stage   = "dev"
  queues  = { default = {} }

  worker_package = "${path.root}/../../../../build/worker-x86_64.zip"
}

output "enqueue_environment" {
  description = "The environment of a web that enqueues."
  value       = module.penstock.enqueue_environment
}
