# What is refused before anything is asked of AWS. The words of the refusals are read in tests/infra/test_refusals.py.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  stage          = "test"
  worker_package = "main.tf" # any file: nothing is uploaded
  queues         = { default = {} }
}

run "timeout_over_900_s" {
  command = plan

  variables {
    queues = { default = { time_limit = 90, batch_size = 10 } }
  }

  expect_failures = [var.queues]
}

run "time_limit_of_nothing" {
  command = plan

  variables {
    queues = { default = { time_limit = 0 } }
  }

  expect_failures = [var.queues]
}

run "half_a_second" {
  command = plan

  variables {
    queues = { default = { time_limit = 1.5 } }
  }

  expect_failures = [var.queues]
}

run "concurrency_below_2" {
  command = plan

  variables {
    queues = { default = { max_concurrency = 1 } }
  }

  expect_failures = [var.queues]
}

run "concurrency_above_1000" {
  command = plan

  variables {
    queues = { default = { max_concurrency = 1001 } }
  }

  expect_failures = [var.queues]
}

run "fifo_with_a_window" {
  command = plan

  variables {
    queues = { default = { fifo = true, batch_window = 1 } }
  }

  expect_failures = [var.queues]
}

run "fifo_with_a_batch" {
  command = plan

  variables {
    queues = { default = { fifo = true, batch_size = 2 } }
  }

  expect_failures = [var.queues]
}

run "large_batch_without_window" {
  command = plan

  variables {
    queues = { default = { time_limit = 1, batch_size = 11 } }
  }

  expect_failures = [var.queues]
}

run "window_over_300_s" {
  command = plan

  variables {
    queues = { default = { batch_window = 301 } }
  }

  expect_failures = [var.queues]
}

run "receive_count_below_5" {
  command = plan

  variables {
    queues = { default = { max_receive_count = 4 } }
  }

  expect_failures = [var.queues]
}

run "no_queue" {
  command = plan

  variables {
    queues = {}
  }

  expect_failures = [var.queues]
}

run "name_of_a_dead_letter_queue" {
  command = plan

  variables {
    queues = { images-dlq = {} }
  }

  expect_failures = [var.queues]
}

run "name_with_a_dot" {
  command = plan

  variables {
    queues = { "images.fifo" = {} }
  }

  expect_failures = [var.queues]
}

run "name_too_long" {
  command = plan

  variables {
    queues = { a-queue-of-which-the-name-does-not-fit-into-sixty-four-characters = {} }
  }

  expect_failures = [var.queues]
}

run "secret_named_nowhere" {
  command = plan

  variables {
    worker_secrets = { TOKEN = {} }
  }

  expect_failures = [var.worker_secrets]
}

# Each variable below has one value that it refuses; tests/infra/test_refusals.py has the others.
run "each_other_variable" {
  command = plan

  variables {
    stage                  = "dev-2"
    project                = "Penstock"
    region                 = "frankfurt"
    architecture           = "mips"
    memory_size            = 64
    tracing                = "On"
    log_retention_days     = 31
    payload_retention_days = 28
    upload_retention_days  = 14
    task_statements        = [{ actions = ["s3:GetObject"], resources = ["*"] }]
    environment            = { PENSTOCK_TABLE = "another" }
    vpc                    = { subnet_ids = ["subnet-1"], security_group_ids = [] }
    webhook_hosts          = ["https://example.com/"]
    mail_sender            = "Post <post@example.com>"

    reconciler_period_minutes = 0
    reconciler_statements     = [{ actions = ["sns:Publish"], resources = ["*"] }]

    allowed_hosts   = ["*.example.com"]
    dashboard_url   = "app.example.com/penstock"
    upload_origins  = ["app.example.com"]
    web_environment = { FLASK_SECRET_KEY = "0123456789" }
  }

  expect_failures = [
    var.stage,
    var.project,
    var.region,
    var.architecture,
    var.memory_size,
    var.tracing,
    var.log_retention_days,
    var.payload_retention_days,
    var.upload_retention_days,
    var.task_statements,
    var.environment,
    var.vpc,
    var.webhook_hosts,
    var.mail_sender,
    var.reconciler_period_minutes,
    var.reconciler_statements,
    var.allowed_hosts,
    var.dashboard_url,
    var.upload_origins,
    var.web_environment,
  ]
}
