################################################################################
# Roles: the task's, for what the code does, and the execution role, for what ECS does to start it
################################################################################

locals {
  assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } } # no confused deputy
    }]
  })

  # A worker asks the agent beside it to protect it while a task runs, and the agent asks ECS with the worker's own role.
  # IAM knows no shorter list than the tasks of the cluster, for a task's id is not known before.
  protection = var.queue_name == null ? [] : [{
    Sid      = "Protection"
    Effect   = "Allow"
    Action   = ["ecs:UpdateTaskProtection"]
    Resource = ["${local.arn}:ecs:${local.account}:task/${local.cluster_name}/*"]
  }]

  secret_arns = {
    for name, source in var.secrets : name => source.secret_arn != null ? source.secret_arn : "${local.arn}:ssm:${local.account}:parameter/${trimprefix(source.ssm_parameter, "/")}"
  }

  parameter_arns = [for name, source in var.secrets : local.secret_arns[name] if source.ssm_parameter != null]
  manager_arns   = [for name, source in var.secrets : local.secret_arns[name] if source.secret_arn != null]
}

resource "aws_iam_role" "task" {
  name               = var.name
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "task" {
  # checkov:skip=CKV_AWS_290:Only a web's cloudwatch:GetMetricData and lambda:ListEventSourceMappings have Resource "*": they read, and know no other.
  # checkov:skip=CKV_AWS_355:See CKV_AWS_290.
  name   = "task"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(var.statements, local.protection) })
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-exec"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "execution" {
  # checkov:skip=CKV_AWS_290:Only ecr:GetAuthorizationToken has Resource "*": it knows no other.
  # checkov:skip=CKV_AWS_355:See CKV_AWS_290.
  name = "execution"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.arn}:logs:${local.account}:log-group:/ecs/${var.name}:*"]
      }],
      var.repository_arn == null ? [] : [
        {
          # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html: no resource types.
          Sid      = "SignIn"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = ["*"]
        },
        {
          Sid      = "Image"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [var.repository_arn]
        },
      ],
      length(local.parameter_arns) == 0 ? [] : [{
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = local.parameter_arns
      }],
      length(local.manager_arns) == 0 ? [] : [{
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = local.manager_arns
      }],
    )
  })
}
