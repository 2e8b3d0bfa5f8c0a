################################################################################
# Role: what a worker may do, and nothing else. IAM knows no shorter list that works.
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
  # checkov:skip=CKV_AWS_290:Only the VPC and X-Ray statements have Resource "*", and only where they are switched on: those actions know no other.
  # checkov:skip=CKV_AWS_355:See CKV_AWS_290.
  name = "worker"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.own, local.of_tasks, local.of_secrets, local.of_vpc, local.of_tracing)
  })
}

locals {
  account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
  arn     = "arn:${data.aws_partition.current.partition}"

  own = [
    {
      Sid    = "Queue"
      Effect = "Allow"
      # The mapping needs the first three; the fourth is how a retry waits and how a dead task goes to its queue.
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
    {
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.arn}:logs:${local.account}:log-group:/aws/lambda/${var.name}:*"]
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

  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: Lambda checks for these on any resource.
  of_vpc = var.vpc == null ? [] : [{
    Sid    = "Vpc"
    Effect = "Allow"
    Action = [
      "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
    ]
    Resource = ["*"]
  }]

  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html: no resource types.
  of_tracing = var.tracing != "Active" ? [] : [{
    Sid      = "Tracing"
    Effect   = "Allow"
    Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    Resource = ["*"]
  }]
}
