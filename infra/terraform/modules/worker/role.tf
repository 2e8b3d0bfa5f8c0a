################################################################################
# Role: what a worker may do, and nothing else
################################################################################

module "policy" {
  source = "../worker_policy"

  queue_arn          = var.queue_arn
  table_arn          = var.table_arn
  payload_bucket_arn = var.payload_bucket_arn
  statements         = var.statements
  secrets            = var.secrets
}

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
    Statement = concat(module.policy.statements, local.logs, local.of_vpc, local.of_tracing)
  })
}

locals {
  logs = [{
    Sid      = "Logs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/${var.name}:*"]
  }]

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
