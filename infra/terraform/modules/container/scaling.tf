################################################################################
# Scaling
#
# A worker: more of them by the messages that are there for each, waiting or being worked on. Fewer only when there is none of
# either: ECS ends any of the tasks, a busy one too, and a task of hours would be handed back to begin anew. With nothing in
# flight there is nothing to hand back.
################################################################################

locals {
  of_queue  = var.queue_name != null ? 1 : 0
  of_web    = var.queue_name == null ? 1 : 0
  resource  = "service/${local.cluster_name}/${aws_ecs_service.this.name}"
  dimension = "ecs:service:DesiredCount"

  # Both metrics of a queue, each as CloudWatch has it.
  messages = { waiting = "ApproximateNumberOfMessagesVisible", running = "ApproximateNumberOfMessagesNotVisible" }
}

# Also where the least is the most: it brings the service there when either changes, which Terraform leaves to it.
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = local.resource
  scalable_dimension = local.dimension
  min_capacity       = var.min_count
  max_capacity       = var.max_count
}

resource "aws_appautoscaling_policy" "out" {
  count = local.of_queue

  name               = "${var.name}-out"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.messages_per_worker
    disable_scale_in   = true
    scale_out_cooldown = 60

    customized_metric_specification {
      metrics {
        id          = "per_worker"
        label       = "Messages, waiting and running, for each worker"
        expression  = "(waiting + running) / IF(workers > 0, workers, 1)"
        return_data = true
      }

      dynamic "metrics" {
        for_each = local.messages

        content {
          id          = metrics.key
          return_data = false

          metric_stat {
            stat = "Maximum"

            metric {
              namespace   = "AWS/SQS"
              metric_name = metrics.value

              dimensions {
                name  = "QueueName"
                value = var.queue_name
              }
            }
          }
        }
      }

      # Every task reports its processor once a minute, so the number of reports is the number of tasks.
      # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/viewing_cloudwatch_metrics.html
      metrics {
        id          = "workers"
        return_data = false

        metric_stat {
          stat = "SampleCount"

          metric {
            namespace   = "AWS/ECS"
            metric_name = "CPUUtilization"

            dimensions {
              name  = "ClusterName"
              value = local.cluster_name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this.name
            }
          }
        }
      }
    }
  }
}

resource "aws_appautoscaling_policy" "in" {
  count = local.of_queue

  name               = "${var.name}-in"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type         = "ExactCapacity"
    metric_aggregation_type = "Maximum"

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = var.min_count
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "empty" {
  count = local.of_queue

  alarm_name          = "${var.name}-empty"
  alarm_description   = "No message waits in ${var.queue_name} and none is being worked on: the workers above the least may go."
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 5
  treat_missing_data  = "ignore" # SQS says nothing of a queue that has rested for hours: then all stays as it is
  alarm_actions       = [aws_appautoscaling_policy.in[0].arn]

  metric_query {
    id          = "all"
    label       = "Messages, waiting and running"
    expression  = "waiting + running"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.messages

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/SQS"
        metric_name = metric_query.value
        dimensions  = { QueueName = var.queue_name }
        period      = 60
        stat        = "Maximum"
      }
    }
  }
}

resource "aws_appautoscaling_policy" "web" {
  count = local.of_web

  name               = "${var.name}-processor"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 60 # percent of the processor

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
