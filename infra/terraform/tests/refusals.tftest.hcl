# What the root refuses before anything is asked of AWS. The words of the refusals are read in tests/infra/test_refusals.py.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  stage          = "test"
  worker_package = "main.tf" # any file: nothing is uploaded
  queues         = { default = {} }
}

# Each variable below has one value that it refuses; tests/infra/test_refusals.py has the others.
run "each_variable" {
  command = plan

  variables {
    region                = "frankfurt"
    upload_retention_days = 14
    webhook_hosts         = ["https://example.com/"]
    mail_sender           = "Post <post@example.com>"
    allowed_hosts         = ["*.example.com"]
    upload_origins        = ["app.example.com"]
    web_environment       = { FLASK_SECRET_KEY = "0123456789" }
  }

  expect_failures = [
    var.region,
    var.upload_retention_days,
    var.webhook_hosts,
    var.mail_sender,
    var.allowed_hosts,
    var.upload_origins,
    var.web_environment,
  ]
}
