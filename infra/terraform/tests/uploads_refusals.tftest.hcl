# What the payload bucket refuses for itself. The module itself is under test.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name_prefix            = "penstock-test"
  name_suffix            = "123456789012"
  upload_retention_days  = 90
  payload_retention_days = 30
}

run "payloads_that_go_before_their_rows" {
  command = plan

  module {
    source = "./modules/uploads"
  }

  variables {
    payload_retention_days = 28
  }

  expect_failures = [var.payload_retention_days]
}

run "payloads_that_live_as_long_as_their_rows" {
  command = plan

  module {
    source = "./modules/uploads"
  }

  variables {
    payload_retention_days = 29
  }
}
