# What a worker has only where it is asked for. The module itself is under test.

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

run "without_options" {
  command = plan

  module {
    source = "./modules/worker"
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0
    error_message = "a worker runs in no VPC unless it is asked to"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "\"*\"")
    error_message = "without options its role allows nothing on any resource"
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "the function has the architecture of its package"
  }
}

run "with_options" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    tracing = "Active"
    vpc     = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }

    secrets = {
      TOKEN_PARAMETER = { ssm_parameter = "/penstock/test/token" }
      DATABASE_SECRET = { secret = "penstock/test/database" }
    }

    statements = [{
      actions   = ["ses:SendEmail"]
      resources = ["arn:aws:ses:eu-central-1:123456789012:identity/example.com"]
      condition = { StringEquals = { "ses:FromAddress" = ["post@example.com"] } }
    }]
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"])
    error_message = "a worker runs in the VPC that is named"
  }

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "tracing is on where it is asked for"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.TOKEN_PARAMETER == "/penstock/test/token"
    error_message = "the function gets the name of the secret"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.this.policy, "arn:aws:ssm:eu-central-1:123456789012:parameter/penstock/test/token\"")
    error_message = "the role may read this one parameter"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.this.policy, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:penstock/test/database-??????\"")
    error_message = "the role may read this one secret"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.this.policy, "ses:SendEmail")
    error_message = "the role has what the tasks need"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.this.policy, "\"Condition\":{\"StringEquals\":{\"ses:FromAddress\":[\"post@example.com\"]}}")
    error_message = "a statement keeps its condition"
  }
}
