# What a queue and its dead-letter queue refuse for themselves. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "penstock-test-default"
  visibility_timeout = 1860
}

run "letters_kept_as_long_as_the_queue_s_messages" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_retention_seconds = 345600
  }

  expect_failures = [var.dead_letter_retention_seconds]
}

run "letters_kept_for_more_than_two_weeks" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_retention_seconds = 1209601
  }

  expect_failures = [var.dead_letter_retention_seconds]
}

run "queue_that_keeps_longer_than_its_letters" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    retention_seconds = 1209600
  }

  expect_failures = [var.dead_letter_retention_seconds]
}

run "receive_count_below_5" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    max_receive_count = 4
  }

  expect_failures = [var.max_receive_count]
}

run "visibility_over_12_hours" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    visibility_timeout = 43201
  }

  expect_failures = [var.visibility_timeout]
}

run "letters_kept_a_second_longer" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    dead_letter_retention_seconds = 345601
  }
}
