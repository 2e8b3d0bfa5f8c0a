################################################################################
# Alarms. Each says in one sentence what it means and what to do, and names its chapter of the runbook.
#
# Not here: the alarm on a dead-letter queue, which is the reconciler's. It calls that function and this topic, so that one
# fact has one alarm. Nor on how old letters are: SQS leaves out of ApproximateAgeOfOldestMessage what was received more than
# three times, and the reconciler's looks are receives. Nor on durations near the timeout: time limits end tasks before it, so
# a long invocation is a full batch, and one that is killed all the same is an error.
#
# A period without a value is told as one in which nothing happened: Lambda and the workers' metrics have none then, and
# SQS stops counting for queues that nobody uses. Only the reconciler's silence is itself the news.
################################################################################

locals {
  queues = {
    for name, queue in var.queues : name => merge(queue, {
      # A message may be delayed for 900 s, and one whose worker crashed waits for the rest of the invocation.
      oldest_age_seconds = coalesce(try(var.thresholds[name].oldest_age_seconds, null), max(900, 2 * queue.worker_timeout))
      deaths             = coalesce(try(var.thresholds[name].deaths, null), 10)
      error_percent      = coalesce(try(var.thresholds[name].error_percent, null), 10)

      counted_by = { queue = queue.name, service = "penstock" } # penstock/aws/metrics.py

    })
  }

  # Containers that crash start anew, and Lambda has nothing to throttle: of their queues age and deaths are told.
  functions = { for name, queue in local.queues : name => queue if queue.function_name != null }
}

# Nobody works on the queue, or too few do. The age alone would also be that of a task in a long backoff, which is hidden and
# waits as it should: so only while other messages can be seen, for five minutes on end.
resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = local.queues

  alarm_name          = "${each.value.name}-age"
  alarm_description   = "Messages wait in ${each.value.name}, the oldest for more than ${each.value.oldest_age_seconds} s: nobody works on them, or too few do. See whether the queue is paused, then whether its workers run: ${var.runbook_url}#messages-wait-too-long"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.oldest_age_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]

  metric_query {
    id          = "waiting"
    label       = "Seconds that the oldest message has waited, while messages wait"
    expression  = "IF(visible > 0, age, 0)"
    return_data = true
  }

  metric_query {
    id = "age"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = each.value.name }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id = "visible"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = each.value.name }
      period      = 60
      stat        = "Maximum"
    }
  }
}

# A task that fails is no error of the function: errors are crashes, timeouts and deployments that cannot start. One crash
# heals itself, for its message comes back; so it takes two of the last hour's five minutes. The hour, because the message of
# a worker that cannot start comes back after six function timeouts only, and because Lambda dates an error to the start of
# its invocation, up to 15 minutes ago.
resource "aws_cloudwatch_metric_alarm" "crashes" {
  for_each = local.functions

  alarm_name          = "${each.value.function_name}-errors"
  alarm_description   = "The worker ${each.value.function_name} crashes again and again (more than ${each.value.error_percent} % of its invocations): it runs out of memory or time, or its last deployment cannot start. Read its log, then deploy the version before: ${var.runbook_url}#a-worker-crashes"
  evaluation_periods  = 12
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.error_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]

  metric_query {
    id          = "share"
    label       = "Percent of the invocations that end in an error"
    expression  = "100 * errors / invocations"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Errors", invocations = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = { FunctionName = each.value.function_name }
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

# The mapping asks for no more invocations than its maximum, so throttles mean that the account has none left. Each throttled
# receive counts towards the dead-letter queue. Lambda tries again by itself: so a quarter of an hour on end.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.functions

  alarm_name          = "${each.value.function_name}-throttles"
  alarm_description   = "Lambda has refused invocations of ${each.value.function_name} for a quarter of an hour: the account's concurrency is used up, and messages lose receives without a run. Find the function that takes it: ${var.runbook_url}#lambda-throttles-a-worker"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = each.value.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
}

# The alarm on the dead-letter queue is told of the first letter and is silent until the last is gone. This one tells a
# handful of letters, which can wait for the morning, from hundreds in minutes.
resource "aws_cloudwatch_metric_alarm" "deaths" {
  for_each = local.queues

  alarm_name          = "${each.value.name}-deaths"
  alarm_description   = "More than ${each.value.deaths} tasks of ${each.value.name} have died within five minutes: something that they all need is broken. Pause the queue if it goes on, and look for the error they share: ${var.runbook_url}#many-tasks-die"
  namespace           = "Penstock"
  metric_name         = "Dead"
  dimensions          = each.value.counted_by
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.deaths
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
}

# No error of the function, for the worker answers; and soon no age, for SQS leaves out what was received more than three
# times. A message that cannot be worked on comes back after 30 s, 60 s and so on up to 900 s: three of five periods see even
# a single one, and a service that was away for some minutes is over by then.
resource "aws_cloudwatch_metric_alarm" "unavailable" {
  for_each = local.queues

  alarm_name          = "${each.value.name}-unavailable"
  alarm_description   = "The workers of ${each.value.name} have handed messages back for a quarter of an hour: the table or the payload bucket does not answer, or refuses them. Read the reason in the worker's log: ${var.runbook_url}#workers-cannot-work"
  namespace           = "Penstock"
  metric_name         = "Unavailable"
  dimensions          = each.value.counted_by
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
}

################################################################################
# The reconciler's. A period is the time from one look to the next.
################################################################################

# One look that fails is made good by the next.
resource "aws_cloudwatch_metric_alarm" "reconciler_fails" {
  alarm_name          = "${var.reconciler.function_name}-errors"
  alarm_description   = "Two looks of ${var.reconciler.function_name} at the dead-letter queues have failed: tasks that SQS buries by itself keep their old status, and who waits for them waits in vain. Read its log: ${var.runbook_url}#the-reconciler-fails"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = var.reconciler.function_name }
  statistic           = "Sum"
  period              = 60 * var.reconciler.period_minutes
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
}

# Lambda counts nothing where nothing is invoked: here a missing value is what it is about. A schedule looks at once when it is
# made, so a new stage is in alarm for a few minutes at most.
resource "aws_cloudwatch_metric_alarm" "reconciler_silent" {
  alarm_name          = "${var.reconciler.function_name}-silent"
  alarm_description   = "${var.reconciler.function_name} has not looked at the dead-letter queues for three times its period: its schedule ${var.reconciler.schedule} is off, or may not call it. Switch the schedule on: ${var.runbook_url}#the-reconciler-does-not-run"
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = var.reconciler.function_name }
  statistic           = "Sum"
  period              = 60 * var.reconciler.period_minutes
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
}
