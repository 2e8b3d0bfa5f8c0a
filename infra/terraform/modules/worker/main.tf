data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  # The name of the secret, never its value: a value would stand in Terraform's state and in Lambda's console.
  secret_names = { for name, source in var.secrets : name => coalesce(source.ssm_parameter, source.secret) }
  environment  = merge(var.environment, local.secret_names)
}

################################################################################
# Log group: before the function, which would otherwise make one that is kept for ever
################################################################################

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:Encrypted by AWS. Log lines hold no arguments and no results; a key of your own would need a policy for the service.
  # checkov:skip=CKV_AWS_338:The retention is the user's to choose; outcomes are in the table, not in the log.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

################################################################################
# Function
################################################################################

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_50:Tracing is the variable `tracing`; off by default, for X-Ray bills each trace.
  # checkov:skip=CKV_AWS_115:maximum_concurrency of the mapping caps it. Reserved concurrency would throttle, and each throttled receive counts towards the dead-letter queue.
  # checkov:skip=CKV_AWS_116:A function's own dead-letter queue does nothing for SQS triggers; it is on the queue.
  # checkov:skip=CKV_AWS_117:The VPC is the variable `vpc`; a worker that needs none starts quicker without.
  # checkov:skip=CKV_AWS_173:The environment holds names and URLs only, never a secret: see `secrets`.
  # checkov:skip=CKV_AWS_272:The package is built, checked and applied from one place, by its hash.
  function_name    = var.name
  role             = aws_iam_role.this.arn
  filename         = var.package
  source_code_hash = try(filebase64sha256(var.package), null) # missing: the precondition says it in better words
  handler          = var.handler
  runtime          = var.runtime
  architectures    = [var.architecture]
  timeout          = var.timeout
  memory_size      = var.memory_size

  environment {
    variables = local.environment
  }

  tracing_config {
    mode = var.tracing
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = fileexists(var.package)
      error_message = "There is no worker package ${var.package}: build it with `flask penstock package` (in a checkout of Penstock `make package`), or name it with worker_package."
    }

    precondition {
      condition     = sum([for name, value in local.environment : length(name) + length(value)]) <= 4096
      error_message = "The environment of ${var.name} has more than the 4,096 bytes that Lambda allows: take variables out of `environment`, or make fewer queues or shorter names."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

################################################################################
# Event source mapping: Lambda polls the queue and hands over batches
################################################################################

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = var.queue_arn
  function_name                      = aws_lambda_function.this.arn
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batch_window
  function_response_types            = ["ReportBatchItemFailures"] # without it Lambda deletes what failed

  scaling_config {
    maximum_concurrency = var.max_concurrency
  }

  lifecycle {
    ignore_changes = [enabled] # whoever paused a queue in an incident does not want the next apply to resume it
  }
}
