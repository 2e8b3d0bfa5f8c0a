# What the list of queues refuses. The module itself is under test; the words of the refusals are read in
# tests/infra/test_refusals.py.

variables {
  prefix = "penstock-test"
}

run "timeout_over_900_s" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { time_limit = 90, batch_size = 10 } }
  }

  expect_failures = [var.queues]
}

run "time_limit_of_nothing" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { time_limit = 0 } }
  }

  expect_failures = [var.queues]
}

run "half_a_second" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { time_limit = 1.5 } }
  }

  expect_failures = [var.queues]
}

run "concurrency_below_2" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { max_concurrency = 1 } }
  }

  expect_failures = [var.queues]
}

run "concurrency_above_1000" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { max_concurrency = 1001 } }
  }

  expect_failures = [var.queues]
}

run "fifo_with_a_window" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { fifo = true, batch_window = 1 } }
  }

  expect_failures = [var.queues]
}

run "fifo_with_a_batch" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { fifo = true, batch_size = 2 } }
  }

  expect_failures = [var.queues]
}

run "large_batch_without_window" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { time_limit = 1, batch_size = 11 } }
  }

  expect_failures = [var.queues]
}

run "window_over_300_s" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { batch_window = 301 } }
  }

  expect_failures = [var.queues]
}

run "receive_count_below_5" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { default = { max_receive_count = 4 } }
  }

  expect_failures = [var.queues]
}

run "no_queue" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = {}
  }

  expect_failures = [var.queues]
}

run "name_of_a_dead_letter_queue" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { images-dlq = {} }
  }

  expect_failures = [var.queues]
}

run "name_with_a_dot" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { "images.fifo" = {} }
  }

  expect_failures = [var.queues]
}

run "name_too_long" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { a-queue-of-which-the-name-does-not-fit-into-sixty-four-characters = {} }
  }

  expect_failures = [var.queues]
}

run "a_task_past_what_sqs_hides" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { long = { worker = "container", time_limit = 43081 } }
  }

  expect_failures = [var.queues]
}

run "a_batch_for_a_container" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { long = { worker = "container", batch_size = 1 } }
  }

  expect_failures = [var.queues]
}

run "a_worker_that_there_is_not" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { long = { worker = "ec2" } }
  }

  expect_failures = [var.queues]
}

run "a_container_may_be_one_and_take_hours" {
  command = plan

  module {
    source = "./modules/queue_list"
  }

  variables {
    queues = { long = { worker = "container", time_limit = 43080, max_concurrency = 1 } }
  }

  assert {
    condition     = output.queues["long"].visibility_timeout == 65
    error_message = "hidden for a lease and its margin"
  }
}
