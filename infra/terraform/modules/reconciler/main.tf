data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

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
# Function: from the workers' package
################################################################################

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_50:A look at a few queues is told by its log line; X-Ray would bill each trace.
  # checkov:skip=CKV_AWS_115:Two looks at once are harmless: every write is conditional.
  # checkov:skip=CKV_AWS_116:An event that is lost loses nothing: the next look sees the same letters.
  # checkov:skip=CKV_AWS_117:It reaches nothing but SQS, DynamoDB and S3.
  # checkov:skip=CKV_AWS_173:The environment holds names and URLs only, never a secret.
  # checkov:skip=CKV_AWS_272:The package is built, checked and applied from one place, by its hash.
  function_name    = var.name
  role             = aws_iam_role.this.arn
  filename         = var.package
  source_code_hash = try(filebase64sha256(var.package), null) # missing: the precondition says it in better words
  handler          = var.handler
  runtime          = var.runtime
  architectures    = [var.architecture]
  timeout          = 900 # a look takes up to 30 s a queue (penstock/reconcile.py), and Lambda bills what it takes
  memory_size      = var.memory_size

  environment {
    variables = var.environment
  }

  lifecycle {
    precondition {
      condition     = fileexists(var.package)
      error_message = "There is no worker package ${var.package}: build it with `flask penstock package` (in a checkout of Penstock `make package`), or name it with worker_package."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

################################################################################
# Schedule: sooner or later every letter is looked at
################################################################################

resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297:It holds no data: the event says nothing but that it is time.
  name                = var.name
  description         = "Looks at the dead-letter queues."
  schedule_expression = "rate(${var.period_minutes} ${var.period_minutes == 1 ? "minute" : "minutes"})"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.schedule.arn

    retry_policy {
      maximum_retry_attempts = 0 # the next look comes anyway
    }
  }

  depends_on = [aws_iam_role_policy.schedule]
}

################################################################################
# Alarms, one a dead-letter queue: the first letter of a quiet queue is looked at within minutes, and whoever is on call is told
################################################################################

resource "aws_cloudwatch_metric_alarm" "letters" {
  for_each = var.dead_letter_queues

  alarm_name          = each.value.name
  alarm_description   = "${each.value.name} holds dead letters: tasks that wait for someone to repair the cause, then to retry or redrive them. Look at why they died: ${var.runbook_url}#dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible" # not NumberOfMessagesSent: SQS does not count what it moves itself
  dimensions          = { QueueName = each.value.name }
  statistic           = "Maximum"
  period              = 300 # a look hides the letters for seconds, which must not end the alarm and start it again
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # SQS stops counting for queues that nobody uses
  alarm_actions       = concat([aws_lambda_function.this.arn], var.alarm_topics)
  ok_actions          = var.alarm_topics
}

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
resource "aws_lambda_permission" "alarm" {
  for_each = var.dead_letter_queues

  statement_id   = "alarm-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
  source_arn     = aws_cloudwatch_metric_alarm.letters[each.key].arn
}
