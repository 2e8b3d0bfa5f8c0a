################################################################################
# Table of outcomes: the definition of penstock/aws/dynamodb.py, which tests compare with this one
################################################################################

resource "aws_dynamodb_table" "this" {
  # checkov:skip=CKV_AWS_119:Encrypted with the account's key of AWS's making. A key of your own needs a policy, a grant for every role and a rotation.
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "task_id"
  range_key                   = "item"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = ["task_id", "item", "created_bucket", "created_at", "failure_key", "failed_bucket", "failed_at"]

    content {
      name = attribute.value
      type = "S"
    }
  }

  # No index is on an attribute that changes while a task runs: writing a row does not rewrite them each time.
  global_secondary_index {
    name               = "by_created"
    hash_key           = "created_bucket"
    range_key          = "created_at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["task", "queue"]
  }

  global_secondary_index {
    name               = "by_failure"
    hash_key           = "failure_key"
    range_key          = "failed_at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["task", "queue"]
  }

  global_secondary_index {
    name               = "by_failed"
    hash_key           = "failed_bucket"
    range_key          = "failed_at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["task", "queue"]
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}
