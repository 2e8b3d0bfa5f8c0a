# What a container service refuses. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "penstock-test-worker-long"
  image              = "shop:worker"
  health_check       = ["true"]
  subnet_ids         = ["subnet-1"]
  security_group_ids = ["sg-1"]
  queue_name         = "penstock-test-long"
  environment        = { PENSTOCK_TABLE = "penstock-test-tasks" }
  statements         = [{ Effect = "Allow", Action = ["sqs:ReceiveMessage"], Resource = ["arn:aws:sqs:eu-central-1:123456789012:penstock-test-long"] }]
  log_retention_days = 30
}

run "each_variable" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    name                = "penstock-test-worker-a-queue-of-which-the-name-does-not-fit-in"
    stop_timeout        = 121
    cpu                 = 300
    architecture        = "mips"
    min_count           = 0
    messages_per_worker = 0
    subnet_ids          = []
    security_group_ids  = []
    secrets             = { TOKEN = {} }
  }

  expect_failures = [
    var.name,
    var.stop_timeout,
    var.cpu,
    var.architecture,
    var.min_count,
    var.messages_per_worker,
    var.subnet_ids,
    var.security_group_ids,
    var.secrets,
  ]
}

run "memory_that_does_not_go_with_the_processor" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    cpu    = 1024
    memory = 512
  }

  expect_failures = [var.memory]
}

run "fewer_at_most_than_at_least" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    min_count = 3
    max_count = 2
  }

  expect_failures = [var.max_count]
}

run "neither_a_worker_nor_a_web" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    queue_name = null
  }

  expect_failures = [aws_ecs_service.this]
}

run "a_web_without_a_port" {
  command = plan

  module {
    source = "./modules/container"
  }

  variables {
    queue_name       = null
    target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0"
  }

  expect_failures = [aws_ecs_service.this]
}
