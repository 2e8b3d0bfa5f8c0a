# A queue that containers work on, in a whole stack; and a web in a container. tests/infra/ reads these plans as JSON.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "containers" {
  command = plan

  variables {
    stage          = "test"
    worker_package = "main.tf" # any file: nothing is uploaded
    worker_secrets = { TOKEN_PARAMETER = { ssm_parameter = "/penstock/test/token" } }
    alarms         = { emails = ["oncall@example.com"] }

    queues = {
      default = {}
      long    = { worker = "container", time_limit = 43080, max_concurrency = 5 }
    }

    containers = {
      image               = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:0000"
      repository_arn      = "arn:aws:ecr:eu-central-1:123456789012:repository/shop"
      subnet_ids          = ["subnet-1"]
      security_group_ids  = ["sg-1"]
      messages_per_worker = 2
    }
  }

  assert {
    condition     = output.queues["long"].visibility_timeout == 65 && output.queues["long"].function_timeout == null
    error_message = "the message of a container's queue is hidden for a lease and its margin, and it has no function"
  }

  assert {
    condition     = toset(keys(output.workers)) == toset(["default"]) && toset(keys(output.container_workers)) == toset(["long"])
    error_message = "a queue has a function or a container, not both"
  }

  assert {
    condition     = [for name in output.alarms.names : name if strcontains(name, "long")] == ["penstock-test-long-age", "penstock-test-long-deaths", "penstock-test-long-dlq", "penstock-test-long-unavailable"]
    error_message = "a queue that containers work on has every alarm but those on a function"
  }

  assert {
    condition     = output.container_workers["long"].service == "penstock-test-worker-long"
    error_message = "the service is in the outputs"
  }
}

# No queue has a function: no mapping to pause, nothing that Lambda could throttle.
run "containers_only" {
  command = plan

  variables {
    stage          = "test"
    worker_package = "main.tf" # any file: nothing is uploaded
    queues         = { long = { worker = "container", time_limit = 14400 } }
    alarms         = { emails = ["oncall@example.com"] }
  }

  assert {
    condition     = length(output.workers) == 0 && length(output.alarms.names) == 4 + 2
    error_message = "there is no function, and no alarm on one but the reconciler's"
  }
}

run "containers_elsewhere" {
  command = plan

  variables {
    stage          = "test"
    worker_package = "main.tf" # any file: nothing is uploaded
    queues         = { default = {}, long = { worker = "container" } }
  }

  assert {
    condition     = output.container_workers["long"].service == null
    error_message = "without the variable containers there is no service"
  }

  assert {
    condition     = strcontains(output.container_workers["long"].policy, "sqs:ReceiveMessage") && contains(keys(output.container_workers["long"].environment), "PENSTOCK_QUEUES")
    error_message = "what a container elsewhere needs is in the outputs"
  }
}

run "web_in_a_container" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    name               = "penstock-test-web"
    image              = "shop:web"
    health_check       = ["python", "-I", "flask_app/health.py"]
    stop_timeout       = 40
    cluster_arn        = "arn:aws:ecs:eu-central-1:123456789012:cluster/shared"
    subnet_ids         = ["subnet-1"]
    security_group_ids = ["sg-1"]
    port               = 8000
    target_group_arn   = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0"
    max_count          = 4
    environment        = { PENSTOCK_TABLE = "penstock-test-tasks" }
    statements         = [{ Effect = "Allow", Action = ["sqs:SendMessage"], Resource = ["arn:aws:sqs:eu-central-1:123456789012:penstock-test-default"] }]
    log_retention_days = 30

    secrets = {
      FLASK_SECRET_KEY = { ssm_parameter = "/penstock/test/flask" }
      DATABASE_URL     = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-AbCdEf" }
    }
  }

  assert {
    condition     = length(aws_ecs_cluster.this) == 0 && aws_ecs_service.this.cluster == "arn:aws:ecs:eu-central-1:123456789012:cluster/shared"
    error_message = "a cluster that is named is taken"
  }

  assert {
    condition     = one(aws_ecs_service.this.load_balancer).container_port == 8000
    error_message = "the load balancer reaches the port"
  }

  assert {
    condition     = aws_appautoscaling_target.this.min_capacity == 1 && aws_appautoscaling_target.this.max_capacity == 4
    error_message = "scaling keeps it between the two"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.empty) == 0 && length(aws_appautoscaling_policy.web) == 1
    error_message = "a web is scaled by its processor"
  }
}
