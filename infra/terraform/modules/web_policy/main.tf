# What a web may do that enqueues and has the operations views mounted, wherever it runs.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
  arn     = "arn:${data.aws_partition.current.partition}"

  own = [
    {
      Sid      = "Outcomes"
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
      Resource = [var.table_arn]
    },
    {
      # Audit lines, operations and counts, under keys that no task has: the web puts no task's row.
      Sid       = "Ledger"
      Effect    = "Allow"
      Action    = ["dynamodb:PutItem"]
      Resource  = [var.table_arn]
      Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["~*"] } }
    },
    {
      Sid      = "ForgetAttempts"
      Effect   = "Allow"
      Action   = ["dynamodb:DeleteItem"]
      Resource = [var.table_arn]
    },
    {
      Sid      = "Listings"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = var.index_arns
    },
    {
      Sid      = "Failures"
      Effect   = "Allow"
      Action   = ["dynamodb:Scan"] # of the sparse index, never of the table
      Resource = [for arn in var.index_arns : arn if endswith(arn, "/by_failure")]
    },
    {
      Sid      = "LargeResults"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:DeleteObject"] # the latter to forget a task
      Resource = ["${var.payload_bucket_arn}/*"]
    },
    {
      Sid      = "ExpiredResults"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"] # without it S3 answers AccessDenied for an object that has expired
      Resource = [var.payload_bucket_arn]
    },
    {
      # What SQS asks of whoever starts a move task.
      # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
      Sid    = "Redrive"
      Effect = "Allow"
      Action = [
        "sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks", "sqs:CancelMessageMoveTask", "sqs:ReceiveMessage",
        "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility", # a purge hides the letters that it closes one by one
      ]
      # The dead-letter queues only: the web never reads a work queue.
      Resource = var.dead_letter_arns
    },
    {
      Sid      = "RedriveTo"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = var.queue_arns
    },
    {
      # What the operations views look at: how much is in a queue, and how it is set up. Attributes, never messages.
      Sid      = "Queues"
      Effect   = "Allow"
      Action   = ["sqs:GetQueueAttributes"]
      Resource = var.queue_arns
    },
    {
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html: no resource types.
      Sid      = "Metrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = ["*"]
    },
    {
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html: no resource types.
      Sid      = "FindMappings"
      Effect   = "Allow"
      Action   = ["lambda:ListEventSourceMappings"]
      Resource = ["*"]
    },
  ]

  # To pause and resume a queue of this stage. Lambda checks the ARN of the mapping, which ends in its id. IAM takes no
  # statement without a resource, which it would be where containers work on every queue.
  pause = [
    for mappings in [var.event_source_mappings] : {
      Sid      = "Pause"
      Effect   = "Allow"
      Action   = ["lambda:UpdateEventSourceMapping"]
      Resource = [for id in mappings : "${local.arn}:lambda:${local.account}:event-source-mapping:${id}"]
    } if length(mappings) > 0
  ]

  others = [
    for statement in var.statements : merge(
      {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      },
      statement.condition == null ? {} : { Condition = statement.condition },
    )
  ]
}
