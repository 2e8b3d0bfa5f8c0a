output "topic_arn" {
  description = "The topic that the alarms tell: subscribe a pager or a chat to it."
  value       = local.topic
}

output "dashboard" {
  description = "The dashboard's page in the console."
  value       = "https://${data.aws_region.current.id}.${local.console_domain}/cloudwatch/home?region=${data.aws_region.current.id}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "alarms" {
  description = "The names of the alarms, without those on the dead-letter queues."
  value       = sort([for alarm in local.alarms : alarm.alarm_name])
}

locals {
  console_domains = { aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }
  console_domain  = lookup(local.console_domains, data.aws_partition.current.partition, "console.aws.amazon.com")
}
