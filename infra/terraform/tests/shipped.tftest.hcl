# The stack of the queues in queues.auto.tfvars.json, which Terraform loads here too, with every variable at its default.
# tests/infra/ compares this plan with what penstock/queue_list.py derives from the same file.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "shipped" {
  command = plan

  variables {
    stage          = "test"
    worker_package = "main.tf" # any file: nothing is uploaded
  }

  assert {
    condition     = output.alarms == null && !can(output.enqueue_environment.PENSTOCK_TASK_METRICS)
    error_message = "what costs is there where it is asked for"
  }

  assert {
    condition     = toset(keys(output.queues)) == toset(keys(var.queues))
    error_message = "every queue of the file is in the outputs"
  }
}
