# The alarms and the dashboard of two queues: the module itself. tests/infra/ tells each alarm of this plan a bad story and a
# good one.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "penstock-test"
  task_metrics = true
  emails       = ["oncall@example.com"]
  runbook_url  = "https://wiki.example.com/runbook"
  thresholds   = { images = { oldest_age_seconds = 120, deaths = 3, error_percent = 50 } }

  queues = {
    images = {
      name             = "penstock-test-images"
      dead_letter_name = "penstock-test-images-dlq"
      function_name    = "penstock-test-worker-images"
      worker_timeout   = 70
    }
    ordered = {
      name             = "penstock-test-ordered.fifo"
      dead_letter_name = "penstock-test-ordered-dlq.fifo"
      function_name    = "penstock-test-worker-ordered"
      worker_timeout   = 610
    }
  }

  reconciler = {
    function_name  = "penstock-test-reconciler"
    schedule       = "penstock-test-reconciler"
    period_minutes = 15
  }
}

run "observability" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.oldest_message["images"].threshold == 120 && aws_cloudwatch_metric_alarm.oldest_message["ordered"].threshold == 1220
    error_message = "a queue's threshold is its own, or twice its function timeout"
  }

  assert {
    condition     = output.topic_arn == "arn:aws:sns:eu-central-1:123456789012:topic" && length(output.alarms) == 2 * 5 + 2
    error_message = "the topic and the alarms are in the outputs"
  }

  assert {
    condition     = output.dashboard == "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/penstock-test"
    error_message = "the dashboard's page is in the outputs"
  }
}

run "observability_with_a_topic" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    emails    = []
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:on-call"
  }

  assert {
    condition     = length(aws_sns_topic.this) + length(aws_kms_key.this) + length(aws_sns_topic_subscription.email) == 0
    error_message = "with a topic of yours none is made"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.deaths["images"].alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:on-call"])
    error_message = "the alarms tell your topic"
  }
}
