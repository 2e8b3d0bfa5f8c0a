# The whole stack of one stage, planned with mocked answers of AWS. tests/infra/ reads this very plan as JSON.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  stage          = "test"
  worker_package = "main.tf" # any file: nothing is uploaded

  dashboard_url             = "https://app.example.com/penstock"
  mail_sender               = "post@example.com"
  reconciler_period_minutes = 1
  reconciler_statements     = [{ actions = ["sns:Publish"], resources = ["arn:aws:sns:eu-central-1:123456789012:deaths"] }]
  worker_secrets            = { TOKEN_PARAMETER = { ssm_parameter = "/penstock/test/token" } }

  queues = {
    default = {}
    images  = { time_limit = 120, batch_size = 2, batch_window = 5, max_receive_count = 7, max_concurrency = 3 }
    ordered = { fifo = true, time_limit = 30 }
  }
}

override_resource {
  target          = module.stack.module.queue["images"].aws_sqs_queue.this
  override_during = plan

  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-test-images"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-test-images"
  }
}

override_resource {
  target          = module.stack.module.queue["images"].aws_sqs_queue.dlq
  override_during = plan

  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-test-images-dlq"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-test-images-dlq"
  }
}

override_resource {
  target          = module.uploads.aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::penstock-test-uploads-123456789012" }
}

override_resource {
  target          = module.stack.module.payloads.aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::penstock-test-payloads-123456789012" }
}

override_resource {
  target          = module.stack.module.reconciler.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-test-reconciler" }
}

override_resource {
  target          = module.stack.module.reconciler.aws_cloudwatch_metric_alarm.letters["images"]
  override_during = plan
  values          = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:penstock-test-images-dlq" }
}

override_resource {
  target          = module.stack.module.worker["images"].aws_lambda_event_source_mapping.this
  override_during = plan
  values          = { uuid = "11111111-1111-1111-1111-111111111111" }
}

run "stack" {
  command = plan

  assert {
    condition     = output.queues["images"].function_timeout == 2 * 120 + 10
    error_message = "the function timeout is batch_size x time_limit + 10"
  }

  assert {
    condition     = output.queues["images"].visibility_timeout == 6 * 250 + 5
    error_message = "the visibility timeout is six function timeouts and the batch window"
  }

  assert {
    condition     = output.queues["default"].function_timeout == 10 * 60 + 10
    error_message = "what the file leaves out has the defaults of queue_list.py: 10 messages a batch, 60 s a task"
  }

  assert {
    condition     = output.queues["ordered"].function_timeout == 30 + 10
    error_message = "a FIFO queue has one message a batch"
  }

  assert {
    condition     = output.queues["ordered"].name == "penstock-test-ordered.fifo" && output.queues["ordered"].dead_letter_name == "penstock-test-ordered-dlq.fifo"
    error_message = "a FIFO queue and its dead-letter queue end in .fifo"
  }

  assert {
    condition     = output.dead_letter_console["images"] == "https://eu-central-1.console.aws.amazon.com/sqs/v3/home?region=eu-central-1#/queues/https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2Fpenstock-test-images-dlq"
    error_message = "the console's link opens the dead-letter queue"
  }

  assert {
    condition = jsondecode(output.zappa_settings.aws_environment_variables.PENSTOCK_QUEUES).images == {
      url                = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-test-images"
      time_limit         = 120
      max_receive_count  = 7
      visibility_timeout = 1505
    }
    error_message = "the web gets PENSTOCK_QUEUES in the form that penstock/settings.py reads"
  }

  assert {
    condition     = output.enqueue_environment.PENSTOCK_DASHBOARD_URL == "https://app.example.com/penstock"
    error_message = "whoever enqueues knows where a task's page is"
  }

  assert {
    condition     = output.zappa_settings.s3_bucket != "" && output.zappa_settings.manage_roles == false
    error_message = "Zappa gets its bucket and its role from here"
  }

  assert {
    condition     = output.reconciler.function_name == "penstock-test-reconciler" && output.reconciler.alarms["ordered"] == "penstock-test-ordered-dlq.fifo"
    error_message = "the reconciler and the alarm on each dead-letter queue are in the outputs"
  }

  assert {
    condition     = output.uploads_bucket != output.payload_bucket
    error_message = "uploads and payloads have buckets of their own"
  }
}
