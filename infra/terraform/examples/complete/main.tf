# The settings that a root may pass, but for alarms, task_metrics, containers and web, with a reason to pass each. variables*.tf of modules/stack has their rules and defaults.

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

data "aws_caller_identity" "current" {}

################################################################################
# The application's own: Penstock knows nothing of it
################################################################################

resource "aws_s3_bucket" "invoices" {
  bucket = "shop-prod-invoices-${data.aws_caller_identity.current.account_id}"
}

################################################################################
# Penstock
################################################################################

module "penstock" {
  source = "../../modules/stack"

  project = "shop"
  stage   = "prod"

  queues = {
    default = {}
    images  = { time_limit = 120, batch_size = 2, max_concurrency = 5 }    # long tasks, few at once
    events  = { time_limit = 2, batch_size = 100, batch_window = 5 }       # many short ones, a batch at a time
    ledger  = { fifo = true, time_limit = 30 }                             # in order, within a message group
    imports = { time_limit = 600, batch_size = 1, max_receive_count = 20 } # near Lambda's 15 minutes
  }

  worker_package = "${path.root}/../../../../build/worker-arm64.zip"
  architecture   = "arm64" # a fifth cheaper; build the zip for the same one
  memory_size    = 1769    # MB, at which Lambda gives a whole processor

  environment = { INVOICES_BUCKET = aws_s3_bucket.invoices.bucket }

  # The workers get the name, and may read the value; Terraform never sees it.
  worker_secrets = {
    DATABASE_SECRET   = { secret = "shop/prod/database" }
    PAYMENT_PARAMETER = { ssm_parameter = "/shop/prod/payment" }
  }

  task_statements = [
    { actions = ["s3:PutObject"], resources = ["${aws_s3_bucket.invoices.arn}/*"] },
    {
      actions   = ["ses:SendEmail"]
      resources = ["arn:aws:ses:eu-central-1:${data.aws_caller_identity.current.account_id}:identity/shop.example.com"]
      condition = { StringEquals = { "ses:FromAddress" = ["post@shop.example.com"] } }
    },
  ]

  # Tasks reach a database in there. They need a way to SQS, DynamoDB and S3 too: endpoints, or a NAT gateway.
  vpc = {
    subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }

  # on_dead hooks run in the reconciler as well, for tasks that SQS buried by itself.
  reconciler_statements     = [{ actions = ["sns:Publish"], resources = [aws_sns_topic.deaths.arn] }]
  reconciler_period_minutes = 5

  dashboard_url          = "https://shop.example.com/penstock"
  tracing                = "Active"
  log_retention_days     = 90
  payload_retention_days = 60
  deletion_protection    = true
}

resource "aws_sns_topic" "deaths" {
  name = "shop-prod-deaths"
}

################################################################################
# The web, on a machine of its own: what it may do, and what it reads from its environment
################################################################################

resource "aws_iam_role" "web" {
  name = "shop-prod-web"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "penstock" {
  name   = "penstock"
  role   = aws_iam_role.web.id
  policy = module.penstock.web_policy
}

output "web_environment" {
  description = "What the web's container gets into its environment."
  value       = module.penstock.enqueue_environment
}

output "dead_letter_console" {
  description = "Queue name => the console's page of its dead-letter queue."
  value       = module.penstock.dead_letter_console
}
