# One root, two environments, told apart by the workspace: each has its own state and its own names at AWS.
#
#   terraform workspace select -or-create dev  && terraform apply -var stage=dev
#   terraform workspace select -or-create prod && terraform apply -var stage=prod
#
# modules/stack refuses a stage that is not the workspace's, so that a forgotten `select` cannot rename prod's queues. Accounts of
# their own are better still: then the provider's profile or role differs too, and so should the backend.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "stage" {
  description = "dev or prod: the workspace's name."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.stage)
    error_message = "stage is \"${var.stage}\": there are dev and prod."
  }
}

locals {
  of_stage = {
    dev  = { max_concurrency = 2, log_retention_days = 7, deletion_protection = false }
    prod = { max_concurrency = 50, log_retention_days = 90, deletion_protection = true }
  }

  settings = local.of_stage[var.stage]
}

module "penstock" {
  source = "../../modules/stack"

  project = "shop"
  stage   = var.stage

  worker_package = "${path.root}/../../../../build/worker-x86_64.zip"

  # The same queues and time limits everywhere: what a task may take must not depend on where it runs.
  queues = {
    default = { time_limit = 30, max_concurrency = local.settings.max_concurrency }
    images  = { time_limit = 120, batch_size = 2, max_concurrency = local.settings.max_concurrency }
  }

  log_retention_days  = local.settings.log_retention_days
  deletion_protection = local.settings.deletion_protection
}

output "queues" {
  description = "Names, URLs and ARNs of the queues."
  value       = module.penstock.queues
}
