# What the stack refuses, whoever uses it. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project        = "penstock"
  stage          = "test"
  worker_package = "main.tf" # any file: nothing is uploaded
  queues         = { default = {} }
}

run "setting_that_no_queue_has" {
  command = plan

  module {
    source = "./modules/stack"
  }

  variables {
    queues = { default = { time_limit = 30 }, mistyped = { max_concurency = 5 } }
  }

  expect_failures = [var.queues]
}

run "queues_of_the_wrong_shape" {
  command = plan

  module {
    source = "./modules/stack"
  }

  variables {
    queues = ["default"]
  }

  expect_failures = [var.queues]
}

run "queue_that_is_no_object" {
  command = plan

  module {
    source = "./modules/stack"
  }

  variables {
    queues = { default = 30 }
  }

  expect_failures = [var.queues]
}

run "secret_named_nowhere" {
  command = plan

  module {
    source = "./modules/stack"
  }

  variables {
    worker_secrets = { TOKEN = {} }
  }

  expect_failures = [var.worker_secrets]
}

# Each variable below has one value that it refuses; tests/infra/test_refusals.py has the others.
run "each_variable" {
  command = plan

  module {
    source = "./modules/stack"
  }

  variables {
    stage                     = "dev-2"
    project                   = "Penstock"
    architecture              = "mips"
    memory_size               = 64
    tracing                   = "On"
    log_retention_days        = 31
    payload_retention_days    = 28
    task_statements           = [{ actions = ["s3:GetObject"], resources = ["*"] }]
    environment               = { PENSTOCK_TABLE = "another" }
    vpc                       = { subnet_ids = ["subnet-1"], security_group_ids = [] }
    reconciler_period_minutes = 0
    reconciler_statements     = [{ actions = ["sns:Publish"], resources = ["*"] }]
    dashboard_url             = "app.example.com/penstock"
  }

  expect_failures = [
    var.stage,
    var.project,
    var.architecture,
    var.memory_size,
    var.tracing,
    var.log_retention_days,
    var.payload_retention_days,
    var.task_statements,
    var.environment,
    var.vpc,
    var.reconciler_period_minutes,
    var.reconciler_statements,
    var.dashboard_url,
  ]
}
