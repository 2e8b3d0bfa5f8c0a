# What the reconciler refuses for itself. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "penstock-test-reconciler"
  package            = "main.tf" # any file: nothing is uploaded
  architecture       = "arm64"
  period_minutes     = 15
  dead_letter_queues = {}
  table_arn          = "arn:aws:dynamodb:eu-central-1:123456789012:table/penstock-test-tasks"
  payload_bucket_arn = "arn:aws:s3:::penstock-test-payloads"
  environment        = {}
  log_retention_days = 30
}

run "less_than_a_look_a_day" {
  command = plan

  module {
    source = "./modules/reconciler"
  }

  variables {
    period_minutes = 1441
  }

  expect_failures = [var.period_minutes]
}

run "no_look_at_all" {
  command = plan

  module {
    source = "./modules/reconciler"
  }

  variables {
    period_minutes = 0
  }

  expect_failures = [var.period_minutes]
}
