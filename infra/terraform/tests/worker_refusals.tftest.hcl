# What a worker's function refuses for itself. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "penstock-test-worker-default"
  package            = "main.tf" # any file: nothing is uploaded
  architecture       = "arm64"
  timeout            = 310
  memory_size        = 1024
  batch_size         = 10
  batch_window       = 0
  max_concurrency    = 10
  queue_arn          = "arn:aws:sqs:eu-central-1:123456789012:penstock-test-default"
  table_arn          = "arn:aws:dynamodb:eu-central-1:123456789012:table/penstock-test-tasks"
  payload_bucket_arn = "arn:aws:s3:::penstock-test-payloads"
  environment        = { PENSTOCK_TABLE = "penstock-test-tasks" }
  log_retention_days = 30
  tracing            = "PassThrough"
}

run "environment_over_four_kilobytes" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    environment = { TOO_MUCH = join("", [for _ in range(500) : "123456789"]) }
  }

  expect_failures = [aws_lambda_function.this]
}

run "package_missing" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    package = "build/there-is-no-such.zip"
  }

  expect_failures = [aws_lambda_function.this]
}
