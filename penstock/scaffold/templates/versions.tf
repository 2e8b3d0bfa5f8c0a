terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }

  # The state is a file on your machine until you name a backend, which more than one person need:
  # https://developer.hashicorp.com/terraform/language/backend/s3
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project   = var.project
      Stage     = var.stage
      ManagedBy = "Terraform"
    }
  }
}
