data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

################################################################################
# Log group: before Zappa's function, which would otherwise make one that is kept for ever
################################################################################

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:Encrypted by AWS. Log lines hold no arguments and no results; a key of your own would need a policy for the service.
  # checkov:skip=CKV_AWS_338:The retention is the user's to choose; outcomes are in the table, not in the log.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

################################################################################
# Bucket for Zappa's zips: made here, for one that Zappa makes outlives `make destroy`. Nothing in it is worth keeping.
################################################################################

module "deploy_bucket" {
  source = "../bucket"

  name                = var.deploy_bucket
  deletion_protection = false
}
