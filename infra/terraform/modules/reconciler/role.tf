################################################################################
# Role: what a look does, and nothing else
################################################################################

resource "aws_iam_role" "this" {
  name = var.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "reconciler"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.own, local.of_hooks)
  })
}

locals {
  account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
  arn     = "arn:${data.aws_partition.current.partition}"

  own = [
    {
      Sid    = "DeadLetters"
      Effect = "Allow"
      # Whether SQS is moving letters; a look at them, and showing them again; sweeping strays. Never a work queue.
      Action = [
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
      ]
      Resource = [for queue in var.dead_letter_queues : queue.arn]
    },
    {
      Sid      = "Outcomes"
      Effect   = "Allow"
      Action   = ["dynamodb:UpdateItem"] # a refused update tells the row, so nothing is read
      Resource = [var.table_arn]
    },
    {
      Sid      = "LargeEnvelopes"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = ["${var.payload_bucket_arn}/envelopes/*"]
    },
    {
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.arn}:logs:${local.account}:log-group:/aws/lambda/${var.name}:*"]
    },
  ]

  of_hooks = [
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

################################################################################
# Role of the schedule: it calls the function
################################################################################

resource "aws_iam_role" "schedule" {
  name = "${var.name}-schedule"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "schedule"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [aws_lambda_function.this.arn]
    }]
  })
}
