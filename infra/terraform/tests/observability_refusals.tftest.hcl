# Alarms that would tell nobody, or that could not be. The module itself is under test.

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
  }

  reconciler = {
    function_name  = "penstock-test-reconciler"
    schedule       = "penstock-test-reconciler"
    period_minutes = 15
  }
}

run "a_threshold_of_no_queue" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    thresholds = { image = { deaths = 3 } }
  }

  expect_failures = [var.thresholds]
}

run "a_threshold_that_cannot_be" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    thresholds = { images = { error_percent = 100 } }
  }

  expect_failures = [var.thresholds]
}

run "no_address" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    emails = ["oncall"]
  }

  expect_failures = [var.emails]
}

run "emails_and_a_topic" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:on-call"
  }

  expect_failures = [var.emails]
}

run "a_fifo_topic" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    emails    = []
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:on-call.fifo"
  }

  expect_failures = [var.topic_arn]
}

run "a_runbook_with_a_chapter" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    runbook_url = "https://wiki.example.com/runbook#penstock"
  }

  expect_failures = [var.runbook_url]
}
