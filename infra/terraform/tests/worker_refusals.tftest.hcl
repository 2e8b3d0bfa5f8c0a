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

run "reserved_below_the_maximum" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    reserved_concurrency = 9
  }

  expect_failures = [var.reserved_concurrency]
}

run "reserved_at_the_maximum" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    reserved_concurrency = 10
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 10
    error_message = "what is reserved is reserved"
  }
}

run "concurrency_of_one" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    max_concurrency = 1
  }

  expect_failures = [var.max_concurrency]
}

run "batch_of_a_fifo_queue" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    queue_arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-test-default.fifo"
  }

  expect_failures = [var.batch_size]
}

run "large_batch_without_window" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    batch_size = 11
  }

  expect_failures = [var.batch_size]
}
