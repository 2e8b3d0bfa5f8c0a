################################################################################
# Role of Zappa's function. Zappa's own (manage_roles) may do nearly everything; this one enqueues, reads, redrives and pauses.
################################################################################

resource "aws_iam_role" "this" {
  name = "${var.name}-web"

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
  # checkov:skip=CKV_AWS_290:Only cloudwatch:GetMetricData and lambda:ListEventSourceMappings have Resource "*": they read, and know no other.
  # checkov:skip=CKV_AWS_355:See CKV_AWS_290.
  name = "web"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(var.statements, local.logs)
  })
}

locals {
  logs = [
    {
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/${var.name}:*"]
    },
  ]
}
