# A container service on ECS Fargate, for the worker of a queue or for the web: which of the two says what it is given.
# A queue_name: a worker, scaled by what waits there. A target_group_arn: a web behind a load balancer, scaled by its processor.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
  arn     = "arn:${data.aws_partition.current.partition}"

  cluster_arn  = var.cluster_arn == null ? aws_ecs_cluster.this[0].arn : var.cluster_arn
  cluster_name = var.cluster_arn == null ? aws_ecs_cluster.this[0].name : reverse(split("/", var.cluster_arn))[0]

  environment = merge(
    { AWS_REGION = data.aws_region.current.id },
    var.port == null ? {} : { PORT = tostring(var.port) },
    var.environment,
  )

  port_mappings = var.port == null ? [] : [{ containerPort = var.port, protocol = "tcp" }]
}

################################################################################
# Cluster: one of its own, unless there is one
################################################################################

resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65:Container Insights bills each metric; what scaling needs is in SQS's metrics and in AWS/ECS, which are free.
  count = var.cluster_arn == null ? 1 : 0

  name = var.name
}

################################################################################
# Log group
################################################################################

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:Encrypted by AWS. Log lines hold no arguments and no results; a key of your own would need a policy for the service.
  # checkov:skip=CKV_AWS_338:The retention is the user's to choose; outcomes are in the table, not in the log.
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}

################################################################################
# Task definition: no root, neither user nor file system
################################################################################

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture == "arm64" ? "ARM64" : "X86_64"
  }

  # The image's VOLUME /tmp gives it the rights that /tmp has; it goes with the task.
  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = var.image
    essential              = true
    command                = var.command
    user                   = "10001:10001" # of the Dockerfile
    readonlyRootFilesystem = true
    privileged             = false
    # The first process would not hear a SIGTERM that comes before it has a handler; an init passes it on, and buries what is left.
    linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    stopTimeout     = var.stop_timeout
    mountPoints     = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    portMappings    = local.port_mappings
    environment     = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]

    secrets = [
      for name in sort(keys(var.secrets)) : { name = name, valueFrom = local.secret_arns[name] }
    ]

    # Fargate does not read the image's HEALTHCHECK.
    healthCheck = {
      command     = concat(["CMD"], var.health_check)
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "app"
      }
    }
  }])
}

################################################################################
# Service
################################################################################

resource "aws_ecs_service" "this" {
  # checkov:skip=CKV_AWS_333:A public address is the variable assign_public_ip, off by default: it is the way out of a VPC without NAT or endpoints, and the security groups let nobody in.
  name            = var.name
  cluster         = local.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.min_count
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.target_group_arn == null ? null : 60

  # A version that does not come up, or is ill, is taken back.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = var.assign_public_ip
  }

  dynamic "load_balancer" {
    for_each = var.target_group_arn == null ? [] : [var.target_group_arn]

    content {
      target_group_arn = load_balancer.value
      container_name   = "app"
      container_port   = var.port
    }
  }

  lifecycle {
    ignore_changes = [desired_count] # scaling's

    precondition {
      condition     = (var.queue_name == null) != (var.target_group_arn == null)
      error_message = "${var.name} needs either a queue_name, as a worker, or a target_group_arn, as a web."
    }

    precondition {
      condition     = (var.target_group_arn == null) == (var.port == null)
      error_message = "port and target_group_arn of ${var.name} go together: a web has both, a worker none."
    }
  }

  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy.execution]
}
