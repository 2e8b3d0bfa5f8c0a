# What a worker may do, wherever it runs. IAM knows no shorter list that works.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
  arn     = "arn:${data.aws_partition.current.partition}"

  own = [
    {
      Sid    = "Queue"
      Effect = "Allow"
      # Whoever polls needs the first three; the fourth is how a retry waits and how a dead task goes to its queue.
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      Resource = [var.queue_arn]
    },
    {
      Sid      = "Outcomes"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = [var.table_arn]
    },
    {
      Sid      = "Payloads"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${var.payload_bucket_arn}/*"]
    },
    {
      Sid      = "ExpiredPayloads"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"] # without it S3 answers AccessDenied for an object that has expired
      Resource = [var.payload_bucket_arn]
    },
  ]

  of_tasks = [
    for statement in var.statements : merge(
      {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      },
      statement.condition == null ? {} : { Condition = statement.condition },
    )
  ]

  parameters      = compact([for source in var.secrets : source.ssm_parameter])
  manager_secrets = compact([for source in var.secrets : source.secret])

  of_secrets = concat(
    length(local.parameters) == 0 ? [] : [{
      Sid      = "Parameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParameters"]
      Resource = [for name in local.parameters : "${local.arn}:ssm:${local.account}:parameter/${trimprefix(name, "/")}"]
    }],
    length(local.manager_secrets) == 0 ? [] : [{
      Sid    = "Secrets"
      Effect = "Allow"
      Action = ["secretsmanager:GetSecretValue"]
      # Secrets Manager appends a hyphen and six characters to each name.
      Resource = [for name in local.manager_secrets : "${local.arn}:secretsmanager:${local.account}:secret:${name}-??????"]
    }],
  )
}
