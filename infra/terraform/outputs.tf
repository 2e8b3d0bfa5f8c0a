################################################################################
# Names, URLs, ARNs
################################################################################

output "region" {
  description = "The AWS region."
  value       = module.stack.region
}

output "queues" {
  description = "Queue name => what it became: names, URLs and ARNs of queue and dead-letter queue, timeouts in seconds."
  value       = module.stack.queues
}

output "workers" {
  description = "Queue name => its worker: function name and ARN, role, log group, and the event source mapping that pauses it."
  value       = module.stack.workers
}

output "container_workers" {
  description = "Queue name => what a container that works on it needs: environment and policy (JSON); and the service on ECS, if there is one."
  value       = module.stack.container_workers
}

output "reconciler" {
  description = "The reconciler: function name and ARN, role, log group, schedule, and the alarm on each dead-letter queue."
  value       = module.stack.reconciler
}

output "alarms" {
  description = "Whom the alarms tell (topic_arn: subscribe a pager to it), their names, and the page of the dashboard; null without alarms."
  value       = module.stack.alarms
}

output "table" {
  description = "The name of the table of outcomes."
  value       = module.stack.table
}

output "table_arn" {
  description = "The ARN of the table of outcomes."
  value       = module.stack.table_arn
}

output "uploads_bucket" {
  description = "The name of the uploads bucket."
  value       = module.uploads.name
}

output "payload_bucket" {
  description = "The name of the bucket for large results and envelopes."
  value       = module.stack.payload_bucket
}

output "dead_letter_console" {
  description = "Queue name => the console's page of its dead-letter queue, which has the button Start DLQ redrive."
  value       = module.stack.dead_letter_console
}

################################################################################
# For other services and for Zappa
################################################################################

output "enqueue_policy" {
  description = "A policy document (JSON) for the role of another service that enqueues."
  value       = module.stack.enqueue_policy
}

output "enqueue_environment" {
  description = "The environment of another service that enqueues."
  value       = module.stack.enqueue_environment
}

output "zappa_settings" {
  description = "What zappa_settings.json takes from here, by its own keys."

  value = {
    project_name              = var.project
    aws_region                = module.stack.region
    s3_bucket                 = module.stack.web.deploy_bucket
    manage_roles              = false
    role_arn                  = module.stack.web.role_arn
    aws_environment_variables = merge(module.stack.enqueue_environment, local.web_environment, var.web_environment)
  }
}
