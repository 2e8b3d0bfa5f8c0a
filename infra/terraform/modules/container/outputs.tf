output "service" {
  description = "The service's name."
  value       = aws_ecs_service.this.name
}

output "cluster_arn" {
  description = "The ARN of its cluster."
  value       = local.cluster_arn
}

output "task_role_arn" {
  description = "The ARN of the role of its code."
  value       = aws_iam_role.task.arn
}

output "log_group" {
  description = "The name of its log group."
  value       = aws_cloudwatch_log_group.this.name
}
