output "function_name" {
  description = "The function's name: invoke it to have the dead-letter queues looked at now."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.this.arn
}

output "role_arn" {
  description = "The ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "The name of its log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "schedule" {
  description = "The name of the schedule that calls it."
  value       = aws_scheduler_schedule.this.name
}

output "alarms" {
  description = "Queue name => the alarm on its dead-letter queue."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.letters : name => alarm.alarm_name }
}

output "alarm_arns" {
  description = "The ARNs of these alarms, for a dashboard."
  value       = [for alarm in aws_cloudwatch_metric_alarm.letters : alarm.arn]
}
